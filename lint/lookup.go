package lint

import (
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// principal is a user or role of the directory.
type principal = policystore.Principal

// A directory contains what rules read of a snapshot.
type directory struct {
	contents   policystore.Contents
	registries []*policystore.Registry
	callers    *identity.Authenticator
	sessions   bool // callers can sign in
}

func newDirectory(s *policystore.Snapshot, contents policystore.Contents) directory {
	d := directory{contents: contents, callers: s.Callers, sessions: s.AcceptsSessions()}
	for _, name := range s.RegistryNames() {
		d.registries = append(d.registries, s.RegistryNamed(name))
	}
	return d
}

// withoutQuotas returns the findings about a policy without wrong ones about AWS's quota for
// the length of a document: AWS has accepted the documents in its outputs, and the quota does
// not apply to AWS's own policies (IAM User Guide, "IAM and AWS STS quotas").
func (d *directory) withoutQuotas(found diag.List) (kept diag.List) {
	for _, f := range found {
		if f.Code != "too-large" || !d.contents.Accepted[f.File] {
			kept = append(kept, f)
		}
	}
	return kept
}

// A lookup contains what rules look up about the directory as a whole.
type lookup struct {
	directory
	verifiesTokens map[string]bool // names of the issuers whose tokens extauthz verifies

	documents    map[*iam.Policy]*document   // those that have been read
	ownPolicies  map[*iam.Policy]bool        // the operator's, not AWS's
	attached     map[*iam.Policy]bool        // to a user or role, as identity or trust policy
	usedAsLimit  map[diag.Position]bool      // policies that are boundaries or session policies
	attachedTo   map[*iam.Policy][]principal // users and roles by their identity policies
	ignoredTrust map[*iam.Policy]bool        // of exported roles that are not used here

	principalAccounts map[string]bool // accounts of users and roles
	callerAccounts    map[string]bool // the same, and those of credentials
	principalARNs     map[string]bool // of users and roles, in each form that a policy may contain
	grantedARNs       map[string]bool // that repository and registry policies allow something
	bindings          *bindings
}

func newLookup(s *policystore.Snapshot, contents policystore.Contents) lookup {
	l := lookup{
		directory: newDirectory(s, contents), verifiesTokens: map[string]bool{},
		documents: map[*iam.Policy]*document{}, ownPolicies: map[*iam.Policy]bool{},
		attached: map[*iam.Policy]bool{}, usedAsLimit: map[diag.Position]bool{},
		attachedTo: map[*iam.Policy][]principal{}, ignoredTrust: map[*iam.Policy]bool{},
		principalAccounts: map[string]bool{}, principalARNs: map[string]bool{},
	}
	for _, i := range s.Issuers() {
		l.verifiesTokens[i.Name] = i.JWKS != ""
	}
	for _, policy := range l.contents.Policies {
		l.ownPolicies[policy] = true
		if policy.Kind == iam.PermissionsBoundary || policy.Kind == iam.SessionPolicy {
			l.usedAsLimit[beginning(policy)] = true
		}
	}
	l.bindings = newBindings(l.contents.Credentials)
	l.grantedARNs = l.grantedByRepositories()
	for _, p := range l.contents.Principals {
		l.addPrincipal(p)
	}
	l.callerAccounts = maps.Clone(l.principalAccounts)
	for _, c := range l.contents.Credentials {
		if arn, err := iam.ParseARN(c.Principal); err == nil { // a service has no account
			l.callerAccounts[arn.Account] = true
		}
	}
	return l
}

func (l *lookup) addPrincipal(p principal) {
	for _, policy := range p.Identity {
		l.attached[policy] = true
		l.attachedTo[policy] = append(l.attachedTo[policy], p)
	}
	if p.Trust != nil {
		l.attached[p.Trust] = true
		l.ignoredTrust[p.Trust] = isExported(p) && (len(l.contents.Issuers) == 0 || !l.hasRights(p))
	}
	arn := p.ParsedARN()
	l.principalAccounts[arn.Account] = true
	l.principalARNs[p.ARN] = true
	if role, isRole := strings.CutPrefix(arn.Resource, "role/"); isRole {
		arn.Service, arn.Resource = "sts", "assumed-role/"+iam.LastSegment(role)
		l.principalARNs[arn.String()] = true
	}
}

// isExported reports whether a user or role comes from an account's
// authorization-details.json.
func isExported(p principal) bool { return p.File != "principals.yaml" }

// grantedByRepositories returns the ARNs that repository and registry policies allow
// something.
func (l *lookup) grantedByRepositories() map[string]bool {
	granted := map[string]bool{}
	for _, policy := range l.contents.Policies {
		d := l.documentOf(policy)
		if !d.isResourceBased() {
			continue
		}
		for i := range d.statements {
			if s := &d.statements[i]; s.Statement.Effect == iam.Allow && s.covered&requested != 0 {
				for _, p := range s.Principals {
					granted[p.Text] = true
				}
			}
		}
	}
	return granted
}

// hasRights reports whether a policy allows a user or role something in repositories.
func (l *lookup) hasRights(p principal) bool {
	return l.grantedARNs[p.ARN] || l.anyAllow(p.Identity, func(s *statement) bool { return s.covered&requested != 0 })
}

// anyAllow reports whether a condition is true of an Allow of the policies.
func (l *lookup) anyAllow(policies []*iam.Policy, is func(*statement) bool) bool {
	return slices.ContainsFunc(policies, func(policy *iam.Policy) bool {
		return slices.ContainsFunc(l.documentOf(policy).statements, func(s statement) bool {
			return s.Statement.Effect == iam.Allow && is(&s)
		})
	})
}

// isChecked reports whether the rules about statements and documents apply to a
// policy. Each file in managed/ is compiled as an identity policy; one that is used
// only as a boundary or session policy is checked only as that. The trust policies of
// an account's authorization-details.json are checked if their roles have rights in
// repositories and tokens could assume them.
func (l *lookup) isChecked(policy *iam.Policy) bool {
	if l.ignoredTrust[policy] {
		return false
	}
	return policy.Kind != iam.IdentityPolicy || l.attached[policy] || !l.usedAsLimit[beginning(policy)]
}

// beginning returns the position of a policy's first statement, which identifies its
// text: a policy that is used in two ways is compiled twice.
func beginning(policy *iam.Policy) diag.Position {
	return policy.Source.At(policy.Statements[0].Start)
}
