package identity

import (
	"strings"
	"testing"

	"extauthz/identity/sts"
)

// A captured role name is looked up at one path: whoever chooses the name does not
// choose among roles at other paths, which their trust policies guard.
func TestCapturedRoleHasAPath(t *testing.T) {
	const at = "spiffe://{namespace}/x"
	for _, c := range []struct {
		name, principal, path, who string
		want                       want
	}{
		{"a role at the path", "{namespace}/pod", "/kubernetes/", "prod", want{arn: session + "prod/pod"}},
		{"a role at another path", "{namespace}/pod", "/kubernetes/", "ci", want{reason: `role "ci" of account 123456789012 is not among the principals at path /kubernetes/`}},
		{"a role at the root", "{namespace}/pod", "/kubernetes/", "admin", want{reason: "at path /kubernetes/"}},
		{"a role at a path below", "{namespace}/pod", "/kubernetes/", "deep", want{reason: "at path /kubernetes/"}},
		{"no role, in the same words", "{namespace}/pod", "/kubernetes/", "none", want{reason: `role "none" of account 123456789012 is not among the principals at path /kubernetes/`}},
		{"the end of a path is no path", "{namespace}/pod", "/b/", "deep", want{reason: "at path /b/"}},
		{"a path of two", "{namespace}/pod", "/kubernetes/b/", "deep", want{arn: session + "deep/pod"}},
		{"a prefix, by default at the root", "k8s-{namespace}/pod", "", "prod", want{arn: session + "k8s-prod/pod"}},
		{"a prefix, at a path", "k8s-{namespace}/pod", "", "path", want{reason: "at path /;"}},
		{"a suffix, at the root", "{namespace}-role/pod", "/", "x", want{arn: session + "x-role/pod"}},
		{"a literal name, whatever its path", "ci/{namespace}", "", "x1", want{arn: session + "ci/x1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			auth := principals{
				entities: []sts.Entity{
					{ARN: role + "kubernetes/prod"}, {ARN: role + "team/ci"}, {ARN: role + "admin"}, {ARN: role + "kubernetes/b/deep"},
					{ARN: role + "k8s-prod"}, {ARN: role + "team/k8s-path"}, {ARN: role + "x-role"},
				},
				bindings: []Binding{{Kind: URI, Name: at, Principal: session + c.principal, Path: c.path}},
			}.build(t)
			name := strings.Replace(at, "{namespace}", c.who, 1)
			caller, f := authenticate(t, auth, config(), Credentials{Principal: name, Certificate: certificate(t, certificateNames{uris: []string{name}})})
			c.want.check(t, caller, f)
		})
	}
}

func TestRolePathRefuses(t *testing.T) {
	for _, c := range []struct{ name, principal, path, want string }{
		{"a role that is wholly captured", session + "{a}/pod", "", "such as path: /kubernetes/"},
		{"the same, at the root", session + "{a}/{b}", "/", "{a} could be any role at path /"},
		{"no slash before", session + "{a}/pod", "kubernetes/", "from slash to slash"},
		{"no slash behind", session + "{a}/pod", "/kubernetes", "from slash to slash"},
		{"an empty segment", session + "{a}/pod", "//", "from slash to slash"},
		{"a star", session + "{a}/pod", "/*/", "from slash to slash"},
		{"a capture", session + "{a}/pod", "/{b}/", "from slash to slash"},
		{"of a literal role", session + "ci/{a}", "/team/", "leave it out"},
		{"of a user", "arn:aws:iam::123456789012:user/dev/{a}", "/dev/", "leave it out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := bindable(t, Binding{Kind: URI, Name: "spiffe://{a}/{b}", Principal: c.principal, Path: c.path})
			if _, err := w.try(t); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
