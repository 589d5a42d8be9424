package policystore

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
)

// Contents are the parts that a snapshot was compiled of, for who judges them
// and does not decide by them. They are shared: read only.
type Contents struct {
	// Policies are all policies that the operator wrote, attached or not, each
	// in every use that is made of it, in the order of files.
	Policies []*iam.Policy
	// Repositories has the policies of each repository by its ARN.
	Repositories map[string][]*iam.Policy
	TagKeys      map[string]bool // of all repositories' tags, as condition keys in lower case
	// ControlLevels are the folders of service control policies.
	ControlLevels []ControlLevel
	Principals    []Principal // ordered by ARN
	Credentials   []Credential
	Issuers       []TrustedIssuer
}

// A Principal is a user or role, and where the directory names it.
type Principal struct {
	*sts.Entity
	diag.Position
}

// A Credential is who stands behind a name or a token, as principals.yaml has it.
type Credential struct {
	Issuer      string            // the name of a token's issuer; "" for other credentials
	Claims      map[string]string // patterns, of a token
	Principal   string            // may have captures
	Path        string            // of a role whose name is captured; "" is "/"
	FederatedBy string            // the user who federates, of a federated user
	Session     []*iam.Policy
	diag.Position
	SourceARN, SourceAccount string // of a service; may have captures
}

// A TrustedIssuer is an issuer whose tokens count, as principals.yaml has it.
type TrustedIssuer struct {
	Name     string
	Provider string // what trust policies call it
	Role     string // whose session its tokens have unless they name another; may be ""
	Claims   map[string]string
	Session  []*iam.Policy
	diag.Position
	ForeignAudiences []string // taken beside those of the registries
}

// Contents returns what the snapshot was compiled of.
func (s *Snapshot) Contents() Contents {
	c := Contents{
		Policies: s.policies, Repositories: s.repositories, TagKeys: s.tags.keys(), ControlLevels: s.controls.levels,
		Credentials: s.principals.written.credentials, Issuers: s.principals.written.issuers,
	}
	for _, arn := range slices.Sorted(maps.Keys(s.principals.identity)) {
		c.Principals = append(c.Principals, Principal{s.principals.entities.Find(arn), s.principals.written.places[arn]})
	}
	return c
}

// written are the entries of principals.yaml, and the users and roles of
// authorizations, with their places.
type written struct {
	places      map[string]diag.Position // of principals, by ARN
	credentials []Credential
	issuers     []TrustedIssuer
}

// note keeps the credentials and issuers of a file that has been read.
func (w *written) note(entries *entries, managed managedPolicies) {
	for i := range entries.Credentials {
		e := &entries.Credentials[i]
		session, _, _ := managed.findAll(iam.SessionPolicy, e.SessionPolicies, accountOf(e.Principal)) // bind has seen to the error
		w.credentials = append(w.credentials, Credential{e.Token, e.Claims, e.Principal, e.Path, e.FederatedBy, session, entries.credentials[i], e.SourceARN, e.SourceAccount})
	}
	for i := range entries.Issuers {
		e := &entries.Issuers[i]
		session, _, _ := managed.findAll(iam.SessionPolicy, e.SessionPolicies, accountOf(e.Role)) // trustIssuer has seen to the error
		w.issuers = append(w.issuers, TrustedIssuer{e.Name, e.provider(), e.Role, e.Claims, session, entries.issuers[i], e.ForeignAudiences})
	}
}

func (f *yamlFile) placeOf(path ...any) diag.Position { return diag.File(f.name).At(f.position(path)) }

// provider is what trust policies call the issuer.
func (e *issuerEntry) provider() string {
	_, host, _ := strings.Cut(e.Issuer, "://")
	return cmp.Or(e.Provider, host)
}
