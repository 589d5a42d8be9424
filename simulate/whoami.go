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

// Whoami describes a caller and the policies that apply to it, or the reason why no
// caller is authenticated. It never contains a password or a token.
type Whoami struct {
	Time     time.Time `json:"time"` // when the credential is checked
	Registry string    `json:"registry,omitempty"`
	Source   string    `json:"source,omitempty"` // the source that found the credential
	Issuer   string    `json:"issuer,omitempty"` // of a token
	KeyID    string    `json:"kid,omitempty"`    // of a token's signature
	Reason   string    `json:"reason,omitempty"` // why no caller is authenticated

	Principal      string            `json:"principal,omitempty"` // an ARN, a service's name or "anonymous"; "" without a caller
	PrincipalType  string            `json:"principalType,omitempty"`
	RoleARN        string            `json:"roleArn,omitempty"`     // of a role session
	FederatedBy    string            `json:"federatedBy,omitempty"` // of a federated user
	Tags           map[string]string `json:"tags,omitempty"`        // tags of the user or role, overridden by session tags
	SourceIdentity string            `json:"sourceIdentity,omitempty"`
	SourceARN      string            `json:"sourceArn,omitempty"` // of a service: the resource on whose behalf it calls
	SourceAccount  string            `json:"sourceAccount,omitempty"`
	Context        map[string]any    `json:"context,omitempty"` // condition keys; a list of values for a multivalued one

	Policies        []string `json:"policies,omitzero"` // files of the identity policies, [] for none
	Boundary        []string `json:"boundary,omitempty"`
	SessionPolicies []string `json:"sessionPolicies,omitempty"`
	// RegistryPolicy applies to all requests to the registry. The organization's service
	// control policies apply to the caller, and its resource control policies to the
	// resources of the registry's account. Both are in the order of their levels.
	RegistryPolicy          []string `json:"registryPolicy,omitempty"`
	ServiceControlPolicies  []string `json:"serviceControlPolicies,omitempty"`
	ResourceControlPolicies []string `json:"resourceControlPolicies,omitempty"`

	NotVerified string `json:"notVerified,omitempty"` // the part of the credential that is assumed to be verified
}

// RequestWhoami returns the caller that the running sidecar would authenticate for a
// request.
func RequestWhoami(ctx context.Context, s *policystore.Snapshot, r *authz.CheckRequest) *Whoami {
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	who, refused := checker.Identify(ctx, r, nil)
	if who == nil {
		return noCaller(refused)
	}
	return whoamiOf(s, who, r.Time)
}

// HasCaller reports whether a caller is authenticated.
func (w *Whoami) HasCaller() bool { return w.Principal != "" }

// String returns indented JSON with a final line feed.
func (w *Whoami) String() string { return encode(w, "    ") }

func noCaller(r *authz.Result) *Whoami {
	return &Whoami{Time: r.Time, Registry: r.Registry, Source: r.Source, Issuer: r.Issuer, KeyID: r.KeyID, Reason: r.Reason}
}

func whoamiOf(s *policystore.Snapshot, who *authz.Identity, at time.Time) *Whoami {
	p := &who.Caller.Principal
	applicable := policiesOf(s, who)
	value := func(key string) string {
		entry, _ := who.Caller.Context.Lookup(key)
		return entry.Value
	}
	return &Whoami{
		Time: at, Registry: who.Registry.Name, Source: who.Caller.Source, Issuer: who.Caller.Issuer, KeyID: who.Caller.KeyID,
		Principal: cmp.Or(p.ARN, "anonymous"), PrincipalType: p.Kind.String(), RoleARN: p.RoleARN, FederatedBy: p.UserARN,
		Tags: tagsOf(who.Caller.Context), SourceIdentity: value("aws:SourceIdentity"), SourceARN: value("aws:SourceArn"), SourceAccount: value("aws:SourceAccount"), Context: contextOf(who.Context),
		Policies: append([]string{}, sources(applicable.Identity)...), Boundary: sources(applicable.Boundary), SessionPolicies: sources(applicable.Session),
		RegistryPolicy: sources(applicable.Resource), ServiceControlPolicies: sources(slices.Concat(applicable.SCPs...)), ResourceControlPolicies: sources(slices.Concat(applicable.RCPs...)),
		NotVerified: identity.Source(who.Caller.Source).NotVerified(),
	}
}

// policiesOf returns the policies that apply to all requests of the caller to the
// registry: those for a repository without a policy. Control policies that exempt the
// caller or the registry's account are not among them.
func policiesOf(s *policystore.Snapshot, who *authz.Identity) *iam.Policies {
	r := iam.Request{Principal: &who.Caller.Principal, Action: mapping.BatchGetImage, Resource: who.Registry.RepositoryARN("*"), Context: who.Context}
	in, apply := s.Decisions.Applicable(&r, who.Caller.SessionPolicies), map[iam.Class]bool{}
	for _, c := range in.Explain(&r).Classes {
		apply[c.Class] = true
	}
	if !apply[iam.SCPClass] {
		in.SCPs = nil
	}
	if !apply[iam.RCPClass] {
		in.RCPs = nil
	}
	return in
}

// sources returns the files of policies.
func sources(policies []*iam.Policy) (files []string) {
	for _, p := range policies {
		files = append(files, p.Source.String())
	}
	return files
}

// tagPrefix is the prefix of the condition keys of a principal's tags.
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

// callerKeys returns the condition keys of the caller and its organization, without those
// of a request.
func callerKeys(who *authz.Identity) iam.Context {
	keys := who.Caller.AppendContext(nil, "")
	return slices.DeleteFunc(slices.Clone(who.Context), func(e iam.ContextEntry) bool {
		_, own := keys.Lookup(e.Key)
		return !own && !strings.HasPrefix(e.Key, "aws:PrincipalOrg")
	})
}

// contextOf returns a context for JSON. If a key occurs twice, the first entry counts.
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
