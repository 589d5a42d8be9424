package authz

import (
	"context"
	"strings"
	"testing"
)

// TestHeaderText checks that a header value is short and printable.
func TestHeaderText(t *testing.T) {
	hostile := "a\r\nSet-Cookie: b\x00\xff"
	fits := strings.Repeat("c", maxHeaderText)
	for _, c := range []struct{ name, text, want string }{
		{"plain", "unchanged", "unchanged"},
		{"control and other bytes", hostile, "a??Set-Cookie: b??"},
		{"longest text", fits, fits},
		{"one byte longer", fits + "c", fits[3:] + "..."},
		{"far too long", strings.Repeat(fits, 10), fits[3:] + "..."},
		{"no printable byte", strings.Repeat("\xff", 2*maxHeaderText), strings.Repeat("?", maxHeaderText-3) + "..."},
	} {
		if got := headerText(c.text); got != c.want {
			t.Errorf("%s: %d bytes %q, want %q", c.name, len(got), got, c.want)
		}
	}
}

// TestLongestReason checks that the header of a HEAD request contains the longest possible
// reason: callers and a repository with the longest names that IAM and ECR allow, the action
// with the longest name, and each class of policy that the directory can contain.
func TestLongestReason(t *testing.T) {
	role, session, user := strings.Repeat("r", 64), strings.Repeat("s", 64), strings.Repeat("u", 64)
	path, repository := "/"+strings.Repeat("p", 510)+"/", strings.Repeat("n", 255)
	const account = "arn:aws-us-gov:iam::123456789012:"
	longest := "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/" + repository
	checker := newCheckerOf(t, map[string]string{
		"registries.yaml": `registries:
- {name: main, hosts: [localhost], account: "123456789012", partition: aws-us-gov, region: us-gov-west-1}
`,
		"principals.yaml": `credentials:
- {basic: session, principal: "arn:aws-us-gov:sts::123456789012:assumed-role/` + role + "/" + session + `"}
- {basic: user, principal: "` + account + "user" + path + user + `"}
principals:
- {arn: "` + account + "role/" + role + `", policies: [login]}
- {arn: "` + account + "user" + path + user + `", policies: [login, all], boundary: login}
`,
		"managed/login.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}}`,
		"managed/all.json":   `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	}, "session", "user")
	const action = "ecr:BatchCheckLayerAvailability"
	for caller, want := range map[string]string{
		"session": "User: arn:aws-us-gov:sts::123456789012:assumed-role/" + role + "/" + session + " is not authorized to perform: " + action +
			" on resource: " + longest + " because no identity-based policy allows the " + action + " action",
		"user": "User: " + account + "user" + path + user + " is not authorized to perform: " + action +
			" on resource: " + longest + " because no permissions boundary allows the " + action + " action",
	} {
		r := checker.Check(context.Background(), from(caller, "HEAD", "/v2/"+repository+"/blobs/"+digest))
		if got := header(r, ReasonHeader); r.Answer.Status != 403 || got != want {
			t.Errorf("%s: %d, %d bytes of %d: %s", caller, r.Answer.Status, len(got), len(want), got)
		}
	}
}
