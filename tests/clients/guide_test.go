package clients

import (
	"testing"
)

// The accounts of the ECR guide's examples.
const (
	owner   = "111122223333"
	another = "444455556666"
	third   = "777788889999"
)

// The policies that a user may have, beside the example's own.
const (
	mayLogIn   = "login"                      // ecr:GetAuthorizationToken, which no repository's policy can allow
	mayAll     = "identity-all-ecr-resources" // ecr:* on every repository
	mayPull    = "identity-pull-only"
	mayOneRepo = "identity-list-token-contents"
)

// What a user may be told about a push or a pull.
const (
	allowed    = ""
	nobodysYes = "is not authorized to perform: ecr:"
	explicitNo = "with an explicit deny in a resource-based policy"
	silentNo   = "403 Forbidden (HEAD responses have no body" // who may not even ask whether a blob is there
)

// caller is a user, by the name of one who has a password, with policies, and
// what becomes of a push to and a pull from my-repo.
type caller struct {
	name       string
	arn        string // account:user/NAME
	policies   []string
	push, pull string
}

// examples are the example policies of the ECR guide, in the registry of an
// account, with what each means for the callers that it is about.
var examples = []struct {
	policy  string // of the repository, "" if the example is a policy of users
	account string
	callers []caller
}{
	{"repository-push-pull", owner, []caller{
		{"alice", owner + ":user/push-pull-user-1", []string{mayLogIn}, allowed, allowed},
		{"bob", owner + ":user/push-pull-user-2", []string{mayLogIn}, allowed, allowed},
		{"dave", owner + ":user/push-pull-user-3", []string{mayLogIn}, silentNo, nobodysYes},
	}},
	{"repository-cross-account-push", another, []caller{
		{"alice", owner + ":user/dev", []string{mayLogIn, mayAll}, allowed, nobodysYes},
		{"bob", owner + ":user/other", []string{mayLogIn}, silentNo, nobodysYes},
		{"dave", third + ":user/dev", []string{mayLogIn, mayAll}, silentNo, nobodysYes},
	}},
	{"repository-pull-all-accounts", owner, []caller{
		{"alice", another + ":user/dev", []string{mayLogIn, mayAll}, nobodysYes, allowed},
		{"bob", another + ":user/other", []string{mayLogIn}, silentNo, nobodysYes},
		{"dave", owner + ":user/anyone", []string{mayLogIn}, nobodysYes, allowed},
	}},
	{"repository-pull-and-admin", owner, []caller{
		{"admin", owner + ":user/admin-user", []string{mayLogIn}, allowed, allowed},
		{"alice", owner + ":user/pull-user-1", []string{mayLogIn}, nobodysYes, allowed},
		{"bob", owner + ":user/pull-user-2", []string{mayLogIn}, nobodysYes, allowed},
	}},
	{"repository-pull-and-admin", owner, []caller{ // an account has no two names that differ in case alone
		{"dave", owner + ":user/Admin-User", []string{mayLogIn}, silentNo, nobodysYes},
	}},
	{"repository-deny-pull", owner, []caller{
		{"alice", owner + ":user/dev", []string{mayLogIn, mayAll}, allowed, explicitNo},
		{"dave", another + ":user/dev", []string{mayLogIn, mayAll}, silentNo, explicitNo},
	}},
	{"repository-ip-allow", owner, []caller{ // not for this machine's address
		{"alice", owner + ":user/dev", []string{mayLogIn, mayAll}, silentNo, explicitNo},
	}},
	{"", owner, []caller{
		{"alice", owner + ":user/pull-only", []string{mayPull}, nobodysYes, allowed},
		{"bob", owner + ":user/one-repository", []string{mayOneRepo}, allowed, allowed},
		{"dave", owner + ":user/all-but-login", []string{mayAll}, silentNo, nobodysYes + "GetAuthorizationToken"},
	}},
}

// TestGuide holds every example policy of the ECR guide by real pushes and
// pulls through the whole system.
func TestGuide(t *testing.T) {
	for _, e := range examples {
		name := e.policy
		if name == "" {
			name = "identity"
		}
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, guidePolicies(t, e.account, e.policy, e.callers))
			w.write(t, "my-repo:v1", teamText)
			for _, c := range e.callers {
				t.Run(c.name, func(t *testing.T) { c.meets(t, w) })
			}
		})
	}
}
