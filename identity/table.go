package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// An Authenticator binds names in verified credentials to principals. It is filled by
// [Authenticator.AddIssuer] and [Authenticator.Bind], in that order, and from then on only read,
// by any number of goroutines.
type Authenticator struct {
	users        *basic.File
	passwords    *basic.Verifier
	certificates certificates // those read before
	entities     *sts.Entities
	issuers      []*issuer
	verifiers    []*oidc.Verifier // of the issuers
	exact        map[name]*nameBinding
	patterns     map[NameKind][]*nameBinding
	bindings     int
	mtls         bool     // some binding is for a certificate's name
	sources      []Source // asked where a registry's rules name none
}

// NewAuthenticator returns a table without bindings, whose Basic users are those of
// the password file; passwords checks them. Bindings name the entities.
func NewAuthenticator(users *basic.File, passwords *basic.Verifier, entities *sts.Entities) *Authenticator {
	return &Authenticator{
		users: users, passwords: passwords, entities: entities, certificates: newCertificates(),
		exact: map[name]*nameBinding{}, patterns: map[NameKind][]*nameBinding{},
		sources: []Source{JWTAuthn, Bearer, BasicAuth},
	}
}

// Len is the number of bindings.
func (t *Authenticator) Len() int { return t.bindings }

// Authenticate finds the caller of a request, by the rules of its registry: the
// first source in order that finds a credential decides. Checking a password or
// fetching an issuer's keys may take as long as ctx allows; everything else
// returns at once.
func (t *Authenticator) Authenticate(ctx context.Context, rules *Config, e *Credentials) (*Caller, *Failure) {
	a := attempt{ctx: ctx, table: t, rules: rules, evidence: e}
	for _, source := range t.sourcesOf(rules) {
		if caller, f := a.by(source); caller != nil || f != nil {
			return caller, f
		}
	}
	return a.byNothing()
}

// sourcesOf are the sources that a registry asks, in order.
func (t *Authenticator) sourcesOf(rules *Config) []Source {
	if len(rules.Sources) == 0 {
		return t.sources
	}
	return rules.Sources
}

// Accepts tells whether a registry with those rules asks the source.
func (t *Authenticator) Accepts(rules *Config, source Source) bool {
	return slices.Contains(t.sourcesOf(rules), source)
}

// An attempt is the identification of one request's caller. Its methods find
// the caller by one source each, or fail, or find nothing.
type attempt struct {
	ctx      context.Context
	table    *Authenticator
	rules    *Config
	evidence *Credentials
}

func (a *attempt) by(source Source) (*Caller, *Failure) {
	switch source {
	case MTLS:
		return a.byCertificate()
	case JWTAuthn:
		return a.byMetadata()
	case Bearer:
		return a.byBearer()
	case BasicAuth:
		return a.byBasic()
	case TrustedHeader:
		return a.byHeader()
	case NoSource:
	}
	return nil, unread(fmt.Sprintf("the registry names a source of identity that there is not (%d)", source))
}

// byNothing answers where no source found a credential. One that is there all
// the same does not make its sender anonymous.
func (a *attempt) byNothing() (*Caller, *Failure) {
	switch _, _, f := a.authorization(); {
	case f != nil:
		return nil, f
	case len(a.evidence.Authorization) > 0:
		return nil, a.unsupported()
	case a.rules.Anonymous:
		return &Caller{Caller: a.table.entities.Anonymous()}, nil
	}
	return nil, &Failure{Kind: Anonymous, Reason: "the request carries no credential"}
}

// unsupported returns the failure of a credential that no source supports. It does not
// repeat an unknown scheme, which may be a secret without a scheme before it.
func (a *attempt) unsupported() *Failure {
	f := unread("no source of identity that the registry names takes this kind of credential")
	kind, _, _ := a.authorization()
	if kind = strings.ToLower(kind); !slices.Contains([]string{"basic", "bearer", "digest", "negotiate", "ntlm", "token"}, kind) {
		kind = "of another scheme"
	}
	var sources []string
	for _, source := range a.table.sourcesOf(a.rules) {
		sources = append(sources, source.String())
	}
	f.Detail = fmt.Sprintf("it is %s, and the sources are %s", kind, strings.Join(sources, ", "))
	return f
}

// maxAuthorization bounds the Authorization header that is looked at, in bytes.
const maxAuthorization = 16 << 10

// authorization splits the Authorization header into its scheme and what
// follows; both are empty where there is no header.
func (a *attempt) authorization() (scheme, credential string, f *Failure) {
	switch values := a.evidence.Authorization; {
	case len(values) == 0:
		return "", "", nil
	case len(values) > 1:
		return "", "", unread("the Authorization header is repeated")
	case len(values[0]) > maxAuthorization:
		return "", "", unread("the Authorization header is too long")
	default:
		scheme, credential, _ = strings.Cut(values[0], " ")
		return scheme, credential, nil
	}
}
