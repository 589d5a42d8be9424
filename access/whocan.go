package access

import (
	"cmp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/nearest"
	"extauthz/policystore"
)

// WhoCan is the answer to the question who may perform an action on a resource.
type WhoCan struct {
	Registry string  `json:"registry"`
	Action   string  `json:"action"`
	Resource string  `json:"resource"`
	Grants   []Grant `json:"grants"` // a principal may have several, with different credentials
}

// CheckAction rejects an action that ECR does not have. Broad policies allow it, so that an answer
// about a misspelled name would be misleading.
func CheckAction(action string) error {
	for known := range iam.ECRActions() {
		if strings.EqualFold(known, action) {
			return nil
		}
	}
	return diag.Problemf("%q is none of the known ECR actions%s", action, nearest.DidYouMean(nearest.To(action, iam.ECRActions(), len(action)/4)))
}

// WhoCan returns the principals that may perform an action on a resource of a registry: the
// ARN of a repository or, for an action without a resource, "*".
func (d *Directory) WhoCan(r *policystore.Registry, action, resource string) *WhoCan {
	w := &WhoCan{Registry: r.Name, Action: action, Resource: resource, Grants: []Grant{}}
	for _, callers := range [][]*caller{d.callers, d.outsiders(r, action, resource)} {
		for _, c := range callers {
			if decided := d.view(c, r).decide(action, resource, false); decided.Allowed != iam.Never {
				g := d.grant(c, action, resource, &decided)
				if c.kind == Anonymous {
					g.Credentials = ofRegistry(g.Credentials, r)
				}
				w.Grants = append(w.Grants, g)
			}
		}
	}
	slices.SortStableFunc(w.Grants, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(min(len(b.Credentials), 1), min(len(a.Credentials), 1)), cmp.Compare(a.Principal, b.Principal))
	})
	return w
}

// ofRegistry returns the entries for requests without a credential to a registry.
func ofRegistry(all []Credential, r *policystore.Registry) []Credential {
	return slices.DeleteFunc(all, func(c Credential) bool { return c.Name != "registry "+r.Name })
}

// outsiders returns the principals that resource-based policies for the resource allow, and
// that are not in the directory.
func (d *Directory) outsiders(r *policystore.Registry, action, resource string) (outside []*caller) {
	applicable := d.snapshot.Decisions.Applicable(&iam.Request{Principal: &iam.Principal{}, Action: action, Resource: resource}, nil)
	seen := map[string]bool{}
	for _, policy := range applicable.Resource {
		for i, s := range d.contents.Documents[policy].Statements {
			if policy.Statements[i].Effect == iam.Deny || s.NotPrincipal {
				continue
			}
			for _, p := range s.Principals {
				if seen[p.Text] {
					continue
				}
				seen[p.Text] = true
				if c := d.outsider(r, p.Text); c != nil {
					outside = append(outside, c)
				}
			}
		}
	}
	return outside
}

// outsider returns the principal that an entry of Principal names, nil if it is in the
// directory or is not one principal.
func (d *Directory) outsider(r *policystore.Registry, entry string) *caller {
	if iam.IsAccount(entry) {
		entry = "arn:" + r.Partition + ":iam::" + entry + ":root"
	}
	c := &caller{name: entry, isOutside: true, unknown: iam.KeySet{Names: append(slices.Clip(sessionKeys), "aws:MultiFactorAuthPresent"), Prefixes: []string{tagKeys}}}
	p, err := sts.ParsePrincipal(entry)
	arn, errARN := iam.ParseARN(entry)
	isRole := errARN == nil && arn.Service == "iam" && strings.HasPrefix(arn.Resource, "role/")
	switch {
	case isRole:
		c.kind = Role
		p = iam.Principal{
			Kind: iam.AssumedRole, RoleARN: entry, Account: arn.Account,
			ARN: d.otherSession("arn:" + arn.Partition + ":sts::" + arn.Account + ":assumed-role/" + iam.LastSegment(entry) + "/"),
		}
	case err != nil:
		return nil
	case p.Kind == iam.RootUser:
		p.Kind, c.kind = iam.UnnamedPrincipal, Account
		if p.Account == r.Account {
			return nil // its own policies decide, which are in the directory
		}
		c.unknown.Names = append(slices.Clip(c.unknown.Names), "aws:PrincipalArn", "aws:PrincipalType", "aws:username")
	default:
		c.kind = kindOf(p.Kind)
	}
	if d.isListed(entry, &p) {
		return nil
	}
	c.Caller = &identity.Caller{CallerIdentity: sts.CallerIdentity{Principal: p, Context: outsideContext(r, c, &p)}}
	if p.Kind == iam.Service {
		c.isOutside = false // it has no policies
		c.unknown.Prefixes = []string{"aws:Source"}
	}
	return c
}

// kindOf returns the kind of a principal.
func kindOf(k iam.PrincipalKind) Kind {
	switch k {
	case iam.AssumedRole:
		return Session
	case iam.FederatedUser:
		return FederatedUser
	case iam.Service:
		return Service
	case iam.RootUser:
		return RootUser
	case iam.Anonymous:
		return Anonymous
	case iam.User, iam.UnknownPrincipal, iam.FederatedProvider, iam.UnnamedPrincipal:
	}
	return User
}

// isListed reports whether a principal is among the callers of the directory. A session is, if
// a session of its role is.
func (d *Directory) isListed(name string, p *iam.Principal) bool {
	return d.listed[name] || p.Kind == iam.AssumedRole && d.listed[roleOf(p)]
}

// roleOf returns the role of a session in a form that all its sessions share. The names of an
// account's roles differ by more than path and case.
func roleOf(p *iam.Principal) string {
	return strings.ToLower(p.ARN[:strings.LastIndexByte(p.ARN, '/')])
}

// outsideContext returns the keys that are known of a principal that is not in the directory.
func outsideContext(r *policystore.Registry, c *caller, p *iam.Principal) iam.Context {
	if p.Kind == iam.Service {
		return iam.Context{{Key: "aws:PrincipalIsAWSService", Value: "true"}, {Key: "aws:PrincipalServiceName", Value: p.ARN}, {Key: "aws:ViaAWSService", Value: "false"}}
	}
	context := iam.Context{
		{Key: "aws:PrincipalArn", Value: c.name}, {Key: "aws:PrincipalType", Value: p.Kind.String()}, {Key: "aws:PrincipalAccount", Value: p.Account},
		{Key: "aws:PrincipalIsAWSService", Value: "false"}, {Key: "aws:ViaAWSService", Value: "false"},
	}
	if c.kind == Session {
		c.unknown.Names = append(slices.Clip(c.unknown.Names), "aws:PrincipalArn") // the path of the role
	}
	if p.Kind == iam.User {
		context = append(context, iam.ContextEntry{Key: "aws:username", Value: iam.LastSegment(p.ARN)})
	}
	if id, paths, member := r.Organization.Member(p.Account); member {
		context = append(context, iam.ContextEntry{Key: "aws:PrincipalOrgID", Value: id}, iam.ContextEntry{Key: "aws:PrincipalOrgPaths", Values: paths, Multi: true})
	}
	return context
}
