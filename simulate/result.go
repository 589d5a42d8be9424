package simulate

import (
	"encoding/json"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// Results is the output of a simulation, as JSON that of SimulateCustomPolicy
// (IAM API Reference).
type Results struct {
	// ID repeats what the input calls itself; it is no field of AWS's.
	ID                json.RawMessage `json:"Id,omitempty"`
	EvaluationResults []EvaluationResult
	// IsTruncated is always false.
	IsTruncated bool
}

// EvaluationResult is the decision on one action and one resource.
type EvaluationResult struct {
	EvalActionName, EvalResourceName  string
	EvalDecision                      string
	MatchedStatements                 []MatchedStatement
	MissingContextValues              []string
	OrganizationsDecisionDetail       *OrganizationsDecisionDetail       `json:",omitempty"`
	PermissionsBoundaryDecisionDetail *PermissionsBoundaryDecisionDetail `json:",omitempty"`
	EvalDecisionDetails               map[string]string                  `json:",omitzero"`
	ResourceSpecificResults           []ResourceSpecificResult           `json:",omitempty"`
}

// ResourceSpecificResult repeats an EvaluationResult for its one resource.
type ResourceSpecificResult struct {
	EvalResourceName, EvalResourceDecision string
	MatchedStatements                      []MatchedStatement
	MissingContextValues                   []string
	EvalDecisionDetails                    map[string]string                  `json:",omitzero"`
	PermissionsBoundaryDecisionDetail      *PermissionsBoundaryDecisionDetail `json:",omitempty"`
}

// MatchedStatement is a statement that determines the decision; AWS's API calls
// it Statement.
type MatchedStatement struct {
	SourcePolicyID             string `json:"SourcePolicyId"`
	SourcePolicyType           string
	StartPosition, EndPosition diag.Point
}

// OrganizationsDecisionDetail says whether the policies of the organization
// allow by themselves.
type OrganizationsDecisionDetail struct{ AllowedByOrganizations bool }

// PermissionsBoundaryDecisionDetail says whether the permissions boundary allows
// by itself.
type PermissionsBoundaryDecisionDetail struct{ AllowedByPermissionsBoundary bool }

// Simulate decides the questions. id is repeated in the results; nil is none.
func Simulate(id json.RawMessage, questions []Question) *Results {
	results := &Results{ID: id, EvaluationResults: make([]EvaluationResult, len(questions))}
	for i := range questions {
		results.EvaluationResults[i] = questions[i].result()
	}
	return results
}

func (q *Question) result() EvaluationResult {
	e := q.Policies.Explain(&q.Request)
	r := EvaluationResult{
		EvalActionName:       q.Request.Action,
		EvalResourceName:     q.Request.Resource,
		EvalDecision:         e.Decision.String(),
		MatchedStatements:    determining(&e),
		MissingContextValues: append([]string{}, e.MissingContextKeys...),
		EvalDecisionDetails:  q.details(&e),
	}
	if len(q.Policies.SCPs)+len(q.Policies.RCPs) > 0 {
		r.OrganizationsDecisionDetail = &OrganizationsDecisionDetail{allowedBy(&e, iam.SCPClass) && allowedBy(&e, iam.RCPClass)}
	}
	if len(q.Policies.Boundary) > 0 {
		r.PermissionsBoundaryDecisionDetail = &PermissionsBoundaryDecisionDetail{allowedBy(&e, iam.BoundaryClass)}
	}
	if q.Request.Resource != "*" {
		r.ResourceSpecificResults = []ResourceSpecificResult{{
			EvalResourceName: r.EvalResourceName, EvalResourceDecision: r.EvalDecision,
			MatchedStatements: r.MatchedStatements, MissingContextValues: r.MissingContextValues,
			EvalDecisionDetails: r.EvalDecisionDetails, PermissionsBoundaryDecisionDetail: r.PermissionsBoundaryDecisionDetail,
		}}
	}
	return r
}

// determining are the statements that determine the decision: the applying ones
// of its effect, and none where nothing decided.
func determining(e *iam.Explanation) []MatchedStatement {
	statements := []MatchedStatement{}
	for _, m := range e.Matched {
		denies := m.Statement.Effect == iam.Deny
		if e.Decision == iam.ImplicitDeny || denies != (e.Decision == iam.ExplicitDeny) {
			continue
		}
		end := m.Statement.End
		end.Column++
		statements = append(statements, MatchedStatement{m.Policy.Source.String(), policyType(m.Class), m.Statement.Start, end})
	}
	return statements
}

// policyType is how AWS's simulator prints the type of a policy.
func policyType(c iam.Class) string {
	switch c {
	case iam.ResourceClass:
		return "Resource Policy"
	case iam.BoundaryClass:
		return "Permissions Boundary Policy"
	case iam.SessionClass:
		return "Session Policy"
	case iam.SCPClass:
		return "Service Control Policy"
	case iam.RCPClass:
		return "Resource Control Policy"
	case iam.NoClass, iam.IdentityClass:
	}
	return "IAM Policy"
}

// details is EvalDecisionDetails; nil is absent.
func (q *Question) details(e *iam.Explanation) map[string]string {
	if q.Request.Resource == "*" || e.BlockedBy == iam.SCPClass {
		return nil
	}
	details := map[string]string{}
	if !q.crossAccount() {
		return details
	}
	for _, class := range []iam.Class{iam.IdentityClass, iam.ResourceClass, iam.BoundaryClass, iam.SessionClass} {
		d, inPlay := decided(e, class)
		switch {
		case inPlay:
			details[policyType(class)] = d.String()
		case class == iam.IdentityClass || class == iam.ResourceClass: // both must allow
			details[policyType(class)] = iam.ImplicitDeny.String()
		}
	}
	return details
}

// encode writes value as JSON without escapes for HTML.
func encode(value any, indent string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return err.Error() + "\n" // strings, numbers and JSON itself always encode
	}
	return text.String()
}

// String is the results as indented JSON and a line feed.
func (r *Results) String() string { return encode(r, "    ") }
