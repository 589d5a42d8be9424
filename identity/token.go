package identity

import (
	"errors"
	"fmt"
	"strings"

	"extauthz/identity/oidc"
)

// bearer returns the token of an Authorization header that is one Bearer token,
// "" for any other (RFC 6750, section 2.1).
func (a *attempt) bearer() (raw string, f *Failure) {
	scheme, credential, f := a.authorization()
	if f != nil || !strings.EqualFold(scheme, "bearer") {
		return "", f
	}
	if credential == "" {
		return "", invalid(Bearer, "the Bearer token is empty")
	}
	return credential, nil
}

// byBearer finds the caller by a Bearer token, which is verified here.
func (a *attempt) byBearer() (*Caller, *Failure) {
	raw, f := a.bearer()
	if raw == "" {
		return nil, f
	}
	return a.byToken(Bearer, raw, "")
}

// byToken finds the caller by a token that the source found, verified with its
// issuer's keys. role is the ARN of the role that the client names, "" for none.
func (a *attempt) byToken(source Source, raw, role string) (*Caller, *Failure) {
	if len(a.table.issuers) == 0 {
		return nil, invalid(source, "no issuer's tokens are accepted")
	}
	url, err := oidc.UnverifiedIssuer(raw, a.table.verifiers...)
	if err != nil {
		return nil, invalid(source, err.Error())
	}
	i := a.table.issuerAt(url)
	switch {
	case i == nil:
		return nil, a.table.unknownIssuer(source, url)
	case i.verifier.Keys == nil:
		return nil, invalid(source, onlyByEnvoy(i))
	}
	token, err := i.verifier.Verify(a.ctx, raw, i.audiences(a.rules), a.evidence.Time)
	if err != nil {
		return nil, i.tokenFailure(source, err)
	}
	return a.byClaims(source, i, token, role)
}

// unknownIssuer says whose a token is, and which issuer may have been meant.
func (t *Authenticator) unknownIssuer(source Source, url string) *Failure {
	f := invalid(source, fmt.Sprintf("the token is of issuer %q, whose tokens are not accepted", short(url)))
	for _, i := range t.issuers {
		if strings.TrimSuffix(i.verifier.URL, "/") == strings.TrimSuffix(url, "/") {
			f.Detail = fmt.Sprintf("issuer %q is %q, which differs by the slash at its end; write it as the tokens have it", i.name, i.verifier.URL)
		}
	}
	return f
}

// onlyByEnvoy says why a token cannot be verified here.
func onlyByEnvoy(i *issuer) string {
	return fmt.Sprintf("tokens of issuer %q are verified by Envoy's jwt_authn only", i.name)
}

// tokenFailure is why a token that says it is the issuer's does not hold, or could
// not be judged. Its key is unknown then.
func (i *issuer) tokenFailure(source Source, err error) *Failure {
	f := invalid(source, err.Error())
	f.Issuer = i.name
	if errors.Is(err, oidc.ErrUnavailable) {
		f.Kind = Unavailable
	}
	return f
}
