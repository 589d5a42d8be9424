package simulate

import (
	"strings"
	"testing"
	"time"

	"extauthz/mapping"
)

func TestMapText(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         string
		ok           bool
	}{
		{"HEAD", "/v2/team/app/manifests/v1", "operation    HeadManifest\nrepository   team/app\nreference    v1\npermissions:\n  ecr:BatchGetImage on arn:aws-cn:ecr:cn-north-1:210987654321:repository/team/app\n", true},
		{"POST", "/v2/team/app/blobs/uploads/?mount=sha256:" + strings.Repeat("0", 64) + "&from=base/os", "repository/base/os (optional)\n", true},
		{"GET", "/v2/team/app\x1b[31m/manifests/v1", "refused: ", false},
	} {
		r := &mapping.HTTPRequest{Method: c.method, Path: c.path}
		got, ok := MapText(quickRegistry(), r)
		if ok != c.ok || !strings.Contains(got, c.want) || strings.Contains(got, "\x1b") {
			t.Errorf("%s %s: got %t\n%s\nwant %t\n%s", c.method, c.path, ok, got, c.ok, c.want)
		}
	}
}

func TestWhoamiText(t *testing.T) {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		who  Whoami
		want string
	}{
		{"caller", Whoami{
			Time: at, Registry: "main", Source: "basic", Principal: "arn:aws:iam::123456789012:user/alice", PrincipalType: "User",
			Context: map[string]any{"aws:username": "alice", "aws:PrincipalOrgPaths": []string{"o/r"}}, Policies: []string{"managed/a.json"},
		}, "arn:aws:iam::123456789012:user/alice\ntype         User\nregistry     main\nsource       basic\ntime         2026-11-29T12:00:00Z\n" +
			"condition keys:\n  aws:PrincipalOrgPaths = [o/r]\n  aws:username = alice\nidentity policies:\n  managed/a.json\n"},
		{"no caller", Whoami{Time: at, Registry: "main", Source: "bearer", Reason: "claim \"x\" is\x1b[31m red"},
			"no caller is authenticated: \"claim \\\"x\\\" is\\x1b[31m red\"\nregistry     main\nsource       bearer\ntime         2026-11-29T12:00:00Z\n"},
	} {
		if got := c.who.Text(); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
