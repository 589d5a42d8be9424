package simulate

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// Whoami says who calls, and which policies bear on who calls; or why it is
// nobody. It never holds a password or a token.
type Whoami struct {
	Time     time.Time `json:"time"` // of the question: tokens expire
	Registry string    `json:"registry,omitempty"`
	Source   string    `json:"source,omitempty"` // what found the credential
	Issuer   string    `json:"issuer,omitempty"` // of a token
	KeyID    string    `json:"kid,omitempty"`    // of a token's signature
	Reason   string    `json:"reason,omitempty"` // why it is nobody

	Principal      string            `json:"principal,omitempty"` // an ARN, a service's name or "anonymous"; "" is nobody
	PrincipalType  string            `json:"principalType,omitempty"`
	RoleARN        string            `json:"roleArn,omitempty"`     // of a role session
	FederatedBy    string            `json:"federatedBy,omitempty"` // of a federated user
	Tags           map[string]string `json:"tags,omitempty"`        // session tags over those of user or role
	SourceIdentity string            `json:"sourceIdentity,omitempty"`
	SourceARN      string            `json:"sourceArn,omitempty"` // of a service: the resource for which it calls
	SourceAccount  string            `json:"sourceAccount,omitempty"`
	Context        map[string]any    `json:"context,omitempty"` // condition keys; a list of values for a multivalued one

	Policies        []string `json:"policies,omitzero"` // files of the identity policies, [] for none
	Boundary        []string `json:"boundary,omitempty"`
	SessionPolicies []string `json:"sessionPolicies,omitempty"`
	// RegistryPolicy bears on all that is asked of the registry. Of the organization,
	// the service control policies bind who calls, the resource control policies
	// what the registry's account has; both in the order of their levels.
	RegistryPolicy          []string `json:"registryPolicy,omitempty"`
	ServiceControlPolicies  []string `json:"serviceControlPolicies,omitempty"`
	ResourceControlPolicies []string `json:"resourceControlPolicies,omitempty"`

	NotVerified string `json:"notVerified,omitempty"` // what was taken for true
}

// RequestWhoami finds who sends a request, as the running sidecar would.
func RequestWhoami(ctx context.Context, s *policystore.Snapshot, r *authz.Request) *Whoami {
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	who, why := checker.Identify(ctx, r, nil)
	if who == nil {
		return nobody(why)
	}
	return whoamiOf(s, who, r.Time)
}

// IsNobody tells whether there is no caller.
func (w *Whoami) IsNobody() bool { return w.Principal == "" }

// String is the answer as indented JSON and a line feed.
func (w *Whoami) String() string { return encode(w, "    ") }

func nobody(why *authz.Result) *Whoami {
	return &Whoami{Time: why.Time, Registry: why.Registry, Source: why.Source, Issuer: why.Issuer, KeyID: why.KeyID, Reason: why.Reason}
}

func whoamiOf(s *policystore.Snapshot, who *authz.Identity, at time.Time) *Whoami {
	p := &who.Caller.Principal
	inPlay := policiesOf(s, who)
	of := func(key string) string {
		entry, _ := who.Caller.Context.Lookup(key)
		return entry.Value
	}
	return &Whoami{
		Time: at, Registry: who.Registry.Name, Source: who.Caller.Source, Issuer: who.Caller.Issuer, KeyID: who.Caller.KeyID,
		Principal: cmp.Or(p.ARN, "anonymous"), PrincipalType: p.Kind.String(), RoleARN: p.RoleARN, FederatedBy: p.UserARN,
		Tags: tagsOf(who.Caller.Context), SourceIdentity: of("aws:SourceIdentity"), SourceARN: of("aws:SourceArn"), SourceAccount: of("aws:SourceAccount"), Context: contextOf(who.Context),
		Policies: append([]string{}, sources(inPlay.Identity)...), Boundary: sources(inPlay.Boundary), SessionPolicies: sources(inPlay.Session),
		RegistryPolicy: sources(inPlay.Resource), ServiceControlPolicies: sources(slices.Concat(inPlay.SCPs...)), ResourceControlPolicies: sources(slices.Concat(inPlay.RCPs...)),
		NotVerified: identity.Source(who.Caller.Source).Assumption(),
	}
}

// policiesOf are the policies that bear on all that is asked of the registry: those
// for a repository without a policy of its own, and none that spare who calls or
// the registry's account.
func policiesOf(s *policystore.Snapshot, who *authz.Identity) *iam.Policies {
	r := iam.Request{Principal: &who.Caller.Principal, Action: mapping.BatchGetImage, Resource: who.Registry.RepositoryARN("*"), Context: who.Context}
	in, binds := s.Decisions.Applicable(&r, who.Caller.SessionPolicies), map[iam.Class]bool{}
	for _, decided := range in.Explain(&r).Classes {
		binds[decided.Class] = true
	}
	if !binds[iam.SCPClass] {
		in.SCPs = nil
	}
	if !binds[iam.RCPClass] {
		in.RCPs = nil
	}
	return in
}

func sources(policies []*iam.Policy) (files []string) {
	for _, p := range policies {
		files = append(files, p.Source.String())
	}
	return files
}

// tagPrefix begins the condition keys of a principal's tags.
const tagPrefix = "aws:PrincipalTag/"

func tagsOf(c iam.Context) map[string]string {
	tags := map[string]string{}
	for _, e := range c {
		if key, isTag := strings.CutPrefix(e.Key, tagPrefix); isTag {
			tags[key] = e.Value
		}
	}
	return tags
}

// ownKeys leaves out the keys of a request that nobody sent.
func ownKeys(who *authz.Identity) iam.Context {
	return slices.DeleteFunc(slices.Clone(who.Context), func(e iam.ContextEntry) bool {
		_, own := who.Caller.Context.Lookup(e.Key)
		return !own && !strings.HasPrefix(e.Key, "aws:PrincipalOrg")
	})
}

// contextOf is a context as JSON has it: of two keys of one name the first
// counts.
func contextOf(c iam.Context) map[string]any {
	object := map[string]any{}
	for _, e := range c {
		first, _ := c.Lookup(e.Key)
		object[first.Key] = first.Value
		if first.Multi {
			object[first.Key] = first.Values
		}
	}
	return object
}
