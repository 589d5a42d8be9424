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
	"extauthz/policystore/awsexport"
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
	*compiler
	accounts   []*awsexport.Authorization
	managed    managedPolicies
	trust      trustPolicies
	files      *keyFiles
	membership sts.Membership
	controls   *iam.Organization
	passwords  *basic.Verifier // check those of the Basic users
	keys       *oidc.KeyCache  // has the key sets at URLs
}

// loadPrincipals reads which callers are which principals: first the users and roles in
// the outputs of accounts, then what principals.yaml adds.
func (c *compiler) loadPrincipals(from *sources) *principals {
	users := c.loadPasswords()
	entries := c.readEntries()
	entities, n := sts.NewEntities(from.membership, from.controls), len(entries.Principals)
	p := &principals{
		table: identity.NewAuthenticator(users, from.passwords, entities), entities: entities,
		identity: make(map[string][]*iam.Policy, n), boundary: map[string][]*iam.Policy{}, ids: make(map[string]string, n),
		findings: slices.Clone(entries.findings), written: written{places: make(map[string]diag.Position, n)},
	}
	for _, a := range from.accounts {
		p.addAccount(a, from)
	}
	p.fill(entries, from)
	p.written.note(entries, from.managed)
	return p
}

// passwordsPath is the path of the users' password hashes.
const passwordsPath = "htpasswd"

// loadPasswords reads the users' password hashes. It returns none if the file has a fault.
func (c *compiler) loadPasswords() *basic.File {
	if !c.unusable[passwordsPath] {
		users, err := basic.ParseFile(passwordsPath, c.Text(passwordsPath))
		if !c.report(err) {
			return users
		}
	}
	c.isFaulty[passwordsPath] = true
	return &basic.File{}
}

// readEntries reads principals.yaml. It returns no entries if the file has a fault.
func (c *compiler) readEntries() *entries {
	if !c.Has(principalsPath) {
		c.report(fault(principalsPath, "the file does not exist", "create it, because it maps credentials to principals"))
		return &entries{}
	}
	if c.unusable[principalsPath] {
		return &entries{}
	}
	e, err := cachedFile(c, principalsPath, "principals", readEntries)
	if c.report(err) {
		return &entries{}
	}
	return e
}

// fill adds every entry. Groups and issuers refer to users and roles, and credentials to
// both: if a user or role may be missing because of a fault, they are not checked.
func (p *principals) fill(entries *entries, from *sources) {
	report := func(name string, i int, place []any, err error) {
		if err != nil && !errors.Is(err, errFollows) {
			err = placed(err, from.Text(principalsPath), slices.Concat([]any{name, i}, place))
		}
		from.report(err)
	}
	complete := !from.hasFaultyAccounts()
	for i := range entries.Principals {
		added := p.attach(&entries.Principals[i], entries.principals[i], from, func(err error, place ...any) { report("principals", i, place, err) })
		complete = complete && added
	}
	if !complete {
		return
	}
	for i := range entries.Groups {
		place, err := p.attachGroup(&entries.Groups[i], from)
		report("groups", i, place, err)
	}
	allIssuers, issuers := true, map[string]bool{"": true}
	for i := range entries.Issuers {
		e := &entries.Issuers[i]
		if from.faultyTrust[e.Role] {
			allIssuers = false
			continue
		}
		place, err := p.trustIssuer(e, from)
		report("issuers", i, place, err)
		allIssuers, issuers[e.Name] = allIssuers && err == nil, err == nil
	}
	for i := range entries.Credentials {
		e := &entries.Credentials[i]
		if e.Basic != "" && from.isFaulty[passwordsPath] || !allIssuers && !issuers[e.Token] {
			continue
		}
		place, err := p.bind(e, from)
		report("credentials", i, place, err)
	}
}

// hasFaultyAccounts reports whether an account's output has a fault, so that users or
// roles may be missing.
func (c *compiler) hasFaultyAccounts() bool {
	for file := range c.isFaulty {
		if isAuthorization(file) {
			return true
		}
	}
	return false
}
