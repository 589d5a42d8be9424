package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"extauthz/diag"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// An OfflineCredential describes a credential by the name in it, so that a policy test
// or a command needs no secret. It counts as verified.
type OfflineCredential struct {
	Kind NameKind
	Name string // of [TokenClaims]: the name of the token's issuer

	Claims oidc.Claims // of a token: generic JSON; iss, aud, iat and exp have defaults
	User   string      // of a token: "" for a Bearer token, else the user name of HTTP Basic: AWS or ACCOUNT/ROLE
}

// errNoHeader is the error of a header that the registry does not accept.
var errNoHeader = diag.Problemf("no header of a trusted proxy is configured").WithRemedy("add one in registries.yaml")

// AuthenticateOffline returns the caller that a registry with that configuration would
// authenticate by a credential. request contains the time and the condition keys of the
// request; the credential is added to a copy. The error is a [*Failure] if the
// registry would refuse the credential, and another error if the credential cannot be
// presented to it.
func (auth *Authenticator) AuthenticateOffline(config *Config, c *OfflineCredential, request *Credentials) (*Caller, error) {
	kind := auth.kind(c.Kind)
	if kind == nil {
		return nil, diag.Problemf("%q is not a kind of credential", c.Kind).WithRemedy("use " + NameKindList())
	}
	credentials := *request
	return kind.offline(attempt{ctx: context.Background(), auth: auth, config: config, credentials: &credentials}, c)
}

// result returns a failure as an error.
func result(caller *Caller, f *Failure) (*Caller, error) {
	if f != nil {
		return nil, f
	}
	return caller, nil
}

// resultOf returns the caller of an authentication.
func resultOf(found authentication, f *Failure) (*Caller, error) { return result(found.caller, f) }

// notAccepted returns the failure of a credential of a source that the registry does
// not try.
func notAccepted(source Source) *Failure {
	return invalid(source, fmt.Sprintf("the registry does not accept %s as a source of identity", source))
}

// CallerOfPrincipal returns the caller for a principal, without a credential: a user, a
// session of a role, a root user or a service, with the tags of the user or role. Users
// and roles must be among the entities. Its source is "arn".
func (auth *Authenticator) CallerOfPrincipal(spec *sts.CallerSpec) (*Caller, error) {
	caller, err := auth.entities.Caller(spec)
	if err != nil {
		return nil, err
	}
	return &Caller{CallerIdentity: caller, Source: "arn"}, nil
}

// Anonymous returns the caller of requests without a credential.
func (auth *Authenticator) Anonymous() *Caller { return auth.anonymous }

// offlineUser authenticates a user of the password file without the password.
func (a attempt) offlineUser(c *OfflineCredential) (*Caller, error) {
	switch {
	case !a.auth.Accepts(a.config, BasicAuth):
		return nil, notAccepted(BasicAuth)
	case !a.auth.users.Has(c.Name):
		return nil, invalid(BasicAuth, fmt.Sprintf("user %q has no line in htpasswd", c.Name))
	}
	return resultOf(a.named(BasicAuth, name{BasicUser, c.Name}))
}

// offlineCertificate authenticates the holder of a client certificate with one name.
func (a attempt) offlineCertificate(c *OfflineCredential) (*Caller, error) {
	certificate, err := newCertificate(name{c.Kind, c.Name})
	if err != nil {
		return nil, err
	}
	a.credentials.Principal, a.credentials.Certificate = c.Name, []byte(certificate)
	return result(a.authenticate())
}

// offlineToken authenticates the holder of a token without checking a signature. A
// token whose claims do not say otherwise is for the registry, begins at the time of
// the request and is valid for an hour.
func (a attempt) offlineToken(c *OfflineCredential) (*Caller, error) {
	i := a.auth.issuerNamed(c.Name)
	if i == nil {
		return nil, diag.Problemf("issuer %q does not exist", oidc.Excerpt(c.Name)).WithRemedy("add it to principals.yaml")
	}
	source := a.sourceOfToken(i, c)
	switch {
	case !a.auth.Accepts(a.config, source):
		return nil, notAccepted(source)
	case source != JWTAuthn && i.verifier.Keys == nil:
		return nil, i.onlyByEnvoy(source)
	}
	role := ""
	if c.User != "" {
		var f *Failure
		if role, f = roleOfUser(a.config.Partition, c.User); f != nil {
			return nil, f
		}
	}
	claims, raw, err := unsignedToken(i, a.config, c.Claims, a.credentials)
	if err != nil {
		return nil, invalid(source, err.Error())
	}
	token, err := i.verifier.Accept(claims, raw, i.audiences(a.config), a.credentials.Time)
	if err != nil {
		return nil, i.tokenFailure(source, err)
	}
	return resultOf(a.byClaims(source, i, token, role))
}

// sourceOfToken returns the source that finds the token: the first that the registry
// tries and that can verify it.
func (a attempt) sourceOfToken(i *compiledIssuer, c *OfflineCredential) Source {
	if c.User != "" {
		return BasicAuth
	}
	for _, source := range a.auth.sourcesOf(a.config) {
		if source == JWTAuthn && i.metadata != "" || source == Bearer && i.verifier.Keys != nil {
			return source
		}
	}
	return Bearer
}

// unsignedToken adds the claims that every token has, and returns them with a token
// that has no valid signature.
func unsignedToken(i *compiledIssuer, config *Config, given oidc.Claims, c *Credentials) (claims map[string]any, raw string, err error) {
	all := map[string]any{"iss": i.verifier.URL, "iat": c.Time.Unix(), "exp": c.Time.Unix() + 3600}
	if len(config.Audiences) > 0 {
		all["aud"] = config.Audiences[0]
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
