package simulate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"extauthz/iam"
)

// A Remedy is what would allow a denied request: statements that evaluation has confirmed
// together, or the reason why no statement can.
type Remedy struct {
	Statements []SuggestedStatement `json:"statements,omitempty"` // all of them are needed
	// Impossible says which policies keep every Allow from having an effect; "" if Statements
	// would allow the request.
	Impossible string `json:"impossible,omitempty"`
}

// A SuggestedStatement is a statement and the policy that it belongs in.
type SuggestedStatement struct {
	Class     string          `json:"class"`
	Where     string          `json:"where"`
	Statement json.RawMessage `json:"statement"`
}

// Remedy returns what would allow a denied request, nil if it is allowed. The statements are
// as narrow as the request: its action, its resource and its caller.
func (q *Evaluation) Remedy() *Remedy {
	e := q.Policies.Explain(&q.Request)
	switch {
	case e.Decision == iam.Allowed:
		return nil
	case e.Exhausted:
		return &Remedy{Impossible: "evaluating the policies takes more steps than one decision may take"}
	case e.Decision == iam.ExplicitDeny:
		return &Remedy{Impossible: "an explicit deny overrides every Allow: " + strings.Join(labels(&e), ", ")}
	}
	identity, byResource := q.suggestIdentity(), q.suggestResource()
	for _, suggested := range [][]*suggestion{{identity}, {byResource}, {identity, byResource}} {
		if !slices.Contains(suggested, nil) && q.with(suggested).Decision == iam.Allowed {
			r := new(Remedy)
			for _, s := range suggested {
				r.Statements = append(r.Statements, s.SuggestedStatement)
			}
			return r
		}
	}
	return &Remedy{Impossible: q.guardrail(identity, byResource)}
}

// labels returns the statements that determine a decision.
func labels(e *iam.Explanation) (all []string) {
	for _, m := range MatchedStatements(e) {
		all = append(all, m.Class.String()+" "+StatementLabel(m.Policy, m.Statement))
	}
	return all
}

// A suggestion is a compiled suggested statement.
type suggestion struct {
	SuggestedStatement
	policy *iam.Policy
}

// newSuggestion returns nil if the statement is not valid.
func newSuggestion(class iam.Class, kind iam.Kind, where string, statement any) *suggestion {
	text, err := json.Marshal(statement)
	if err != nil {
		return nil
	}
	p, err := iam.Compile(kind, "suggested", []byte(`{"Version":"2012-10-17","Statement":`+string(text)+`}`))
	if err != nil {
		return nil
	}
	return &suggestion{SuggestedStatement{class.String(), where, text}, p}
}

// suggestedText is a statement. It has the elements in the usual order.
type suggestedText struct {
	Effect    string
	Principal any `json:",omitempty"`
	Action    string
	Resource  string `json:",omitempty"`
}

// suggestIdentity returns a statement for the caller's identity policies, nil for a caller
// without them.
func (q *Evaluation) suggestIdentity() *suggestion {
	owner := q.owner()
	if owner == "" {
		return nil
	}
	where := "a policy attached to " + owner
	var files []string
	for _, p := range q.Policies.Identity {
		if p != nil && !strings.HasPrefix(p.Source.String(), "arn:") {
			files = append(files, p.Source.String())
		}
	}
	if len(files) > 0 {
		where += ", such as " + strings.Join(files, " or ")
	}
	return newSuggestion(iam.IdentityClass, iam.IdentityPolicy, where, suggestedText{Effect: "Allow", Action: q.Request.Action, Resource: q.Request.Resource})
}

// owner returns the user or role whose identity policies the caller has, "" for none.
func (q *Evaluation) owner() string {
	switch p := q.Request.Principal; p.Kind {
	case iam.User, iam.UnnamedPrincipal:
		return callerText(p, q.Unnamed)
	case iam.AssumedRole:
		if p.RoleARN != "" {
			return p.RoleARN
		}
		return "the role of " + p.ARN
	case iam.FederatedUser:
		return p.UserARN
	case iam.UnknownPrincipal, iam.Anonymous, iam.RootUser, iam.Service, iam.FederatedProvider:
	}
	return ""
}

