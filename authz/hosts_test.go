package authz

import (
	"strings"
	"testing"
)

// TestHostsWithPorts sends requests with Host headers with and without ports to
// registries whose hosts have none, a port, and the default ports. Source: RFC 9110,
// section 4.2, for the ports that clients leave out.
func TestHostsWithPorts(t *testing.T) {
	checker := newCheckerOf(t, map[string]string{
		"registries.yaml": `registries:
- {name: any, hosts: [any.example.com, "[2001:db8::1]"], account: "123456789012", region: eu-central-1}
- {name: port, hosts: ["port.example.com:5000", "[2001:db8::1]:5000"], account: "123456789012", region: eu-central-1}
- {name: https, hosts: ["https.example.com:443"], account: "123456789012", region: eu-central-1}
- {name: http, hosts: ["http.example.com:80"], account: "123456789012", region: eu-central-1}
`,
		"principals.yaml": `credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/alice"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [pull]}
`,
		"managed/pull.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}]}`,
	}, "alice")
	const onlyPort = "which has that host with port "
	for _, c := range []struct{ registry, host, refused string }{
		{"any", "any.example.com", ""}, {"any", "any.example.com:443", ""}, {"any", "any.example.com:5000", ""}, {"any", "ANY.example.com:1", ""},
		{"any", "[2001:db8::1]", ""}, {"any", "[2001:db8::1]:8443", ""}, {"any", "other.example.com", "is not a host of registry"},
		{"port", "port.example.com:5000", ""}, {"port", "Port.Example.Com:5000", ""}, {"port", "[2001:db8::1]:5000", ""},
		{"port", "port.example.com", onlyPort + "5000"}, {"port", "port.example.com:443", onlyPort + "5000"}, {"port", "port.example.com:50000", onlyPort + "5000"},
		{"port", "port.example.com:05000", onlyPort + "5000"}, {"port", "[2001:db8::1]", onlyPort + "5000"}, {"port", "other.example.com:5000", "is not a host of registry"},
		{"https", "https.example.com", ""}, {"https", "https.example.com:443", ""}, {"https", "https.example.com:80", onlyPort + "443"}, {"https", "https.example.com:8443", onlyPort + "443"},
		{"http", "http.example.com", ""}, {"http", "http.example.com:80", ""}, {"http", "http.example.com:443", onlyPort + "80"},
	} {
		t.Run(c.registry+" "+c.host, func(t *testing.T) {
			r := from("alice", "GET", "/v2/team/app/manifests/v1")
			r.Extensions, r.Host = map[string]string{RegistryExtension: c.registry}, c.host
			result := checker.Check(t.Context(), r)
			if c.refused == "" && result.Decision != Allowed || c.refused != "" && (result.Decision == Allowed || !strings.Contains(result.Reason, c.refused)) {
				t.Errorf("%s: %s, want %q", result.Decision, result.Reason, c.refused)
			}
		})
	}
}
