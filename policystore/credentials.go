package policystore

import (
	"errors"
	"fmt"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
)

// credentialEntry says in principals.yaml which principal stands behind a name
// in a verified credential, or behind the claims of a token.
type credentialEntry struct {
	Basic   string            `yaml:"basic"`
	URI     string            `yaml:"uri"`
	DNS     string            `yaml:"dns"`
	Subject string            `yaml:"subject"`
	Header  string            `yaml:"header"`
	Token   string            `yaml:"token"` // the name of an issuer
	Claims  map[string]string `yaml:"claims"`

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

// bind adds the binding of an entry, or returns what is wrong with the entry and
// where in it.
func (p *principals) bind(entry *credentialEntry, from *sources) (place []any, err error) {
	binding := identity.Binding{
		Claims: entry.Claims, Principal: entry.Principal, Path: entry.Path, FederatedBy: entry.FederatedBy,
		Tags: entry.Tags, TagClaims: entry.ClaimTags, SourceIdentity: entry.SourceIdentity,
		SourceARN: entry.SourceARN, SourceAccount: entry.SourceAccount,
	}
	kind, text, err := entry.name()
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

// name returns the one name that the entry gives.
func (e *credentialEntry) name() (kind identity.NameKind, text string, err error) {
	for _, n := range []struct {
		kind identity.NameKind
		text string
	}{
		{identity.BasicUser, e.Basic}, {identity.URI, e.URI}, {identity.DNS, e.DNS}, {identity.Subject, e.Subject},
		{identity.HeaderValue, e.Header}, {identity.TokenClaims, e.Token},
	} {
		if n.text == "" {
			continue
		}
		if text != "" {
			return identity.NoName, "", fmt.Errorf("credential has both %s and %s; keep one", kind, n.kind)
		}
		kind, text = n.kind, n.text
	}
	if text == "" {
		return identity.NoName, "", errors.New("credential has no name; write one of basic, uri, dns, subject, header or token")
	}
	return kind, text, nil
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
