package identity

import (
	"fmt"

	"extauthz/identity/oidc"
)

// byMetadata finds the caller by the claims that jwt_authn put into metadata.
// They count only where the Authorization header is one Bearer token and they
// are its payload: jwt_authn takes tokens from the query and from the middle of
// other headers too.
func (a *attempt) byMetadata() (*Caller, *Failure) {
	if len(a.evidence.Metadata) == 0 {
		return nil, nil
	}
	raw, f := a.bearer()
	if raw == "" {
		return nil, f
	}
	i, claims, f := a.table.issuerInMetadata(a.evidence.Metadata)
	if i == nil {
		return nil, f
	}
	token, err := i.verifier.Accept(claims, raw, i.audiences(a.rules), a.evidence.Time)
	if err != nil {
		return nil, i.tokenFailure(JWTAuthn, err)
	}
	return a.byClaims(JWTAuthn, i, token, "")
}

// issuerInMetadata finds the issuer whose metadata is there and is of a token of
// its own. Metadata that belongs to no issuer is no credential.
func (t *Authenticator) issuerInMetadata(metadata map[string]any) (found *issuer, claims map[string]any, f *Failure) {
	stray := false
	for _, i := range t.issuers {
		value, present := metadata[i.metadata]
		if i.metadata == "" || !present {
			continue
		}
		object, _ := value.(map[string]any)
		switch iss, _ := oidc.Claims(object).Text("iss"); {
		case iss != i.verifier.URL:
			stray = true
		case found != nil:
			return nil, nil, invalid(JWTAuthn, fmt.Sprintf("jwt_authn verified tokens of two issuers, %q and %q", found.name, i.name))
		default:
			found, claims = i, object
		}
	}
	if found == nil && stray {
		return nil, nil, invalid(JWTAuthn, "the claims that jwt_authn verified are of another issuer than the one whose metadata they are")
	}
	return found, claims, nil
}
