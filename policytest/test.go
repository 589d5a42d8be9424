package policytest

import (
	"time"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
)

// A Test is one policy test. Its zero value expects a refusal.
type Test struct {
	File string // tests/NAME.yaml
	Line int
	Name string

	// One of the three is who asks.

	Principal  string // an ARN, or the name of a service
	Anonymous  bool
	Credential *identity.OfflineCredential

	Tags   []sts.Tag          // session tags of a Principal that is a role session
	Source sts.SourceResource // of a Principal that is a service: the resource for which it calls

	Registry string // "" is the only one there is

	// Method and Path, or Action and Resource, are what is asked.

	Method, Path     string
	Action, Resource string

	Headers []mapping.Header // names in lower case, in order
	Peer    string           // the client's address; "" leaves aws:SourceIp out
	Time    time.Time        // zero is the time of the run
	TLS     bool             // the client's connection is TLS

	Expect authz.Outcome
	Denied string // the action that is not allowed; "" is any
	Sid    string // of a statement that decides; "" is any
}

// ID is how a test is named in output: its file and name.
func (t *Test) ID() string { return t.File + ": " + t.Name }
