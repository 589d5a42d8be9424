package policystore

import (
	"maps"
	"slices"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/policystore/config"
)

// Contents are the parts that a snapshot was compiled from. Package lint checks them; the
// caller must not change them.
type Contents struct {
	// Policies are all policies of the operator, attached or not, once for each use, in
	// the order of files.
	Policies []*iam.Policy
	// Repositories has the policy of each repository by its ARN.
	Repositories decision.Table[*[1]*iam.Policy]
	Tagged       []string        // the ARNs of the repositories with tags, in order
	TagKeys      map[string]bool // of all repositories' tags, as condition keys in lower case
	// ControlLevels are the folders of service control policies.
	ControlLevels []ControlLevel
	Principals    []Principal // ordered by ARN
	Credentials   []BoundCredential
	Issuers       []TrustedIssuer

	Configured   *config.Principals   // principals.yaml
	Organization *config.Organization // nil without organization.yaml
	// Accepted has the files whose policies AWS has accepted: the outputs of commands, and
	// files to which an entity refers by the ARN of one of AWS's policies.
	Accepted map[string]bool
	// BreakGlass has the paths of the break-glass policies in force, in order.
	BreakGlass []string

	// Documents are those of all policies, of AWS's too, if the snapshot has them.
	Documents map[*iam.Policy]*iam.Document
	// Findings are those of the store's inspection.
	Findings map[*iam.Policy]diag.List
}

// A Principal is a user or role, with the position of its entry.
type Principal struct {
	*sts.Entity
	diag.Position
}

// A BoundCredential is an entry of principals.yaml that maps a name or a token to a principal.
type BoundCredential struct {
	Issuer          string            // the name of a token's issuer; "" for other credentials
	Claims          map[string]string // patterns, of a token
	Principal       string            // may have captures
	Path            string            // of a role whose name is captured; "" is "/"
	FederatedBy     string            // the ARN of the user who federates a federated user
	SessionPolicies []*iam.Policy
	diag.Position
	SourceARN, SourceAccount string // of a service; may have captures

	account iam.ARN // the partition and account of the principal; zero if captures determine them
}

// A TrustedIssuer is an entry of principals.yaml about an issuer whose tokens are accepted.
type TrustedIssuer struct {
	Name            string
	Provider        string // its name in trust policies
	Role            string // the role whose session a token has by default; may be ""
	Claims          map[string]string
	SessionPolicies []*iam.Policy
	diag.Position
	ForeignAudiences []string // accepted in addition to those of the registries
}

// Contents returns the parts that the snapshot was compiled from.
func (s *Snapshot) Contents() Contents {
	c := Contents{
		Policies: s.policies(), Repositories: s.repositories.policies, TagKeys: s.repositories.tagKeys(), ControlLevels: s.controls.levels,
		Credentials: s.callers.credentials, Issuers: s.callers.trusted,
		Configured: s.listed, Organization: s.organization, Accepted: s.accepted,
		Documents: map[*iam.Policy]*iam.Document{}, Findings: map[*iam.Policy]diag.List{},
	}
	for arn := range s.repositories.tags.All() {
		c.Tagged = append(c.Tagged, arn)
	}
	slices.Sort(c.Tagged)
	for _, name := range s.BreakGlass {
		c.BreakGlass = append(c.BreakGlass, managedPath(name))
	}
	for _, arn := range slices.Sorted(maps.Keys(s.principals.positions)) {
		c.Principals = append(c.Principals, Principal{s.principals.entities.Find(arn), s.principals.positions[arn]})
	}
	for policy, about := range s.about {
		c.add(policy, about)
	}
	for _, f := range s.repositories.files {
		c.add(f.policy[0], f.about)
	}
	return c
}

// policies returns the operator's policies in the order of files.
func (s *Snapshot) policies() []*iam.Policy { return merged(s.written, s.repositories.ordered()) }

// add adds what is kept about the text of a policy, if anything.
func (c *Contents) add(policy *iam.Policy, about *aboutPolicy) {
	if about == nil {
		return
	}
	if about.document != nil {
		c.Documents[policy] = about.document
	}
	if len(about.findings) > 0 {
		c.Findings[policy] = about.findings
	}
}
