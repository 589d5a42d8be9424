package policystore

import (
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
	"extauthz/policystore/config"
)

const principalsPath = config.PrincipalsPath

// principals are the callers that principals.yaml, htpasswd and the outputs of accounts
// describe, with what is attached to them.
type principals struct {
	table     *identity.Authenticator
	entities  *sts.Entities
	identity  map[string][]*iam.Policy // by the ARN of user or role
	boundary  map[string][]*iam.Policy // by ARN, of those that have one
	ids       map[string]string        // unique ids, by ARN
	positions map[string]diag.Position // by ARN
	groups    []userGroup              // of principals.yaml

	userNames   map[string][]string // ARNs by the names of users; nil until a group needs them
	issuers     []IssuerStatus
	keySets     []*oidc.KeySet // of the issuers; nil for one that only Envoy verifies
	credentials []BoundCredential
	trusted     []TrustedIssuer
	inline      []*iam.Policy // in the outputs of accounts
	findings    diag.List
}

// loadPrincipals reads which callers are which principals: first the users and roles in
// the outputs of accounts, then what principals.yaml adds.
func (c *compiler) loadPrincipals(from *sources) *principals {
	users := c.loadPasswords()
	configured := c.readPrincipals()
	entities, n := sts.NewEntities(from.membership, from.controls), len(configured.Principals)
	p := &principals{
		table: identity.NewAuthenticator(users, from.passwords, entities), entities: entities,
		identity: make(map[string][]*iam.Policy, n), boundary: map[string][]*iam.Policy{}, ids: make(map[string]string, n),
		positions: make(map[string]diag.Position, n), findings: suspiciousEntries(configured),
	}
	for _, a := range from.accounts {
		p.addAccount(a, from)
	}
	p.addConfigured(configured, from)
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

// readPrincipals reads principals.yaml. It leaves out entries with faults.
func (c *compiler) readPrincipals() *config.Principals {
	switch {
	case !c.Has(principalsPath):
		c.report(fault(principalsPath, "the file does not exist", "create it, because it maps credentials to principals"))
	case !c.unusable[principalsPath]:
		configured, err := cachedFile(c, principalsPath, "principals", config.ParsePrincipals)
		c.report(err)
		if configured != nil {
			return configured
		}
	}
	return &config.Principals{Incomplete: true}
}

// addConfigured adds the entries of principals.yaml. Groups and issuers refer to users and
// roles, and credentials to both. If one of these may be missing because of a fault, it
// checks only the other references of an entry.
func (p *principals) addConfigured(configured *config.Principals, from *sources) {
	complete := !configured.Incomplete && !from.hasFaultyAccounts()
	for i := range configured.Principals {
		complete = p.addPrincipal(&configured.Principals[i], from) && complete
	}
	if complete {
		for i := range configured.Groups {
			p.addGroup(&configured.Groups[i], from)
		}
	}
	allIssuers, issuers := complete, map[string]bool{"": complete}
	for i := range configured.Issuers {
		entry := &configured.Issuers[i]
		added := p.addIssuer(entry, from, complete && !from.faultyTrust[entry.Role.Text])
		allIssuers, issuers[entry.Name.Text] = allIssuers && added, added
	}
	for i := range configured.Credentials {
		entry := &configured.Credentials[i]
		usable := (allIssuers || issuers[entry.Token]) && (entry.Basic == "" || !from.isFaulty[passwordsPath])
		p.addCredential(entry, from, usable)
	}
}

// addPrincipal adds the user or role of an entry, and reports the faults of the entry. It
// returns false if the user or role cannot be added.
func (p *principals) addPrincipal(entry *config.PrincipalEntry, from *sources) bool {
	arn := entry.ParsedARN
	entity := sts.Entity{ARN: entry.ARN.Text, ID: entry.ID.Text, Tags: entry.TagList()}
	entity.Identity, _ = from.policies(iam.IdentityPolicy, entry.Policies, arn)
	if entry.Boundary.Text != "" {
		boundary, err := from.find(iam.PermissionsBoundary, entry.Boundary.Text, arn)
		if !from.reportAt(entry.Boundary.At, err) {
			entity.Boundary = []*iam.Policy{boundary}
		}
	}
	trust, err := from.trust.find(entry.Trust.Text)
	from.faultyTrust[entity.ARN] = from.reportAt(entry.Trust.At, err)
	entity.Trust = trust
	return !from.reportAt(entry.ARN.At, p.add(entity, config.InPrincipals(entry.At)))
}

// add adds a user or role, whose entry has a position in the directory.
func (p *principals) add(entity sts.Entity, at diag.Position) error {
	if other, twice := p.positions[entity.ARN]; twice && other.File != at.File {
		return diag.New(diag.Position{}, fmt.Sprintf("principal %q is already defined at %v", entity.ARN, other), "keep one of the two")
	}
	if err := p.entities.Add(entity); err != nil {
		return err
	}
	p.positions[entity.ARN] = at
	p.identity[entity.ARN], p.ids[entity.ARN] = entity.Identity, entity.ID
	if entity.Boundary != nil {
		p.boundary[entity.ARN] = entity.Boundary
	}
	return nil
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

// suspiciousEntries returns findings about issuers whose tokens are accepted although they
// are for another service, and about groups without members or policies.
func suspiciousEntries(configured *config.Principals) (found diag.List) {
	add := func(at diag.Point, code, problem string) {
		found = append(found, diag.Diagnostic{Position: config.InPrincipals(at), Severity: diag.Warning, Code: code, Problem: problem})
	}
	for _, issuer := range configured.Issuers {
		for _, audience := range issuer.ForeignAudiences {
			add(audience.At, "foreign-audience", fmt.Sprintf("issuer %q: tokens for %q are accepted, although they are for another service; anyone who can read tokens here could use them there", issuer.Name.Text, audience.Text))
		}
	}
	for _, group := range configured.Groups {
		without := ""
		switch {
		case len(group.Members) == 0:
			without = "has no members, so that its policies apply to no user"
		case len(group.Policies) == 0:
			without = "has no policies, so that it changes nothing for its members"
		}
		if without != "" {
			add(group.At, "unattached-group", fmt.Sprintf("group %q %s", group.Name.Text, without))
		}
	}
	return found
}

// accountOf returns the partition and account of a principal's ARN, which may be a template;
// zero if captures determine them.
func accountOf(template string) iam.ARN {
	arn, err := iam.ParseARN(template)
	if err != nil || strings.ContainsAny(arn.Partition, "{}") {
		return iam.ARN{}
	}
	return arn
}
