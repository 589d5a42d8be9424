package denialmessage

import "time"

// A Message describes a denial. Its JSON is that of AWS's decoded authorization messages, with
// further members at the end.
type Message struct {
	Allowed           bool             `json:"allowed"` // always false
	ExplicitDeny      bool             `json:"explicitDeny"`
	MatchedStatements Items[Statement] `json:"matchedStatements"` // those that applied, also Allows
	Failures          Items[Failure]   `json:"failures"`          // of the evaluation
	Context           Context          `json:"context"`

	Reason       string    `json:"reason"` // AWS's sentence, whatever the client sees of it
	DecisionID   string    `json:"decisionId"`
	Time         time.Time `json:"time"` // when the request arrived
	Registry     string    `json:"registry"`
	PolicyDigest string    `json:"policyDigest"`
	DryRun       bool      `json:"dryRun,omitzero"`
	Truncated    []string  `json:"truncated,omitempty"` // the members that are cut; see Encoder.Encode
}

// Items is a list in AWS's form.
type Items[T any] struct {
	Items []T `json:"items"`
}

// A Statement is a statement of a policy that applied.
type Statement struct {
	StatementID string `json:"statementId"` // the Sid, "" without one
	Effect      string `json:"effect"`      // ALLOW or DENY
	PolicyType  string `json:"policyType"`  // such as "identity-based policy"
	Policy      string `json:"policy"`      // the file in the policy directory, or an ARN of AWS
	Line        int    `json:"line"`        // at which the statement begins
}

// A Failure is a fault that ended the evaluation.
type Failure struct {
	Message string `json:"message"`
}

// Context is the request that was denied.
type Context struct {
	Principal  Principal        `json:"principal"`
	Action     string           `json:"action"`
	Resource   string           `json:"resource"`
	Conditions Items[Condition] `json:"conditions"` // every condition key of the request
}

// A Principal is the caller.
type Principal struct {
	ID   string `json:"id"`   // aws:userid, "" if it is not known
	Name string `json:"name"` // the last part of the ARN
	ARN  string `json:"arn"`
}

// A Condition is a condition key of the request with its values.
type Condition struct {
	Key    string       `json:"key"`
	Values Items[Value] `json:"values"`
}

// A Value is a value of a condition key.
type Value struct {
	Value string `json:"value"`
}
