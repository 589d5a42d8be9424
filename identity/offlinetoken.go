package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"extauthz/identity/oidc"
)

// An UnsignedToken is a token of which only the claims are known.
type UnsignedToken struct {
	Issuer string      // the name of its issuer
	Claims oidc.Claims // generic JSON; of iss, aud, iat and exp those that are absent are filled in
	User   string      // "" for a Bearer token, else the user name of HTTP Basic: AWS or ACCOUNT/ROLE
}

// CallerOfToken returns the caller whom a token would prove to a registry with those
// rules. It is for asking offline: the signature counts as verified, and a token
// that does not say otherwise is made by the issuer for the registry, at the time
// of the evidence and for an hour. All else is judged as Identify does.
func (t *Authenticator) CallerOfToken(rules *Config, shown *UnsignedToken, e *Credentials) (*Caller, *Failure) {
	i := t.issuerNamed(shown.Issuer)
	if i == nil {
		return nil, invalid(NoSource, fmt.Sprintf("there is no issuer %q", short(shown.Issuer)))
	}
	source := t.sourceOf(i, rules, shown)
	switch {
	case !t.Accepts(rules, source):
		return nil, invalid(source, fmt.Sprintf("the registry does not take %s as proof of who calls", source))
	case source != JWTAuthn && i.verifier.Keys == nil:
		return nil, invalid(source, onlyByEnvoy(i))
	}
	role := ""
	if shown.User != "" && shown.User != "AWS" {
		var f *Failure
		if role, f = namedRole(rules.Partition, shown.User); f != nil {
			return nil, f
		}
	}
	claims, raw, err := complete(i, rules, shown.Claims, e)
	if err != nil {
		return nil, invalid(source, err.Error())
	}
	token, err := i.verifier.Accept(claims, raw, i.audiences(rules), e.Time)
	if err != nil {
		return nil, i.tokenFailure(source, err)
	}
	a := attempt{ctx: context.Background(), table: t, rules: rules, evidence: e}
	return a.byClaims(source, i, token, role)
}

// sourceOf is the source that finds the token: of two that could, the first that
// the registry asks.
func (t *Authenticator) sourceOf(i *issuer, rules *Config, shown *UnsignedToken) Source {
	if shown.User != "" {
		return BasicAuth
	}
	for _, source := range t.sourcesOf(rules) {
		if source == JWTAuthn && i.metadata != "" || source == Bearer && i.verifier.Keys != nil {
			return source
		}
	}
	return Bearer
}

// complete fills in what the claims of every token have, and makes a token of
// them that nobody has signed.
func complete(i *issuer, rules *Config, given oidc.Claims, e *Credentials) (claims map[string]any, raw string, err error) {
	all := map[string]any{"iss": i.verifier.URL, "iat": e.Time.Unix(), "exp": e.Time.Unix() + 3600}
	if len(rules.Audiences) > 0 {
		all["aud"] = rules.Audiences[0]
	}
	maps.Copy(all, given)
	payload, err := json.Marshal(all)
	if err != nil {
		return nil, "", fmt.Errorf("the claims are not JSON: %w", err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	return claims, strings.Join([]string{encode([]byte(`{"alg":"RS256"}`)), encode(payload), encode([]byte("unsigned"))}, "."), nil
}
