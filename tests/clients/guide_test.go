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

// The policies that a user may have in addition to that of the example.
const (
	mayLogIn   = "login"                      // ecr:GetAuthorizationToken, which a repository's policy cannot allow
	mayAll     = "identity-all-ecr-resources" // ecr:* on every repository
	mayPull    = "identity-pull-only"
	mayOneRepo = "identity-list-token-contents"
)

// The errors of a push or a pull, or "" if it is allowed.
const (
	allowed      = ""
	notAllowed   = "is not authorized to perform: ecr:"
	explicitDeny = "with an explicit deny in a resource-based policy"
	statusOnly   = "403 Forbidden (HEAD responses have no body" // for a user that may not even look for a blob
)

// caller is a user of the scenarios with an ARN and policies, and the errors of a push to and a
// pull from my-repo.
type caller struct {
	name       string
	arn        string // account:user/NAME
	policies   []string
	push, pull string
}

// examples are the example policies of the ECR guide, each in the registry of an account, with the
// results for the callers that it affects.
var examples = []struct {
	policy  string // of the repository; "" if the example is a policy of users
	account string
	callers []caller
}{
	{"repository-push-pull", owner, []caller{
		{"alice", owner + ":user/push-pull-user-1", []string{mayLogIn}, allowed, allowed},
		{"bob", owner + ":user/push-pull-user-2", []string{mayLogIn}, allowed, allowed},
		{"dave", owner + ":user/push-pull-user-3", []string{mayLogIn}, statusOnly, notAllowed},
	}},
	{"repository-cross-account-push", another, []caller{
		{"alice", owner + ":user/dev", []string{mayLogIn, mayAll}, allowed, notAllowed},
		{"bob", owner + ":user/other", []string{mayLogIn}, statusOnly, notAllowed},
		{"dave", third + ":user/dev", []string{mayLogIn, mayAll}, statusOnly, notAllowed},
	}},
	{"repository-pull-all-accounts", owner, []caller{
		{"alice", another + ":user/dev", []string{mayLogIn, mayAll}, notAllowed, allowed},
		{"bob", another + ":user/other", []string{mayLogIn}, statusOnly, notAllowed},
		{"dave", owner + ":user/anyone", []string{mayLogIn}, notAllowed, allowed},
	}},
	{"repository-pull-and-admin", owner, []caller{
		{"admin", owner + ":user/admin-user", []string{mayLogIn}, allowed, allowed},
		{"alice", owner + ":user/pull-user-1", []string{mayLogIn}, notAllowed, allowed},
		{"bob", owner + ":user/pull-user-2", []string{mayLogIn}, notAllowed, allowed},
	}},
	{"repository-pull-and-admin", owner, []caller{ // names in an account do not differ only in case
		{"dave", owner + ":user/Admin-User", []string{mayLogIn}, statusOnly, notAllowed},
	}},
	{"repository-deny-pull", owner, []caller{
		{"alice", owner + ":user/dev", []string{mayLogIn, mayAll}, allowed, explicitDeny},
		{"dave", another + ":user/dev", []string{mayLogIn, mayAll}, statusOnly, explicitDeny},
	}},
	{"repository-ip-allow", owner, []caller{ // for other addresses than this machine's
		{"alice", owner + ":user/dev", []string{mayLogIn, mayAll}, statusOnly, explicitDeny},
	}},
	{"", owner, []caller{
		{"alice", owner + ":user/pull-only", []string{mayPull}, notAllowed, allowed},
		{"bob", owner + ":user/one-repository", []string{mayOneRepo}, allowed, allowed},
		{"dave", owner + ":user/all-but-login", []string{mayAll}, statusOnly, notAllowed + "GetAuthorizationToken"},
	}},
}

// TestGuide checks every example policy of the ECR guide with pushes and pulls through the whole
// system.
func TestGuide(t *testing.T) {
	for _, e := range examples {
		name := e.policy
		if name == "" {
			name = "identity"
		}
		t.Run(name, func(t *testing.T) {
			w := newSystem(t, guidePolicies(t, e.account, e.policy, e.callers))
			w.write(t, "my-repo:v1", teamText)
			for _, c := range e.callers {
				t.Run(c.name, func(t *testing.T) { c.meets(t, w) })
			}
		})
	}
}
