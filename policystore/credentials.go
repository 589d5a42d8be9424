package policystore

import (
	"fmt"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
)

// credentialEntry says in principals.yaml which principal stands behind a name
// in a verified credential, or behind the claims of a token.
type credentialEntry struct {
	CredentialName `yaml:",inline"`
	Claims         map[string]string `yaml:"claims"`

	Principal       string            `yaml:"principal"`
	Path            string            `yaml:"path"`
	FederatedBy     string            `yaml:"federatedBy"`
	Tags            map[string]string `yaml:"tags"`
	ClaimTags       map[string]string `yaml:"claimTags"`
	SourceIdentity  string            `yaml:"sourceIdentity"`
	SessionPolicies []string          `yaml:"sessionPolicies"`
	SourceARN       string            `yaml:"sourceArn"`
	SourceAccount   string            `yaml:"sourceAccount"`
}

// A CredentialName is the name in a credential, as principals.yaml and policy tests
// contain it: one of the kinds of names that package identity has.
type CredentialName struct {
	Basic   string `yaml:"basic"`
	URI     string `yaml:"uri"`
	DNS     string `yaml:"dns"`
	Subject string `yaml:"subject"`
	Header  string `yaml:"header"`
	Token   string `yaml:"token"` // the name of an issuer
}

// Get returns the one name that is not empty.
func (c *CredentialName) Get() (kind identity.NameKind, name string, err error) {
	for _, n := range []struct {
		kind identity.NameKind
		name string
	}{
		{identity.BasicUser, c.Basic}, {identity.URI, c.URI}, {identity.DNS, c.DNS}, {identity.Subject, c.Subject},
		{identity.HeaderValue, c.Header}, {identity.TokenClaims, c.Token},
	} {
		switch {
		case n.name == "":
		case name != "":
			return "", "", fmt.Errorf("credential has both %s and %s; keep one", kind, n.kind)
		default:
			kind, name = n.kind, n.name
		}
	}
	if name == "" {
		return "", "", fmt.Errorf("credential has no name; write one of %s", identity.NameKindList())
	}
	return kind, name, nil
}

// bind adds the binding of an entry, or returns what is wrong with the entry and
// where in it.
func (p *principals) bind(entry *credentialEntry, from *sources) (place []any, err error) {
	binding := identity.Binding{
		Claims: entry.Claims, Principal: entry.Principal, Path: entry.Path, FederatedBy: entry.FederatedBy,
		Tags: entry.Tags, TagClaims: entry.ClaimTags, SourceIdentity: entry.SourceIdentity,
		SourceARN: entry.SourceARN, SourceAccount: entry.SourceAccount,
	}
	kind, text, err := entry.CredentialName.Get()
	if err != nil {
		return nil, err
	}
	binding.Kind, binding.Name = kind, text
	if kind == identity.TokenClaims {
		binding.Name, binding.Issuer = "", text
	}
	session, wrong, err := from.managed.findAll(iam.SessionPolicy, entry.SessionPolicies, accountOf(entry.Principal))
	if err != nil {
		return []any{"sessionPolicies", wrong}, err
	}
	if len(session) > 0 {
		binding.SessionPolicies = session
	}
	return nil, p.table.Bind(binding)
}

// accountOf returns what partition and account the template of a principal's ARN
// has, or none where captures choose them.
func accountOf(template string) iam.ARN {
	arn, err := iam.ParseARN(template)
	if err != nil || strings.ContainsAny(arn.Partition, "{}") {
		return iam.ARN{}
	}
	return arn
}
