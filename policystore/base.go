package policystore

import (
	"slices"

	"extauthz/iam"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
)

// A base is what all files except those about single repositories were compiled into. It is
// immutable, except for its cache of callers, which follow from it.
type base struct {
	*catalog
	files    []*directory.File // that it was compiled from
	compiled compileCache      // of their texts

	organization        *config.Organization // nil without organization.yaml
	upstreams           upstreams
	controls            *controls
	registryPolicies    *registryPolicies
	listed              *config.Principals
	principals          *principals
	callers             *callers
	breakGlass          []string        // the names of the break-glass policies in force, in order
	accepted            map[string]bool // see [Contents]
	written             []*iam.Policy   // the operator's policies, in the order of files
	ofAWS               []*iam.Policy   // AWS's policies in use that outputs of accounts contain
	managed, awsManaged int             // the number of managed policies of the operator, and of AWS
	about               map[*iam.Policy]*aboutPolicy
}

// loadBase compiles the base, in passes. It returns that of the last good content if the files
// are unchanged: nothing else has an influence, except what the store keeps from one snapshot to
// the next.
func (c *compiler) loadBase(at *catalog) *base {
	if last := c.last.base; last.catalog == at && slices.Equal(c.others, last.files) {
		return last
	}
	b := &base{catalog: at, files: c.others, compiled: c.compiled, about: c.about}

	// The policies of the organization and of registries.
	organization, knowsOrganization := c.loadOrganization()
	b.organization = organization
	b.upstreams = c.loadUpstreams(at.configured)
	b.controls = c.loadControls(organization, knowsOrganization)
	b.registryPolicies = c.loadRegistryPolicies(at.configured)

	// The users and roles, with their policies and those of their groups.
	from := c.loadSources()
	b.listed = c.readPrincipals()
	declared := from.compileDeclarations(b.listed)
	b.principals = c.compilePrincipals(declared, from.compileGroups(b.listed, declared), organization, b.controls.above)

	// The credentials, which map to them.
	b.callers = from.compileCallers(b.listed, c.loadPasswords(), c.loadAccessKeys(), b.principals)
	c.report(checkSessionIssuer(at.configured, b.listed))
	b.callers.acceptSessions(at.configured.Sessions, c.kept.sessions)
	b.breakGlass = c.breakGlass(from.attached)

	// What the parts require of each other.
	c.report(checkAudiences(at.configured, b.callers))
	c.report(checkAccounts(organization, b.controls, at.configured, from, b.principals, b.callers))

	b.written, b.ofAWS = from.operators(declared, b.controls, b.registryPolicies)
	b.accepted = from.acceptedFiles()
	b.managed = from.managed.countOperators()
	b.awsManaged = len(from.managed) - b.managed
	return b
}
