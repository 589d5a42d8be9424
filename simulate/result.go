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
	// ID is the Id of the input. It is not a field of AWS's.
	ID                json.RawMessage `json:"Id,omitempty"`
	EvaluationResults []EvaluationResult
	// IsTruncated is always false.
	IsTruncated bool
}

// EvaluationResult is the result for one action and one resource.
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

// MatchedStatement is a statement that determines the decision. AWS's API calls it
// Statement.
type MatchedStatement struct {
	SourcePolicyID             string `json:"SourcePolicyId"`
	SourcePolicyType           string
	StartPosition, EndPosition diag.Point
}

// OrganizationsDecisionDetail contains the decision of the organization's policies on
// their own.
type OrganizationsDecisionDetail struct{ AllowedByOrganizations bool }

// PermissionsBoundaryDecisionDetail contains the decision of the permissions boundary on
// its own.
type PermissionsBoundaryDecisionDetail struct{ AllowedByPermissionsBoundary bool }

// Simulate returns the results of evaluations. They contain id, unless it is nil.
func Simulate(id json.RawMessage, evaluations []Evaluation) *Results {
	results := &Results{ID: id, EvaluationResults: make([]EvaluationResult, len(evaluations))}
	for i := range evaluations {
		results.EvaluationResults[i] = evaluations[i].result()
	}
	return results
}

func (q *Evaluation) result() EvaluationResult {
	e := q.Policies.Explain(&q.Request)
	r := EvaluationResult{
		EvalActionName:       q.Request.Action,
		EvalResourceName:     q.Request.Resource,
		EvalDecision:         e.Decision.String(),
		MatchedStatements:    matchedStatements(&e),
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

// matchedStatements returns the statements that determine the decision, never nil.
func matchedStatements(e *iam.Explanation) []MatchedStatement {
	statements := []MatchedStatement{}
	for _, m := range MatchedStatements(e) {
		end := m.Statement.End
		end.Column++
		statements = append(statements, MatchedStatement{m.Policy.Source.String(), policyType(m.Class), m.Statement.Start, end})
	}
	return statements
}

// policyType returns the type of a policy as AWS's simulator prints it.
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

// details returns EvalDecisionDetails, nil if the result has none.
func (q *Evaluation) details(e *iam.Explanation) map[string]string {
	if q.Request.Resource == "*" || e.BlockedBy == iam.SCPClass {
		return nil
	}
	details := map[string]string{}
	if !q.crossAccount() {
		return details
	}
	for _, class := range []iam.Class{iam.IdentityClass, iam.ResourceClass, iam.BoundaryClass, iam.SessionClass} {
		d, applies := classDecision(e, class)
		switch {
		case applies:
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

// String returns the results as indented JSON with a final line feed.
func (r *Results) String() string { return encode(r, "    ") }
