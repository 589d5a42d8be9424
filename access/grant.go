package access

import (
	"slices"

	"extauthz/authz"
	"extauthz/iam"
	"extauthz/policystore"
)

// A Grant is the access of a principal to a resource.
type Grant struct {
	Principal string   `json:"principal"` // an ARN, the name of a service, or "anonymous"
	Kind      Kind     `json:"kind"`
	Except    []string `json:"except,omitempty"` // sessions that Principal includes, and that have a Grant of their own if they have access
	Resource  string   `json:"resource"`         // an ARN, perhaps with wildcards, or "*"
	Actions   []string `json:"actions"`
	Access    Access   `json:"access"`

	// Allows are statements each of which allows it, if their conditions are true. With
	// NeedsBoth an identity-based policy and a resource-based policy must allow it.
	Allows    []Statement `json:"allows,omitempty"`
	NeedsBoth bool        `json:"needsBoth,omitempty"`
	// Limits are the statements of boundaries, session policies and service control policies
	// of which one of each policy or level must apply, where it depends on conditions.
	Limits []Statement `json:"limits,omitempty"`
	// Denies are statements that deny it: with Access [None] always, otherwise if their
	// conditions are true.
	Denies []Statement `json:"denies,omitempty"`
	// Because says what else the access depends on, or why there is none; "" if statements
	// say so.
	Because string `json:"because,omitempty"`

	// Credentials authenticate as the principal. Without any, no request of it reaches the
	// registry.
	Credentials []Credential `json:"credentials"`
}

// Access is what a principal may do.
type Access string

// The kinds of access.
const (
	None          Access = "none"          // every request is denied
	Conditional   Access = "conditional"   // it depends on the request
	Unconditional Access = "unconditional" // every request is allowed
)

// accessOf returns the access that an open decision describes.
func accessOf(e iam.Extent) Access {
	switch e {
	case iam.Always:
		return Unconditional
	case iam.Sometimes:
		return Conditional
	case iam.Never:
	}
	return None
}

// A view is what is known of the requests of a caller to a registry.
type view struct {
	*Directory
	*caller
	registry *policystore.Registry
	context  iam.Context // without the tags of a repository
	unknown  iam.KeySet
}

func (d *Directory) view(c *caller, r *policystore.Registry) *view {
	known := authz.NewIAMRequest(&authz.CheckRequest{}, r, c.Caller, "", "")
	unknown := iam.KeySet{Names: slices.Concat(c.unknown.Names, requestKeys(r)), Prefixes: c.unknown.Prefixes}
	return &view{d, c, r, unknown.Without(known.Context), unknown}
}

// decide decides about an action on a resource, or on the resources that match a pattern and
// that have neither policies nor tags of their own.
func (v *view) decide(action, resource string, isPattern bool) iam.OpenDecision {
	open := iam.OpenRequest{Pattern: isPattern, AnyIdentity: v.isOutside, Unknown: v.unknown}
	open.Request = iam.Request{Principal: &v.Principal, Action: action, Resource: resource, Context: v.context}
	if tags := v.registry.ResourceTags(action, resource); len(tags) > 0 {
		open.Context = slices.Concat(v.context, tags)
	}
	return v.snapshot.Decisions.Applicable(&open.Request, v.SessionPolicies).EvaluateOpen(&open)
}

// grant describes the decision for a caller.
func (d *Directory) grant(c *caller, action, resource string, decided *iam.OpenDecision) Grant {
	g := Grant{
		Principal: c.name, Kind: c.kind, Except: c.except, Resource: resource, Actions: []string{action},
		Access: accessOf(decided.Allowed), Credentials: append([]Credential{}, c.credentials...),
	}
	identity, byResource := false, false
	for i := range decided.Matched {
		m := &decided.Matched[i]
		isGrant := m.Class == iam.IdentityClass || m.Class == iam.ResourceClass
		switch {
		case g.Access == None && m.Statement.Effect == iam.Deny && m.Applies == iam.Always,
			g.Access == Conditional && m.Statement.Effect == iam.Deny:
			g.Denies = append(g.Denies, d.statement(m))
		case g.Access == None || m.Statement.Effect == iam.Deny:
		case isGrant && (g.Access == Conditional || m.Applies == iam.Always):
			g.Allows = append(g.Allows, d.statement(m))
			identity, byResource = identity || m.Class == iam.IdentityClass, byResource || m.Class == iam.ResourceClass
		case !isGrant && g.Access == Conditional && !isAlways(decided.Matched, m.Class, m.Level):
			g.Limits = append(g.Limits, d.statement(m))
		}
	}
	g.NeedsBoth = identity && byResource && isOtherAccount(&c.Principal, resource)
	g.Because = d.because(c, resource, decided, &g)
	return g
}

// isAlways reports whether the policies of a class and level always allow.
func isAlways(matched []iam.OpenMatch, class iam.Class, level int) bool {
	return slices.ContainsFunc(matched, func(m iam.OpenMatch) bool {
		return m.Class == class && m.Level == level && m.Statement.Effect == iam.Allow && m.Applies == iam.Always
	})
}

// because returns what the statements of a grant do not show.
func (d *Directory) because(c *caller, resource string, decided *iam.OpenDecision, g *Grant) string {
	switch {
	case g.Access == None && len(g.Denies) > 0:
		return ""
	case g.Access == None && decided.BlockedBy == iam.NoClass:
		return "the action or the resource is not valid"
	case g.Access == None:
		return "no " + decided.BlockedBy.String() + " allows it"
	case c.isOutside:
		return "the principal is not in the directory, and its own policies are not known"
	case c.kind == RootUser && !isOtherAccount(&c.Principal, resource):
		return "the root user has full access to its own account"
	}
	return ""
}

// isOtherAccount reports whether a resource belongs to another account than a principal.
func isOtherAccount(p *iam.Principal, resource string) bool {
	arn, err := iam.ParseARN(resource)
	caller, errCaller := iam.ParseARN(p.ARN)
	return err == nil && errCaller == nil && (arn.Account != caller.Account || arn.Partition != caller.Partition)
}
