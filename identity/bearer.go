package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"extauthz/identity/oidc"
)

// Bearer authenticates by a Bearer token, which is verified here.
const Bearer Source = "bearer"

// TokenClaims are the claims of a token.
const TokenClaims NameKind = "token"

func bearerSource() source {
	return source{
		name: Bearer, authenticate: attempt.byBearer,
		kinds:     []nameKind{{name: TokenClaims, bind: (*Authenticator).bindToken, offline: attempt.offlineToken}},
		isDefault: always, isUsable: (*Authenticator).verifiesTokens,
		missing: "no issuer with jwks", takesTokens: true, isBearer: true,
	}
}

// verifiesTokens reports whether the tokens of an issuer can be verified here.
func (auth *Authenticator) verifiesTokens() bool {
	return slices.ContainsFunc(auth.issuers, func(i *compiledIssuer) bool { return i.verifier.Keys != nil })
}

// byBearer finds the caller by a Bearer token.
func (a attempt) byBearer() (*Caller, *Failure) {
	raw, f := a.bearer()
	if raw == "" {
		return nil, f
	}
	return a.cached(Bearer, raw, nil, func() (authentication, *Failure) { return a.byToken(Bearer, raw, "") })
}

// bearer returns the token of an Authorization header that is one Bearer token, "" for
// any other (RFC 6750, section 2.1).
func (a attempt) bearer() (raw string, f *Failure) {
	scheme, credential, f := a.authorization()
	if f != nil || !strings.EqualFold(scheme, "bearer") {
		return "", f
	}
	if credential == "" {
		return "", invalid(Bearer, "the Bearer token is empty")
	}
	return credential, nil
}

// byToken finds the caller by a token, which it verifies with the keys of its issuer.
// role is the ARN of the role that the client names, "" for none.
func (a attempt) byToken(source Source, raw, role string) (authentication, *Failure) {
	i, token, f := a.verifyToken(source, raw)
	if f != nil {
		return authentication{}, f
	}
	found, f := a.byClaims(source, i, token, role)
	if found.holds != nil {
		validity := token.Validity
		found.holds = func(a attempt) bool { return validity.Covers(a.credentials.Time) }
	}
	return found, f
}

// verifyToken verifies a token with the keys of its issuer.
func (a attempt) verifyToken(source Source, raw string) (*compiledIssuer, *oidc.Token, *Failure) {
	if len(a.auth.issuers) == 0 {
		return nil, nil, invalid(source, "no issuer's tokens are accepted")
	}
	url, err := oidc.UnverifiedIssuer(raw, a.auth.verifiers...)
	if err != nil {
		return nil, nil, invalid(source, err.Error())
	}
	i := a.auth.issuerAt(url)
	switch {
	case i == nil:
		return nil, nil, a.auth.unknownIssuer(source, url)
	case i.verifier.Keys == nil:
		return nil, nil, i.onlyByEnvoy(source)
	}
	token, err := i.verifier.Verify(a.ctx, raw, i.audiences(a.config), a.credentials.Time)
	if err != nil {
		return nil, nil, i.tokenFailure(source, err)
	}
	return i, token, nil
}

// unknownIssuer returns the failure of a token of an issuer that is not configured. The
// detail names an issuer whose URL differs by a slash only.
func (auth *Authenticator) unknownIssuer(source Source, url string) *Failure {
	f := invalid(source, fmt.Sprintf("the token is of issuer %q, whose tokens are not accepted", oidc.Excerpt(url)))
	for _, i := range auth.issuers {
		if strings.TrimSuffix(i.verifier.URL, "/") == strings.TrimSuffix(url, "/") {
			f.Detail = fmt.Sprintf("issuer %q is %q, which differs by the slash at its end; write it as the tokens have it", i.name, i.verifier.URL)
		}
	}
	return f
}

// onlyByEnvoy returns the failure of a token that cannot be verified here.
func (i *compiledIssuer) onlyByEnvoy(source Source) *Failure {
	return invalid(source, fmt.Sprintf("tokens of issuer %q are verified by Envoy's jwt_authn only", i.name))
}

// tokenFailure returns the failure of a token that names the issuer and is not valid or
// could not be verified. Its key is unknown.
func (i *compiledIssuer) tokenFailure(source Source, err error) *Failure {
	f := invalid(source, err.Error())
	f.Issuer, f.Cause = i.name, err
	if errors.Is(err, oidc.ErrUnavailable) {
		f.Kind = Unavailable
	}
	return f
}
