package formats

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"extauthz/iam"
)

// questionTime is the time of every question.
var questionTime = time.Date(2026, 6, 30, 12, 30, 0, 0, time.UTC)

// A twin is a reference implementation. It does not use a policy directory: it finds the policies
// in the world for each question and compiles each separately.
type twin struct {
	*World
	compiled map[string]*iam.Policy
}

// answer returns the decision on a question with its reasons.
func (w *twin) answer(q *Question) (string, error) {
	p, err := w.policies(q)
	if err != nil {
		return "", err
	}
	context := slices.Concat(q.Context, w.callerKeys(q.Caller), w.tagKeys(q))
	return describe(p.Explain(&iam.Request{Principal: &q.Caller.Principal, Action: q.Action, Resource: q.Resource, Context: context})), nil
}

// policies returns the policies that apply to a question.
func (w *twin) policies(q *Question) (p *iam.Policies, err error) {
	p = &iam.Policies{}
	add := func(to *[]*iam.Policy, kind iam.Kind, documents ...Document) {
		for _, d := range documents {
			policy, wrong := w.compile(kind, d)
			*to = append(*to, policy)
			if wrong != nil {
				err = wrong
			}
		}
	}
	if e := q.Caller.Entity; e != nil {
		add(&p.Identity, iam.IdentityPolicy, e.documents()...)
		if e.Boundary != nil {
			add(&p.Boundary, iam.PermissionsBoundary, e.Boundary.inForce())
		}
	}
	for _, m := range q.Caller.Session {
		add(&p.Session, iam.SessionPolicy, m.inForce())
	}
	for _, r := range w.Registries {
		if !strings.HasPrefix(q.Resource, r.arn("")) {
			continue
		}
		for _, repository := range r.Repositories {
			if r.arn(repository.Name) == q.Resource && repository.Policy != nil && !strings.EqualFold(q.Action, "ecr:CreateRepository") {
				add(&p.Resource, iam.RepositoryPolicy, *repository.Policy)
			}
		}
		if r.Policy != nil {
			add(&p.Resource, iam.RegistryPolicy, *r.Policy)
		}
	}
	w.addControls(q, p, add)
	return p, err
}

// addControls adds the control policies. They apply to members, or to every account if the members
// are not known.
func (w *twin) addControls(q *Question, p *iam.Policies, add func(*[]*iam.Policy, iam.Kind, ...Document)) {
	caller := q.Caller.Principal.Account
	owner := caller
	if parts := strings.Split(q.Resource, ":"); len(parts) > 4 {
		owner = parts[4]
	}
	if w.Organization != nil {
		p.ManagementAccount = w.Organization.Management
	}
	if w.ByID != nil {
		w.attached(caller, owner, p, add)
		return
	}
	for _, level := range w.SCPs {
		var policies []*iam.Policy
		add(&policies, iam.ServiceControlPolicy, level...)
		if w.binds(caller) {
			p.SCPs = append(p.SCPs, policies)
		}
	}
	for _, level := range w.RCPs {
		var policies []*iam.Policy
		add(&policies, iam.ResourceControlPolicy, level...)
		if w.binds(owner) {
			p.RCPs = append(p.RCPs, policies)
		}
	}
}

// attached adds the control policies on the paths of the caller and the owner.
func (w *twin) attached(caller, owner string, p *iam.Policies, add func(*[]*iam.Policy, iam.Kind, ...Document)) {
	for _, id := range w.idsAbove(caller) {
		if c := w.ByID[id]; c != nil && len(c.SCPs) > 0 {
			var policies []*iam.Policy
			add(&policies, iam.ServiceControlPolicy, c.SCPs...)
			p.SCPs = append(p.SCPs, policies)
		}
	}
	for _, id := range w.idsAbove(owner) {
		if c := w.ByID[id]; c != nil && len(c.RCPs) > 0 {
			var policies []*iam.Policy
			add(&policies, iam.ResourceControlPolicy, c.RCPs...)
			p.RCPs = append(p.RCPs, policies)
		}
	}
}

// idsAbove returns the ids on the path of an account. For an unknown account, such as that of a
// service, it returns all ids, so that no restriction is lost.
func (w *twin) idsAbove(account string) []string {
	if account == "" {
		return slices.Sorted(maps.Keys(w.ByID))
	}
	return w.Organization.ids(account)
}

