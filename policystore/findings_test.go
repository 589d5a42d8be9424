package policystore

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"extauthz/iam"
)

// TestIdle checks that sources and users that cannot authenticate a caller are findings,
// with their positions, and that the directory still loads.
func TestIdle(t *testing.T) {
	const registry = "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n"
	const principals = "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice'}\n"
	const line = "$2a$04$LgR1pVdhT.VogB6bsY9v8OCJ5T6U7ZIZYU.5gK.gOgZD0p4B4gKHy\n"
	const all = "  sources: [mtls, jwt_authn, bearer, basic, header]\n  header: x-user\n"
	for _, c := range []struct {
		name, sources, before, htpasswd string
		want                            []string
	}{
		{"nothing", all, "", "", []string{
			`registries.yaml:6:12: registry "main": the source basic cannot authenticate any caller, because principals.yaml has no credential with basic, and no issuer with jwks`,
			`registries.yaml:6:12: registry "main": the source bearer cannot authenticate any caller, because principals.yaml has no issuer with jwks`,
			`registries.yaml:6:12: registry "main": the source header cannot authenticate any caller, because principals.yaml has no credential with header`,
			`registries.yaml:6:12: registry "main": the source jwt_authn cannot authenticate any caller, because principals.yaml has no issuer with metadata`,
			`registries.yaml:6:12: registry "main": the source mtls cannot authenticate any caller, because principals.yaml has no credential with uri, dns or subject`,
		}},
		{"by default", "", "", "", nil},
		{"one of each", all, "issuers:\n- {name: ci, issuer: 'https://ci.example.com', jwks: 'https://ci.example.com/jwks', metadata: ci}\n" +
			"credentials:\n- {dns: a.example.com, principal: 'arn:aws:iam::123456789012:user/alice'}\n- {header: '{name}', principal: 'arn:aws:iam::123456789012:user/{name}'}\n", "", nil},
		{"an issuer that Envoy alone verifies", "  sources: [jwt_authn, bearer]\n", "issuers:\n- {name: ci, issuer: 'https://ci.example.com', metadata: ci}\n", "", []string{
			`registries.yaml:6:12: registry "main": the source bearer cannot authenticate any caller, because principals.yaml has no issuer with jwks`,
		}},
		{"users", "", "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n", "# people\nbob:" + line + "alice:" + line + "carol:" + line, []string{
			`htpasswd:2:1: no principal is bound to user "bob", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
			`htpasswd:4:1: no principal is bound to user "carol", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
		}},
		{"users by a pattern", "", "credentials:\n- {basic: 'a{rest}', principal: 'arn:aws:iam::123456789012:user/a{rest}'}\n", "alice:" + line + "bob:" + line, []string{
			`htpasswd:2:1: no principal is bound to user "bob", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
		}},
		{"users who are not there", "", "credentials:\n- {basic: '{user}', principal: 'arn:aws:iam::123456789012:user/{user}'}\n", "alice:" + line + "carol:" + line, []string{
			`htpasswd:2:1: no principal is bound to user "carol", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := compile(treeOf(map[string]string{
				"registries.yaml": registry + c.sources, "principals.yaml": c.before + principals, "htpasswd": c.htpasswd,
			}), options(), newPersistent(offline()))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range s.Findings {
				got = append(got, f.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestCostlyHashes checks that each hash of cost 13 or 14 is a finding at its line: on a busy
// machine it takes longer than the timeout of 0.5 s in the shipped Envoy configurations.
func TestCostlyHashes(t *testing.T) {
	const hash = "$LgR1pVdhT.VogB6bsY9v8OCJ5T6U7ZIZYU.5gK.gOgZD0p4B4gKHy\n"
	var lines, bindings strings.Builder
	for _, cost := range []int{4, 10, 12, 13, 14} {
		fmt.Fprintf(&lines, "u%d:$2a$%02d%s", cost, cost, hash)
		fmt.Fprintf(&bindings, "- {basic: u%d, principal: 'arn:aws:iam::123456789012:user/alice'}\n", cost)
	}
	s, err := compile(treeOf(map[string]string{
		"registries.yaml": "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n",
		"principals.yaml": "credentials:\n" + bindings.String() + "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice'}\n",
		"htpasswd":        "# users\n" + lines.String(),
	}), options(), newPersistent(offline()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Findings {
		got = append(got, f.String())
	}
	want := []string{
		`htpasswd:5:1: the bcrypt hash of user "u13" has cost 13, which a busy machine cannot verify within Envoy's timeout of 0.5 s; use a cost of at most 12: make the line again with htpasswd -nB -C 12`,
		`htpasswd:6:1: the bcrypt hash of user "u14" has cost 14, which a busy machine cannot verify within Envoy's timeout of 0.5 s; use a cost of at most 12: make the line again with htpasswd -nB -C 12`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestPartitions checks that a registry in an unknown partition is a finding at its
// position, and that it is in force.
func TestPartitions(t *testing.T) {
	const registry = "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: home-1\n"
	tried := map[string][]string{
		"": nil, "  partition: aws-moon\n": {`registries.yaml:6:14: registry "main" is of the unknown partition "aws-moon"`},
	}
	for partition := range iam.Partitions() {
		tried["  partition: "+partition+"\n"] = nil
	}
	if len(tried) < 6 {
		t.Fatalf("%d partitions, want at least 6", len(tried))
	}
	for line, want := range tried {
		s, err := compile(treeOf(map[string]string{"registries.yaml": registry + line, "principals.yaml": "credentials: []\nprincipals: []\n"}), options(), newPersistent(offline()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range s.Findings {
			got = append(got, f.String())
		}
		if !slices.Equal(got, want) || s.RegistryNamed("main") == nil {
			t.Errorf("%q: got %v want %v", line, got, want)
		}
	}
}

// TestOtherPartitions checks that a policy of another partition is reported as that,
// wherever its ARN is.
func TestOtherPartitions(t *testing.T) {
	const allow = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":`
	const reason = `" is in partition "aws-cn", and the registries in registries.yaml are in aws, so it matches nothing here; fix the ARN, or set partition: aws-cn for its registry`
	second := "- {name: china, hosts: [china], account: \"123456789012\", region: cn-north-1, partition: aws-cn}\n"
	for _, c := range []struct {
		name, file, text, more string
		want                   string
	}{
		{"a resource", "managed/a.json", allow + `["arn:aws:ecr:*:*:repository/a","arn:aws-cn:ecr:cn-north-1:123456789012:repository/a"]}}`, "", `managed/a.json:1:115: "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a` + reason},
		{"a short ARN", "managed/a.json", allow + `"arn:aws-cn:ecr:*"}}`, "", `"arn:aws-cn:ecr:*` + reason},
		{"a principal", secretDir, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:*","Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"}}}`, "", secretDir + `:1:90: "arn:aws-cn:iam::123456789012:root` + reason},
		{"the principal of a trust policy", "trust/ci.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"}}}`, "", `trust/ci.json:1:100: "arn:aws-cn:iam::123456789012:root` + reason},
		{"the caller in a condition", "managed/a.json", allow + `"*","Condition":{"ArnLike":{"aws:PrincipalARN":"arn:aws-cn:iam::*:role/ci"}}}}`, "", `managed/a.json:1:130: "arn:aws-cn:iam::*:role/ci` + reason},
		{"a calling resource in a condition", "managed/a.json", allow + `"*","Condition":{"StringLike":{"aws:SourceArn":["arn:aws:s3:::a","arn:aws-cn:s3:::a"]}}}}`, "", `"arn:aws-cn:s3:::a` + reason},
		{"another key in a condition", "managed/a.json", allow + `"*","Condition":{"ArnLike":{"aws:SourceVpcArn":"arn:aws-cn:ec2:*:*:vpc/a"}}}}`, "", ""},
		{"any partition in a condition", "managed/a.json", allow + `"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:role/ci"}}}}`, "", ""},
		{"a resource of another service", "managed/a.json", allow + `"arn:aws-cn:s3:::a"}}`, "", ""},
		{"any partition", "managed/a.json", allow + `"arn:*:ecr:*:*:repository/a"}}`, "", ""},
		{"the partition of another registry", "managed/a.json", allow + `"arn:aws-cn:ecr:cn-north-1:123456789012:repository/a"}}`, second, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			contents := withPolicies(map[string]string{c.file: c.text})
			contents["registries.yaml"] += c.more
			s, err := load(t, contents)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range s.Findings {
				if f.Code == "other-partition" {
					got = append(got, f.String())
				}
			}
			if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("got %q, want %s", got, c.want)
			}
		})
	}
}

// TestEntitiesOfOtherPartitions checks that users and roles of another partition are
// reported once for each file.
func TestEntitiesOfOtherPartitions(t *testing.T) {
	contents := small()
	contents["principals.yaml"] = `credentials: []
principals:
- {arn: "arn:aws:iam::123456789012:user/a"}
- {arn: "arn:aws-cn:iam::123456789012:user/c"}
- {arn: "arn:aws-cn:iam::123456789012:user/b"}
`
	contents["accounts/123456789012/authorization-details.json"] = `{"UserDetailList": [
	{"Path": "/", "UserName": "d", "UserId": "AIDAQQQQQQQQALICE0001", "Arn": "arn:aws-cn:iam::123456789012:user/d", "GroupList": [], "AttachedManagedPolicies": []}],
	"GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Findings {
		if f.Code == "other-partition" {
			got = append(got, f.String())
		}
	}
	const reason = ` is in partition "aws-cn", and the registries in registries.yaml are in aws, so it has no rights here; fix the ARN, or set partition: aws-cn for its registry`
	want := []string{
		`accounts/123456789012/authorization-details.json:2:2: "arn:aws-cn:iam::123456789012:user/d"` + reason,
		`principals.yaml:4:3: "arn:aws-cn:iam::123456789012:user/c"` + reason,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCover(t *testing.T) {
	networks := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	var parts []string // every IPv4 address, in 256 networks
	for i := range 256 {
		parts = append(parts, fmt.Sprintf("%d.0.0.0/8", i))
	}
	for _, c := range []struct {
		name       string
		networks   []netip.Prefix
		ipv4, ipv6 bool
	}{
		{"no network", nil, false, false},
		{"every IPv4 address", networks("0.0.0.0/0"), true, false},
		{"every IPv6 address", networks("192.0.2.1/32", "::/0"), false, true},
		{"two halves", networks("128.0.0.0/1", "0.0.0.0/1"), true, false},
		{"two halves of IPv6", networks("::/1", "8000::/1"), false, true},
		{"a half", networks("0.0.0.0/1"), false, false},
		{"a half and three quarters of the other", networks("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"), false, false},
		{"256 parts", networks(parts...), true, false},
		{"all parts but one", networks(parts[1:]...), false, false},
		{"single addresses", networks("0.0.0.0/32", "255.255.255.255/32", "::/128", "ffff::/128"), false, false},
		{"halves of which one is divided", networks("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2", "10.0.0.1/32"), true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cover(c.networks, everyIPv4); got != c.ipv4 {
				t.Errorf("covers IPv4: %t", got)
			}
			if got := cover(c.networks, everyIPv6); got != c.ipv6 {
				t.Errorf("covers IPv6: %t", got)
			}
		})
	}
}
