package policystore

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/accesskey"
	"extauthz/identity/basic"
	"extauthz/identity/sts"
	"extauthz/policystore/config"
)

const principalsPath = config.PrincipalsPath

// A declaration is a user or role with its policies, and where it is declared. With a fault
// in it, it has what is correct.
type declaration struct {
	sts.Entity
	parsed    iam.ARN       // of the entity
	at, arnAt diag.Position // of the entry, and of its ARN
	missesID  bool          // the id is unknown because of a fault
}

// declarations are the users and roles in principals.yaml and in the outputs of accounts,
// with the policies that are attached to each of them.
type declarations struct {
	list   []declaration
	inline []*iam.Policy // the policies in outputs that are not managed ones
	misses missing
}

// missing says which users and roles may be missing because of faults.
type missing struct {
	any      bool            // every user and role
	accounts map[string]bool // all of an account
	names    map[string]bool // single ones, by the ARN without path
}

// anything reports whether a user or role may be missing.
func (m missing) anything() bool {
	return m.any || len(m.names) > 0 || slices.Contains(slices.Collect(maps.Values(m.accounts)), true)
}

// has reports whether the user or role with an ARN may be missing.
func (m missing) has(arn string) bool {
	parsed, err := iam.ParseARN(arn)
	return m.any || err == nil && (m.accounts[parsed.Account] || m.names[withoutPath(parsed)])
}

// hasUser reports whether a user with a name may be missing.
func (m missing) hasUser(name string) bool {
	if m.any || slices.Contains(slices.Collect(maps.Values(m.accounts)), true) {
		return true
	}
	for arn := range m.names {
		if strings.HasSuffix(arn, ":user/"+name) {
			return true
		}
	}
	return false
}

// withoutPath returns the ARN of a user or role without its path.
func withoutPath(arn iam.ARN) string {
	kind, _, _ := strings.Cut(arn.Resource, "/")
	arn.Resource = kind + "/" + iam.LastSegment(arn.Resource)
	return arn.String()
}

// compileDeclarations compiles the policies of the users and roles: first of those in the
// outputs of accounts, then of those in principals.yaml.
func (from *sources) compileDeclarations(configured *config.Principals) *declarations {
	d := &declarations{misses: missing{any: configured.MissesPrincipals, accounts: from.accounts.incomplete}}
	for _, a := range from.accounts.list {
		entities, inline := from.compileAccount(a)
		d.list, d.inline = append(d.list, entities...), append(d.inline, inline...)
	}
	d.list = slices.Grow(d.list, len(configured.Principals))
	for i := range configured.Principals {
		if entry := from.compilePrincipal(&configured.Principals[i]); entry.parsed != (iam.ARN{}) {
			d.list = append(d.list, entry)
		}
	}
	return d
}

// compilePrincipal compiles the policies of an entry of principals.yaml, and reports the
// faults of its references.
func (from *sources) compilePrincipal(entry *config.PrincipalEntry) declaration {
	d := declaration{
		Entity: sts.Entity{ARN: entry.ARN.Text, ID: entry.ID.Text, Tags: entry.TagList(), MissesTrust: entry.MissesTrust, MaxSessionDuration: entry.MaxSessionDuration()},
		parsed: entry.ParsedARN, missesID: entry.MissesID,
		at: config.InPrincipals(entry.At), arnAt: config.InPrincipals(entry.ARN.At),
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
	d.MissesTrust = from.reportAt(entry.Trust.At, err) || entry.MissesTrust
	return d
}

// principals are the users and roles of the directory, with what is attached to them.
type principals struct {
	entities  *sts.Entities
	attached  decision.Table[*decision.Attached] // by ARN
	positions map[string]diag.Position           // by ARN

	misses   missing
	missesID map[string]bool // the ARNs of those whose id is unknown because of a fault
}

// compilePrincipals makes the declared users and roles principals. ofGroups has the
// policies of their groups by ARN. It reports declarations that contradict each other, or
// that IAM does not allow.
func (c *compiler) compilePrincipals(declared *declarations, ofGroups map[string][]*iam.Policy, o *config.Organization, controls *iam.OrganizationPolicies) *principals {
	n := len(declared.list)
	p := &principals{
		entities: sts.NewEntities(o.Member, controls), missesID: map[string]bool{},
		positions: make(map[string]diag.Position, n),
		misses:    missing{any: declared.misses.any, accounts: declared.misses.accounts, names: map[string]bool{}},
	}
	attached := make([]decision.Entry[*decision.Attached], 0, n)
	for _, d := range declared.list {
		d.Identity = withGroups(d.Identity, ofGroups[d.ARN])
		now, err := decision.Attach(d.Identity, d.Boundary, c.last.principals.attached.Get(d.ARN))
		if err := cmp.Or(err, p.add(&d)); err != nil {
			c.report(diag.Wrap(d.arnAt, "", err))
			p.misses.names[withoutPath(d.parsed)] = true
			continue
		}
		attached = append(attached, decision.Entry[*decision.Attached]{Name: d.ARN, Value: now})
	}
	p.attached = p.attached.With(nil, attached)
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
	p.positions[d.ARN] = d.at
	if d.missesID {
		p.missesID[d.ARN] = true
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

// loadPasswords reads the users' password hashes. It returns nil if the file has a fault.
func (c *compiler) loadPasswords() *basic.File {
	if c.skips(passwordsPath) {
		return nil
	}
	users, err := basic.ParseFile(passwordsPath, c.Text(passwordsPath))
	if c.report(err) {
		return nil
	}
	return users
}

// AccessKeysPath is the path of the users' access keys, which is optional.
const AccessKeysPath = "access-keys"

// loadAccessKeys reads the users' access keys. It returns nil if the file has a fault.
func (c *compiler) loadAccessKeys() *accesskey.File {
	if c.skips(AccessKeysPath) {
		return nil
	}
	keys, err := accesskey.ParseFile(AccessKeysPath, c.Text(AccessKeysPath))
	if c.report(err) {
		return nil
	}
	return keys
}

// readPrincipals reads principals.yaml. It leaves out what has a fault.
func (c *compiler) readPrincipals() *config.Principals {
	switch f := c.File(principalsPath); {
	case f == nil:
		c.report(fault(principalsPath, "the file does not exist", "create it, because it maps credentials to principals"))
	case !c.skips(principalsPath):
		configured, err := cachedFile(c, f, "principals", config.ParsePrincipals)
		c.report(err)
		if configured != nil {
			return configured
		}
	}
	return &config.Principals{MissesPrincipals: true, MissesIssuers: true}
}
