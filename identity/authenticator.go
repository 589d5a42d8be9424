package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"extauthz/iam"
	"extauthz/identity/accesskey"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// An Authenticator maps the verified credentials of requests to principals. It is
// filled by [Authenticator.AddIssuer] and [Authenticator.Bind], in that order, and
// then only read, by any number of goroutines.
type Authenticator struct {
	users     *basic.File
	passwords *basic.Verifier
	callers   *callerCache // nil caches no caller
	anonymous *Caller
	entities  *sts.Entities
	issuers   []*compiledIssuer
	verifiers []*oidc.Verifier // of the issuers
	sessions  *Sessions        // nil accepts none
	keys      accessKeys

	policies *sessionPolicies

	sources  []source
	defaults []Source // for registries that list no sources
	exact    map[name]*nameBinding
	patterns map[NameKind][]*nameBinding
	bindings map[NameKind]int // the number of bindings of each kind
}

// NewAuthenticator returns an authenticator without bindings. Its Basic users are
// those of the password file, whose passwords the verifier checks. Bindings refer to
// the entities. users may be nil if the password file has a fault: then bindings can be
// checked, but requests cannot.
func NewAuthenticator(users *basic.File, passwords *basic.Verifier, entities *sts.Entities) *Authenticator {
	auth := &Authenticator{
		users: users, passwords: passwords, entities: entities, callers: newCallerCache(), anonymous: &Caller{CallerIdentity: entities.Anonymous()},
		sources: sources(), exact: map[name]*nameBinding{}, patterns: map[NameKind][]*nameBinding{}, bindings: map[NameKind]int{},
		policies: newSessionPolicies(entities.HasAccount),
		keys:     accessKeys{of: map[string][]string{}, unknown: accesskey.New()},
	}
	auth.setDefaults()
	return auth
}

// Len returns the number of bindings.
func (auth *Authenticator) Len() (n int) {
	for _, bindings := range auth.bindings {
		n += bindings
	}
	return n
}

// A Config says how one registry authenticates its callers. It must not be changed after
// its first use.
type Config struct {
	// Registry is the name of the registry, for which its session tokens are.
	Registry string
	// Sources are tried in order. Empty means mtls, if a binding exists for a name in
	// a certificate, session, if sessions are accepted, jwt_authn, bearer, basic and
	// accessKey, if sessions are accepted or a user has an access key.
	Sources []Source
	// Audiences are what tokens may be made for.
	Audiences []string
	// Header is the lower-case name of the header that a trusted proxy sets; "" means
	// none. It counts only if Sources contains [TrustedHeader].
	Header string
	// PrincipalKind is the kind of the name that Envoy sends without a certificate;
	// "" refuses such a name.
	PrincipalKind NameKind
	// Partition is that of the roles that user names refer to, such as aws.
	Partition string
	// Anonymous makes a request without a credential the anonymous principal's.
	Anonymous bool
}

// Credentials are the parts of one request that can authenticate its caller, and what
// else authentication depends on.
type Credentials struct {
	Authorization []string       // every value of the Authorization header
	Principal     string         // the name that Envoy took from the verified client certificate
	Certificate   []byte         // that certificate, URL-encoded PEM; it is not retained
	RefreshToken  string         // of a request to the token endpoint; "" for none
	Signature     *Signature     // of a request to an API of AWS; nil for none
	HeaderValues  []string       // every value of the header that Config.Header names
	TrustedHeader string         // the header that, by Envoy's configuration, only a trusted proxy sets; "" for none
	Metadata      map[string]any // the claims that jwt_authn verified, by its payload_in_metadata

	Context       iam.Context // condition keys of the request without those of its resource; trust policies see them
	Time          time.Time   // when the request arrived
	ClientAddress string      // by which wrong passwords are counted
}

// Authenticate returns the caller of a request to a registry with that configuration.
// The first source in order that finds a credential decides. Authenticate waits no
// longer than ctx, and only to check a password or to fetch the keys of an issuer. It does
// not retain the credentials.
func (auth *Authenticator) Authenticate(ctx context.Context, config *Config, c *Credentials) (*Caller, *Failure) {
	a := attempt{ctx: ctx, auth: auth, config: config, credentials: c}
	return a.authenticate()
}

// An attempt is the authentication of one request.
type attempt struct {
	ctx         context.Context
	auth        *Authenticator
	config      *Config
	credentials *Credentials
}

func (a attempt) authenticate() (*Caller, *Failure) {
	for _, name := range a.auth.sourcesOf(a.config) {
		s := a.auth.source(name)
		if s == nil {
			return nil, badAuthorization("the registry lists an identity source that does not exist")
		}
		if caller, f := s.authenticate(a); caller != nil || f != nil {
			return caller, f
		}
	}
	return a.withoutCredential()
}

// withoutCredential answers a request in which no source found a credential. A
// request with a credential that no source supports is never anonymous.
func (a attempt) withoutCredential() (*Caller, *Failure) {
	switch _, _, f := a.authorization(); {
	case f != nil:
		return nil, f
	case len(a.credentials.Authorization) > 0:
		return nil, a.unsupported()
	case a.config.Anonymous:
		return a.auth.anonymous, nil
	}
	return nil, &Failure{Kind: Anonymous, Reason: "the request carries no credential"}
}

// unsupported returns the failure of a credential that no source supports. It does not
// repeat an unknown scheme, which may be a secret without a scheme before it.
func (a attempt) unsupported() *Failure {
	f := badAuthorization("none of the registry's identity sources accepts this kind of credential")
	kind, _, _ := a.authorization()
	if kind = strings.ToLower(kind); !slices.Contains([]string{"basic", "bearer", "digest", "negotiate", "ntlm", "token"}, kind) {
		kind = "of another scheme"
	}
	f.Detail = fmt.Sprintf("it is %s, and the sources are %s", kind, joinNames(a.auth.sourcesOf(a.config), ", "))
	return f
}

// maxAuthorization bounds the Authorization header, in bytes.
const maxAuthorization = 16 << 10

// authorization splits the Authorization header into its scheme and what follows. Both
// are empty if the header is absent.
func (a attempt) authorization() (scheme, credential string, f *Failure) {
	switch values := a.credentials.Authorization; {
	case len(values) == 0:
		return "", "", nil
	case len(values) > 1:
		return "", "", badAuthorization("the Authorization header is repeated")
	case len(values[0]) > maxAuthorization:
		return "", "", badAuthorization("the Authorization header is too long")
	default:
		scheme, credential, _ = strings.Cut(values[0], " ")
		return scheme, credential, nil
	}
}
