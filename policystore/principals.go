package policystore

import (
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/identity/sts"
	"extauthz/policystore/config"
)

const principalsPath = config.PrincipalsPath

// A declaration is a user or role with its policies, and where it is declared.
type declaration struct {
	sts.Entity
	at, arnAt      diag.Position // of the entry, and of its ARN
	hasFaultyTrust bool          // the role has a trust policy that cannot be used
}

// declarations are the users and roles in principals.yaml and in the outputs of accounts,
// with the policies that are attached to each of them.
type declarations struct {
	list     []declaration
	inline   []*iam.Policy // the policies in outputs that are not managed ones
	complete bool          // no user or role is missing because of a fault
}

// compileDeclarations compiles the policies of the users and roles: first of those in the
// outputs of accounts, then of those in principals.yaml.
func (from *sources) compileDeclarations(configured *config.Principals) *declarations {
	d := &declarations{complete: !configured.MissesPrincipals}
	for _, isIncomplete := range from.accounts.incomplete {
		d.complete = d.complete && !isIncomplete
	}
	for _, a := range from.accounts.list {
		entities, inline := from.compileAccount(a)
		d.list, d.inline = append(d.list, entities...), append(d.inline, inline...)
	}
	d.list = slices.Grow(d.list, len(configured.Principals))
	for i := range configured.Principals {
		d.list = append(d.list, from.compilePrincipal(&configured.Principals[i]))
	}
	return d
}

// compilePrincipal compiles the policies of an entry of principals.yaml, and reports the
// faults of its references.
func (from *sources) compilePrincipal(entry *config.PrincipalEntry) declaration {
	d := declaration{
		Entity: sts.Entity{ARN: entry.ARN.Text, ID: entry.ID.Text, Tags: entry.TagList()},
		at:     config.InPrincipals(entry.At), arnAt: config.InPrincipals(entry.ARN.At),
	}
	d.Identity, _ = from.policies(iam.IdentityPolicy, entry.Policies, entry.ParsedARN)
	if entry.Boundary.Text != "" {
		boundary, err := from.find(iam.PermissionsBoundary, entry.Boundary.Text, entry.ParsedARN)
		if !from.reportAt(entry.Boundary.At, err) {
			d.Boundary = []*iam.Policy{boundary}
		}
	}
	var err error
	d.Trust, err = from.trust.find(entry.Trust.Text)
	d.hasFaultyTrust = from.reportAt(entry.Trust.At, err)
	return d
}

// principals are the users and roles of the directory, with what is attached to them.
type principals struct {
	entities  *sts.Entities
	identity  map[string][]*iam.Policy // by the ARN of user or role
	boundary  map[string][]*iam.Policy // by ARN, of those that have one
	ids       map[string]string        // unique ids, by ARN
	positions map[string]diag.Position // by ARN

	complete    bool            // no user or role is missing because of a fault
	faultyTrust map[string]bool // the ARNs of roles whose trust policy cannot be used
}

// compilePrincipals makes the declared users and roles principals. ofGroups has the
// policies of their groups by ARN. It reports declarations that contradict each other, or
// that IAM does not allow.
func (c *compiler) compilePrincipals(declared *declarations, ofGroups map[string][]*iam.Policy, o *config.Organization, controls *iam.OrganizationPolicies) *principals {
	n := len(declared.list)
	p := &principals{
		entities: sts.NewEntities(o.Member, controls), complete: declared.complete, faultyTrust: map[string]bool{},
		identity: make(map[string][]*iam.Policy, n), boundary: map[string][]*iam.Policy{},
		ids: make(map[string]string, n), positions: make(map[string]diag.Position, n),
	}
	for _, d := range declared.list {
		d.Identity = withGroups(d.Identity, ofGroups[d.ARN])
		if err := p.add(&d); err != nil {
			c.report(diag.Wrap(d.arnAt, "", err))
			p.complete = false
		}
	}
	return p
}

// add adds a user or role.
func (p *principals) add(d *declaration) error {
	if other, twice := p.positions[d.ARN]; twice && other.File != d.at.File {
		return diag.Problemf("principal %q is already defined at %v", d.ARN, other).WithRemedy("keep one of the two")
	}
	if err := p.entities.Add(d.Entity); err != nil {
		return err
	}
	p.positions[d.ARN], p.identity[d.ARN], p.ids[d.ARN] = d.at, d.Identity, d.ID
	if d.Boundary != nil {
		p.boundary[d.ARN] = d.Boundary
	}
	if d.hasFaultyTrust {
		p.faultyTrust[d.ARN] = true
	}
	return nil
}

// withGroups returns a user's own policies and those of its groups, each once.
func withGroups(own, ofGroups []*iam.Policy) []*iam.Policy {
	for _, policy := range ofGroups {
		if !slices.Contains(own, policy) {
			own = append(slices.Clip(own), policy)
		}
	}
	return own
}

// passwordsPath is the path of the users' password hashes.
const passwordsPath = "htpasswd"

// loadPasswords reads the users' password hashes. It returns none if the file has a fault.
func (c *compiler) loadPasswords() *basic.File {
	if !c.skips(passwordsPath) {
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
	case !c.skips(principalsPath):
		configured, err := cachedFile(c, principalsPath, "principals", config.ParsePrincipals)
		c.report(err)
		if configured != nil {
			return configured
		}
	}
	return &config.Principals{MissesPrincipals: true, MissesIssuers: true}
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
