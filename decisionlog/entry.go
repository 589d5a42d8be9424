package decisionlog

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"time"

	"extauthz/authz"
	"extauthz/iam"
)

// An Entry is one line of a decision log. README.md describes the fields. A field that the
// line does not have is empty.
type Entry struct {
	Line int `json:"-"` // in the log, from 1

	Version       int           `json:"version"` // 0 before versions were written
	Time          time.Time     `json:"time"`
	Decision      authz.Outcome `json:"decision"`
	DecisionID    string        `json:"decisionId"`
	DryRun        bool          `json:"dryRun"` // the request was only tried
	Reason        string        `json:"reason"`
	RequestID     string        `json:"requestId"`
	Registry      string        `json:"registry"`
	Principal     string        `json:"principal"`
	User          string        `json:"user"`
	Source        string        `json:"source"`
	Issuer        string        `json:"issuer"`
	KeyID         string        `json:"keyId"`
	IssuedTo      string        `json:"issuedTo"`
	IssuedKeyID   string        `json:"issuedKeyId"`
	ClientAddress string        `json:"clientAddress"`
	Method        string        `json:"method"`
	Operation     string        `json:"operation"`
	Repository    string        `json:"repository"`
	Reference     string        `json:"reference"`
	Actions       []Action      `json:"actions"`

	// What else determined the decision, of a request that maps to actions:
	Tags            []string          `json:"tags"`
	MountFrom       string            `json:"mountFrom"`
	EmptyBody       bool              `json:"emptyBody"`
	Context         map[string]string `json:"context"` // by condition key; nil if the line has none
	FederatedBy     string            `json:"federatedBy"`
	SessionPolicies []string          `json:"sessionPolicies"`
	Omitted         []string          `json:"omitted"` // what the line leaves out of the above

	Digest  string  `json:"digest"`
	Latency float64 `json:"latencySeconds"` // in seconds
}

// An Action is a permission that a request needed, and the decision on it.
type Action struct {
	Action     string       `json:"action"`
	Resource   string       `json:"resource"`
	Decision   iam.Decision `json:"decision"`
	Optional   bool         `json:"optional"`
	Statements []Statement  `json:"statements"`
}

// A Statement is a statement of a policy that applied to a request.
type Statement struct {
	Effect string `json:"effect"` // Allow or Deny
	Policy string `json:"policy"`
	Sid    string `json:"sid"`
	Line   int    `json:"line"`
}

// errForeign is the error of JSON that is not a decision, such as a line of the process log.
var errForeign = errors.New("the line is JSON, but not a decision")

// parseEntry parses a line. It ignores members that it does not know, because later versions
// add members. A member that every line has must be there, and no member may be repeated.
func parseEntry(line []byte) (*Entry, error) {
	var always struct {
		Message  string          `json:"msg"`
		Time     *jsontext.Value `json:"time"`
		Decision *jsontext.Value `json:"decision"`
		Digest   *jsontext.Value `json:"digest"`
	}
	if err := json.Unmarshal(line, &always); err != nil && !jsontext.Value(line).IsValid() {
		return nil, err
	}
	if always.Message != "decision" {
		return nil, errForeign
	}
	for _, member := range []struct {
		name  string
		value *jsontext.Value
	}{{"time", always.Time}, {"decision", always.Decision}, {"digest", always.Digest}} {
		if member.value == nil {
			return nil, fmt.Errorf("the decision has no %s", member.name)
		}
	}
	e := new(Entry)
	if err := json.Unmarshal(line, e); err != nil {
		return nil, err
	}
	for _, a := range e.Actions {
		if a.Action == "" || a.Resource == "" {
			return nil, errors.New("a permission has no action or no resource")
		}
	}
	return e, nil
}
