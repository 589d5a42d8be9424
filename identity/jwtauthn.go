package identity

import (
	"fmt"
	"slices"

	"extauthz/identity/oidc"
)

// JWTAuthn authenticates by a Bearer token that Envoy's jwt_authn filter verified.
const JWTAuthn Source = "jwt_authn"

func jwtAuthnSource() source {
	return source{
		name: JWTAuthn, authenticate: attempt.byMetadata, isDefault: always,
		isUsable: func(auth *Authenticator) bool {
			return slices.ContainsFunc(auth.issuers, func(i *compiledIssuer) bool { return i.metadata != "" })
		},
		missing: "no issuer with metadata", takesTokens: true, isBearer: true,
		notVerified: "the token's claims are taken as ones that Envoy verified",
	}
}

// byMetadata finds the caller by the claims that jwt_authn put into the metadata. They
// count only if the Authorization header is one Bearer token and they are its payload:
// jwt_authn also takes tokens from the query and from the middle of other headers.
func (a attempt) byMetadata() (*Caller, *Failure) {
	if len(a.credentials.Metadata) == 0 {
		return nil, nil
	}
	raw, f := a.bearer()
	if raw == "" {
		return nil, f
	}
	i, claims, f := a.auth.issuerInMetadata(a.credentials.Metadata)
	if i == nil {
		return nil, f
	}
	token, err := i.verifier.Accept(claims, raw, i.audiences(a.config), a.credentials.Time)
	if err != nil {
		return nil, i.tokenFailure(JWTAuthn, err)
	}
	return a.cached(JWTAuthn, raw, nil, func() (authentication, *Failure) { return a.byClaims(JWTAuthn, i, token, "") })
}

// issuerInMetadata returns the issuer whose metadata contains the claims of one of its
// own tokens. Metadata of no issuer is not a credential.
func (auth *Authenticator) issuerInMetadata(metadata map[string]any) (found *compiledIssuer, claims map[string]any, f *Failure) {
	foreign := false
	for _, i := range auth.issuers {
		value, present := metadata[i.metadata]
		if i.metadata == "" || !present {
			continue
		}
		object, _ := value.(map[string]any)
		switch iss, _ := oidc.Claims(object).Text("iss"); {
		case iss != i.verifier.URL:
			foreign = true
		case found != nil:
			return nil, nil, invalid(JWTAuthn, fmt.Sprintf("jwt_authn verified tokens of two issuers, %q and %q", found.name, i.name))
		default:
			found, claims = i, object
		}
	}
	if found == nil && foreign {
		return nil, nil, invalid(JWTAuthn, "the claims that jwt_authn verified are of another issuer than the one whose metadata they are in")
	}
	return found, claims, nil
}