// suggestResource returns a statement for the policy of the repository, or of the registry if
// the action precedes the repository. It returns nil for an action without a resource.
func (q *Evaluation) suggestResource() *suggestion {
	arn, err := iam.ParseARN(q.Request.Resource)
	name, isRepository := strings.CutPrefix(arn.Resource, "repository/")
	if err != nil || !isRepository || iam.IsResourceless(q.Request.Action) {
		return nil
	}
	text := suggestedText{Effect: "Allow", Principal: q.principalElement(), Action: q.Request.Action}
	if text.Principal == nil {
		return nil
	}
	registry := fmt.Sprintf("accounts/%s/%s/", arn.Account, arn.Region)
	if strings.EqualFold(q.Request.Action, "ecr:CreateRepository") {
		text.Resource = q.Request.Resource
		return newSuggestion(iam.ResourceClass, iam.RegistryPolicy, "the registry policy, "+registry+"registry-policy.json", text)
	}
	where := "the repository policy, " + registry + "repositories/" + name + "/_policy.json"
	if q.Request.Principal.Kind == iam.Anonymous {
		where += " (for everyone)"
	}
	return newSuggestion(iam.ResourceClass, iam.RepositoryPolicy, where, text)
}

// principalElement returns the Principal element that names the caller, nil if none does.
func (q *Evaluation) principalElement() any {
	switch p := q.Request.Principal; p.Kind {
	case iam.User, iam.FederatedUser:
		return map[string]string{"AWS": p.ARN}
	case iam.AssumedRole:
		if p.RoleARN != "" {
			return map[string]string{"AWS": p.RoleARN}
		}
		return map[string]string{"AWS": p.ARN}
	case iam.RootUser:
		return map[string]string{"AWS": p.ARN}
	case iam.Service:
		return map[string]string{"Service": p.ARN}
	case iam.Anonymous:
		return "*"
	case iam.UnknownPrincipal, iam.FederatedProvider, iam.UnnamedPrincipal:
	}
	return nil
}

// with evaluates the request with suggested statements.
func (q *Evaluation) with(suggested []*suggestion) iam.Ruling {
	p := *q.Policies
	p.IdentityIndex = nil
	for _, s := range suggested {
		if s.policy.Kind == iam.IdentityPolicy {
			p.Identity = append(slices.Clip(p.Identity), s.policy)
		} else {
			p.Resource = append(slices.Clip(p.Resource), s.policy)
		}
	}
	return p.Decide(&q.Request)
}

// guardrail returns why the request is denied even with both statements.
func (q *Evaluation) guardrail(all ...*suggestion) string {
	ruling := q.with(slices.DeleteFunc(all, func(s *suggestion) bool { return s == nil }))
	var files []string
	add := func(policies []*iam.Policy) {
		for _, p := range policies {
			if p != nil {
				files = append(files, p.Source.String())
			}
		}
	}
	switch ruling.BlockedBy {
	case iam.SCPClass:
		add(slices.Concat(q.Policies.SCPs...))
	case iam.BoundaryClass:
		add(q.Policies.Boundary)
	case iam.SessionClass:
		add(q.Policies.Session)
	case iam.NoClass:
		return "the action, the resource or the caller is not valid"
	case iam.IdentityClass, iam.ResourceClass, iam.RCPClass:
		return "it needs a statement in its " + ruling.BlockedBy.String() + ", which the caller or the resource cannot have"
	}
	text := "no Allow in an identity-based or resource-based policy is enough, because the " + ruling.BlockedBy.String() + " does not allow it"
	if len(files) > 0 {
		text += " (" + strings.Join(slices.Compact(files), ", ") + ")"
	}
	return text
}

// Text returns the remedy for people, with a line feed after each line.
func (r *Remedy) Text() string {
	if r.Impossible != "" {
		return "  cannot be allowed by adding a statement: " + r.Impossible + "\n"
	}
	var text strings.Builder
	for i, s := range r.Statements {
		fmt.Fprintf(&text, "  %s, in %s:\n    %s\n", [...]string{"this statement would allow it", "together with this one"}[min(i, 1)], s.Where, s.Statement)
	}
	return text.String()
}
