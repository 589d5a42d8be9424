package policystore

import (
	"errors"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// principals are what principals.yaml and htpasswd say, compiled.
type principals struct {
	table    *identity.Authenticator
	entities *sts.Entities
	identity map[string][]*iam.Policy // by the ARN of user or role
	boundary map[string][]*iam.Policy // likewise, of those who have one
	ids      map[string]string        // unique ids, likewise
	groups   []userGroup              // of principals.yaml

	userNames map[string][]string // ARNs by the names of users; nil until a group needs them
	issuers   []Issuer
	keySets   []*oidc.KeySet // of the issuers; nil for one that Envoy alone verifies
	inline    []*iam.Policy  // that stand inside the authorizations of accounts
	findings  diag.List
	written   written
}

// sources are what principals.yaml refers to.
type sources struct {
	*compilation
	exported   []*authorization
	managed    managedPolicies
	trust      trustPolicies
	files      *keyFiles
	membership sts.Membership
	controls   *iam.Organization
	passwords  *basic.Verifier // check those of the Basic users
	keys       *oidc.KeyCache  // has the key sets at URLs
}

// loadPrincipals reads who is who: first the users and roles that authorizations
// tell, then what principals.yaml adds.
func loadPrincipals(c *compilation, from *sources) (*principals, error) {
	text, found := c.Text(principalsPath), c.Has(principalsPath)
	if !found {
		return nil, errors.New("principals.yaml: not there; put it there, since it says which credential is which principal")
	}
	entries, err := fromFile(c, principalsPath, "principals", readEntries)
	if err != nil {
		return nil, err
	}
	users, err := basic.ParseFile("htpasswd", c.Text("htpasswd"))
	if err != nil {
		return nil, err
	}
	entities, n := sts.NewEntities(from.membership, from.controls), len(entries.Principals)
	p := &principals{
		table: identity.NewAuthenticator(users, from.passwords, entities), entities: entities,
		identity: make(map[string][]*iam.Policy, n), boundary: map[string][]*iam.Policy{}, ids: make(map[string]string, n),
		findings: slices.Clone(entries.findings), written: written{places: make(map[string]diag.Position, n)},
	}
	for _, a := range from.exported {
		if err := p.addExported(a, from); err != nil {
			return nil, err
		}
	}
	if wrong, err := p.fill(entries, from); err != nil {
		return nil, placed(err, text, wrong)
	}
	p.written.note(entries, from.managed)
	return p, nil
}

// fill adds every entry, or returns what is wrong with one and where: issuers name
// roles, and credentials name both.
func (p *principals) fill(entries *entries, from *sources) (wrong []any, err error) {
	for i := range entries.Principals {
		if place, err := p.attach(&entries.Principals[i], entries.principals[i], from); err != nil {
			return slices.Concat([]any{"principals", i}, place), err
		}
	}
	for i := range entries.Groups {
		if place, err := p.attachGroup(&entries.Groups[i], from); err != nil {
			return slices.Concat([]any{"groups", i}, place), err
		}
	}
	for i := range entries.Issuers {
		if place, err := p.trustIssuer(&entries.Issuers[i], from); err != nil {
			return slices.Concat([]any{"issuers", i}, place), err
		}
	}
	for i := range entries.Credentials {
		if place, err := p.bind(&entries.Credentials[i], from); err != nil {
			return slices.Concat([]any{"credentials", i}, place), err
		}
	}
	return nil, nil
}
