package policystore

import (
	"errors"
	"slices"

	"extauthz/basicauth"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/oidc"
	"extauthz/sts"
)

// principalsFile is principals.yaml.
type principalsFile struct {
	Issuers     []issuerEntry     `yaml:"issuers"`
	Credentials []credentialEntry `yaml:"credentials"`
	Principals  []principalEntry  `yaml:"principals"`
}

// principals are what principals.yaml and htpasswd say, compiled.
type principals struct {
	table    *identity.Table
	entities *sts.Entities
	identity map[string][]*iam.Policy // by the ARN of user or role
	boundary map[string][]*iam.Policy // likewise, of those who have one
	ids      map[string]string        // unique ids, likewise
	issuers  []Issuer
	keySets  []*oidc.KeySet // of the issuers; nil for one that Envoy alone verifies
	inline   []*iam.Policy  // that stand inside the authorizations of accounts
	findings []iam.Finding
	written  written
}

// sources are what principals.yaml refers to.
type sources struct {
	exported     []*authorization
	managed      managedPolicies
	trust        trustPolicies
	files        *keyFiles
	organization *sts.Organization
	passwords    *basicauth.Passwords // check those of the Basic users
	keys         *oidc.KeyCache       // has the key sets at URLs
}

// loadPrincipals reads who is who: first the users and roles that authorizations
// tell, then what principals.yaml adds.
func loadPrincipals(t tree, from *sources) (*principals, error) {
	const name = "principals.yaml"
	text, found := t[name]
	if !found {
		return nil, errors.New("principals.yaml: not there; put it there, since it says which credential is which principal")
	}
	var file principalsFile
	y, err := decodeYAML(name, text, &file)
	if err != nil {
		return nil, err
	}
	users, err := basicauth.ParseFile("htpasswd", t["htpasswd"])
	if err != nil {
		return nil, err
	}
	entities := sts.NewEntities(from.organization)
	p := &principals{
		table: identity.NewTable(users, from.passwords, entities), entities: entities,
		identity: map[string][]*iam.Policy{}, boundary: map[string][]*iam.Policy{}, ids: map[string]string{},
		written: written{places: map[string]Place{}},
	}
	for _, a := range from.exported {
		if err := p.addExported(a, from.managed); err != nil {
			return nil, err
		}
	}
	if err := p.fill(&file, y, from); err != nil {
		return nil, err
	}
	return p, nil
}

// fill adds every entry: issuers name roles, and credentials name both.
func (p *principals) fill(file *principalsFile, y *yamlFile, from *sources) error {
	wrong := func(err error, list string, i int, place []any) error {
		return y.errorAt(err, slices.Concat([]any{list, i}, place)...)
	}
	for i := range file.Principals {
		if place, err := p.attach(&file.Principals[i], y.placeOf("principals", i), from); err != nil {
			return wrong(err, "principals", i, place)
		}
	}
	for i := range file.Issuers {
		if place, err := p.trustIssuer(&file.Issuers[i], from); err != nil {
			return wrong(err, "issuers", i, place)
		}
		p.warnOfForeignAudiences(&file.Issuers[i], y, i)
	}
	for i := range file.Credentials {
		if place, err := p.bind(&file.Credentials[i], from); err != nil {
			return wrong(err, "credentials", i, place)
		}
	}
	p.written.note(file, y, from.managed)
	return nil
}