// ids returns the ids on the path of an account: the root, the units and the account. It returns
// none for an account that is not a member.
func (o *Organization) ids(account string) []string {
	steps := strings.Split(strings.TrimSuffix(o.Paths[account], "/"), "/")
	if len(steps) < 2 {
		return nil
	}
	return append(steps[1:], account)
}

func (w *twin) binds(account string) bool {
	return w.Organization == nil || account == "" || w.Organization.Paths[account] != ""
}

func (w *twin) compile(kind iam.Kind, d Document) (*iam.Policy, error) {
	key := fmt.Sprintf("%d %s", kind, d.Name)
	if p := w.compiled[key]; p != nil {
		return p, nil
	}
	p, err := iam.Compile(kind, d.Name, []byte(d.Text))
	w.compiled[key] = p
	return p, err
}

// callerKeys returns the condition keys of a caller by the tables of the IAM User Guide.
func (w *twin) callerKeys(c *Caller) iam.Context {
	p := &c.Principal
	keys := map[string]string{"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false", "aws:PrincipalType": p.Kind.String(), "aws:PrincipalArn": p.ARN, "aws:PrincipalAccount": p.Account}
	switch p.Kind {
	case iam.RootUser:
		keys["aws:userid"] = p.Account
	case iam.User:
		keys["aws:userid"], keys["aws:username"] = c.Entity.ID, c.Entity.Name
	case iam.AssumedRole:
		keys["aws:userid"], keys["aws:PrincipalArn"] = c.Entity.ID+p.ARN[strings.LastIndexByte(p.ARN, '/'):], p.RoleARN
		keys["aws:userid"] = strings.Replace(keys["aws:userid"], "/", ":", 1)
	case iam.FederatedUser:
		keys["aws:userid"] = p.Account + ":" + c.Entity.Name
	case iam.Service:
		keys = map[string]string{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": p.ARN, "aws:ViaAWSService": "false"}
	case iam.Anonymous:
		keys = map[string]string{"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous", "aws:ViaAWSService": "false"}
	}
	if p.Kind == iam.AssumedRole || p.Kind == iam.FederatedUser {
		keys["aws:MultiFactorAuthPresent"], keys["aws:TokenIssueTime"] = "false", questionTime.Format(time.RFC3339)
	}
	for _, tag := range c.tags() {
		keys["aws:PrincipalTag/"+tag.Key] = tag.Value
	}
	var context iam.Context
	for key, value := range keys {
		context = append(context, iam.ContextEntry{Key: key, Value: value})
	}
	if o := w.Organization; o != nil && o.Paths[p.Account] != "" {
		context = append(context, iam.ContextEntry{Key: "aws:PrincipalOrgID", Value: "o-a1b2c3d4e5"},
			iam.ContextEntry{Key: "aws:PrincipalOrgPaths", Values: []string{o.Paths[p.Account]}, Multi: true})
	}
	return context
}

// tags returns the tags of the entity, then those of the session, which replace them.
func (c *Caller) tags() []Tag {
	if c.Entity == nil {
		return nil
	}
	return append(slices.Clone(c.Entity.Tags), c.Tags...) // the last one applies
}

// tagKeys returns the condition keys of the tags of the resource.
func (w *twin) tagKeys(q *Question) (context iam.Context) {
	for _, r := range w.Registries {
		for _, repository := range r.Repositories {
			if r.arn(repository.Name) != q.Resource || strings.EqualFold(q.Action, "ecr:CreateRepository") {
				continue
			}
			for _, tag := range repository.Tags {
				context = append(context, iam.ContextEntry{Key: "aws:ResourceTag/" + tag.Key, Value: tag.Value}, iam.ContextEntry{Key: "ecr:ResourceTag/" + tag.Key, Value: tag.Value})
			}
		}
	}
	return context
}

// describe returns a decision with the Sids of all statements that apply, the decision of each
// class of policies, and the missing condition keys.
func describe(e iam.Explanation) string {
	var matched []string
	for _, m := range e.Matched {
		matched = append(matched, fmt.Sprintf("%v %d %v %s", m.Class, m.Level, m.Statement.Effect, m.Statement.Sid))
	}
	slices.Sort(matched)
	missing := strings.Fields(strings.ToLower(strings.Join(e.MissingContextKeys, " "))) // the spelling is that of one of several places
	slices.Sort(missing)
	return fmt.Sprintf("%v by %q: %q, classes %v, missing %v", e.Decision, e.BlockedBy, matched, e.Classes, missing)
}
