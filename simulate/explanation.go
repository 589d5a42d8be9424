package simulate

import (
	"extauthz/iam"
)

// An Explanation is what [Evaluation.Explain] writes, for programs.
type Explanation struct {
	Principal string          `json:"principal"`
	Action    string          `json:"action"`
	Resource  string          `json:"resource"`
	Decision  string          `json:"decision"`
	Reason    string          `json:"reason,omitempty"`
	Missing   []string        `json:"missingContextKeys,omitempty"`
	Classes   []ExplainedList `json:"classes"`
	Remedy    *Remedy         `json:"remedy,omitempty"` // of a denial
}

// An ExplainedList is the policies of one class at one level.
type ExplainedList struct {
	Class      string               `json:"class"`
	Level      int                  `json:"level,omitempty"` // of a service or resource control policy, from 1
	Decision   string               `json:"decision"`        // of these policies by themselves
	Statements []ExplainedStatement `json:"statements"`
}

// An ExplainedStatement is a statement and whether it applies.
type ExplainedStatement struct {
	Place   string `json:"place"` // file:line:column
	Effect  string `json:"effect"`
	Sid     string `json:"sid,omitempty"`
	Applies bool   `json:"applies"`
	// Element is the first element that keeps it from applying: Action, Resource, Principal or
	// Condition, also for their negations.
	Element  string `json:"element,omitempty"`
	Operator string `json:"operator,omitempty"` // of the condition
	Key      string `json:"key,omitempty"`      // of the condition
	Reason   string `json:"reason,omitempty"`   // with the value that was found
}

// Explanation returns the explanation of the evaluation.
func (q *Evaluation) Explanation() *Explanation {
	e := q.Policies.Explain(&q.Request)
	x := &Explanation{
		Principal: callerText(q.Request.Principal, q.Unnamed), Action: q.Request.Action, Resource: q.Request.Resource,
		Decision: e.Decision.String(), Reason: q.decisionReason(&e), Missing: e.MissingContextKeys, Remedy: q.Remedy(),
		Classes: []ExplainedList{},
	}
	traces := q.Policies.Trace(&q.Request)
	for _, c := range e.Classes {
		list := ExplainedList{Class: c.Class.String(), Decision: c.Decision.String(), Statements: []ExplainedStatement{}}
		if levelText(c.Class, c.Level) != "" {
			list.Level = c.Level + 1
		}
		for i := range traces {
			if t := &traces[i]; t.Class == c.Class && t.Level == c.Level {
				list.Statements = append(list.Statements, q.explainedStatement(t))
			}
		}
		x.Classes = append(x.Classes, list)
	}
	return x
}

func (q *Evaluation) explainedStatement(t *iam.StatementTrace) ExplainedStatement {
	s := ExplainedStatement{
		Place: t.Policy.Source.At(t.Statement.Start).String(), Effect: t.Statement.Effect.String(), Sid: t.Statement.Sid,
		Applies: t.Applicability == iam.Applies, Operator: t.Operator, Key: t.Key,
	}
	switch t.Applicability {
	case iam.OtherAction:
		s.Element = "Action"
	case iam.OtherResource:
		s.Element = "Resource"
	case iam.OtherPrincipal:
		s.Element = "Principal"
	case iam.FalseCondition:
		s.Element = "Condition"
	case iam.Applies:
	}
	if !s.Applies {
		s.Reason = q.reason(t)
	}
	return s
}
