package policystore

import (
	"errors"
	"fmt"

	"extauthz/iam"
	"extauthz/identity"
)

// principalsFile is principals.yaml.
type principalsFile struct {
	Credentials []credentialEntry `yaml:"credentials"`
	Principals  []principalEntry  `yaml:"principals"`
}

// credentialEntry says which principal a name in a verified credential is.
type credentialEntry struct {
	Basic     string `yaml:"basic"`
	URI       string `yaml:"uri"`
	DNS       string `yaml:"dns"`
	Subject   string `yaml:"subject"`
	Principal string `yaml:"principal"`
}

// principalEntry attaches policies to a user or role.
type principalEntry struct {
	ARN      string   `yaml:"arn"`
	ID       string   `yaml:"id"`
	Policies []string `yaml:"policies"`
}

// principals are what principals.yaml and htpasswd say, compiled.
type principals struct {
	table    *identity.Table
	entities *identity.Entities
	identity map[string][]*iam.Policy // by the ARN of user or role
	ids      map[string]string        // unique ids, likewise
}

// loadPrincipals reads who is who. Policies are attached from managed;
// passwords checks those of the Basic users.
func loadPrincipals(t tree, managed managedPolicies, passwords *identity.Passwords) (*principals, error) {
	const name = "principals.yaml"
	text, found := t[name]
	if !found {
		return nil, errors.New("principals.yaml: not there; it says which credential is which principal")
	}
	var file principalsFile
	y, err := decodeYAML(name, text, &file)
	if err != nil {
		return nil, err
	}
	users, err := identity.ParseHtpasswd("htpasswd", t["htpasswd"])
	if err != nil {
		return nil, err
	}
	entities := identity.NewEntities()
	p := &principals{
		table: identity.NewTable(users, passwords, entities), entities: entities,
		identity: map[string][]*iam.Policy{}, ids: map[string]string{},
	}
	for i, entry := range file.Principals {
		if err := p.attach(y, i, entry, managed); err != nil {
			return nil, err
		}
	}
	for i, entry := range file.Credentials {
		if err := p.bind(entry); err != nil {
			return nil, y.errorAt(err, "credentials", i)
		}
	}
	return p, nil
}

func (p *principals) attach(y *yamlFile, i int, entry principalEntry, managed managedPolicies) error {
	arn, err := iam.ParseARN(entry.ARN)
	if err == nil {
		err = p.entities.Add(identity.Entity{ARN: entry.ARN, ID: entry.ID})
	}
	if err != nil {
		return y.errorAt(err, "principals", i, "arn")
	}
	if entry.ID != "" && !uniqueID.MatchString(entry.ID) {
		return y.errorAt(fmt.Errorf("id %q: write the unique id of a user or role, such as AIDACKCEVSQ6C2EXAMPLE", entry.ID), "principals", i, "id")
	}
	p.ids[entry.ARN] = entry.ID
	policies := []*iam.Policy{} // not nil: the entity exists
	for j, reference := range entry.Policies {
		policy, err := managed.find(reference, arn)
		if err != nil {
			return y.errorAt(err, "principals", i, "policies", j)
		}
		policies = append(policies, policy)
	}
	p.identity[entry.ARN] = policies
	return nil
}

func (p *principals) bind(entry credentialEntry) error {
	kind, text, err := entry.name()
	if err != nil {
		return err
	}
	return p.table.Bind(identity.Binding{Kind: kind, Name: text, Principal: entry.Principal})
}

// name returns the one name that the entry gives.
func (e *credentialEntry) name() (kind identity.NameKind, text string, err error) {
	for _, n := range []struct {
		kind identity.NameKind
		text string
	}{{identity.Basic, e.Basic}, {identity.URI, e.URI}, {identity.DNS, e.DNS}, {identity.Subject, e.Subject}} {
		if n.text == "" {
			continue
		}
		if text != "" {
			return identity.NoName, "", fmt.Errorf("credential has both %s and %s; keep one", kind, n.kind)
		}
		kind, text = n.kind, n.text
	}
	if text == "" {
		return identity.NoName, "", errors.New("credential has no name; write one of basic, uri, dns or subject")
	}
	return kind, text, nil
}
