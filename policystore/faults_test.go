package policystore

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/policystore/directory/directorytest"
)

// badResource is a policy with one fault in its resource.
const badResource = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"x"}}`

// TestAllFaults checks that loading reports the faults of all files, in their order, and
// none that follows from another.
func TestAllFaults(t *testing.T) {
	const (
		folder     = "accounts/123456789012/eu-central-1/"
		entry      = `- {basic: bob, principal: "arn:aws:iam::123456789012:user/dev/bob"}` + "\n"
		attached   = "- {arn: arn:aws:iam::123456789012:user/dev/bob, policies: [m1]}\n"
		trusted    = "- {arn: arn:aws:iam::123456789012:role/web, trust: web}\n"
		registries = "registries:\n- {name: a, hosts: [localhost], account: \"123456789012\", region: eu-central-1}\n"
		issuer     = "issuers:\n- {name: ci, issuer: \"https://ci.example.com\", jwks: jwks/ci.json, role: \"arn:aws:iam::123456789012:role/web\", session: \"{sub}\"}\n"
	)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // the position of each fault
	}{
		{"three managed policies", map[string]string{"managed/m1.json": badResource, "managed/m2.json": badResource, "managed/m3.json": badResource},
			"managed/m1.json:1:83 managed/m2.json:1:83 managed/m3.json:1:83"},
		{"a broken policy and its principal", map[string]string{"managed/m1.json": badResource, "principals.yaml": "principals:\n" + attached + "credentials:\n" + entry, "htpasswd": "bob" + strings.TrimPrefix(aliceHash, "alice")},
			"managed/m1.json:1:83"},
		{"a broken policy, its principal, and an unknown one", map[string]string{"managed/m1.json": badResource, "principals.yaml": "principals:\n" + attached + "- {arn: arn:aws:iam::123456789012:user/carol, policies: [m9]}\ncredentials:\n" + entry, "htpasswd": "bob" + strings.TrimPrefix(aliceHash, "alice")},
			"managed/m1.json:1:83 principals.yaml:3:58"},
		{"a broken trust policy and the issuer of its role", map[string]string{"trust/web.json": "{}", "jwks/ci.json": "{", "principals.yaml": issuer + "principals:\n" + trusted + "credentials: []\n"},
			"jwks/ci.json:1:1 principals.yaml:2:121 trust/web.json:1:1"},
		{"a registry and its repository policy", map[string]string{"registries.yaml": strings.Replace(registries, "123456789012", "1234", 1), secretDir: `{"Version":"2012-10-17"}`},
			secretDir + ":1:1 registries.yaml:2:42"},
		{"a registry and the policy of its repository", map[string]string{"registries.yaml": strings.Replace(registries, "123456789012", "1234", 1)},
			"registries.yaml:2:42"},
		{"an inventory and a repository that it may list", map[string]string{folder + "repositories.json": "{}"},
			folder + "repositories.json:1:1"},
		{"tags and a policy that requires them", map[string]string{
			folder + "repositories/secret/app/_tags.json": `{"team": 1}`,
			"managed/deny.json":                           `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"x"}}}}`,
		}, folder + "repositories/secret/app/_tags.json:1:10"},
		{"files that are not text, and one that is", map[string]string{"managed/m1.json": "\xff", "htpasswd": "\x00", "managed/m2.json": badResource},
			"htpasswd:1:1 managed/m1.json:1:1 managed/m2.json:1:83"},
		{"stray files and a policy", map[string]string{"managed/m1.txt": "", "policies/x.json": "", "managed/m2.json": badResource},
			"managed/m1.txt managed/m2.json:1:83 policies/x.json"},
		{"lines of the password file", map[string]string{"htpasswd": "alice:x\nbob\n" + aliceHash},
			"htpasswd:1 htpasswd:2"},
		{"control policies", map[string]string{"organization/scp/0/a.json": badResource[:20], "organization/scp/1/b.json": "{}", "organization/organization.json": "{}"},
			"organization/organization.json organization/organization.json:1:1 organization/scp/0/a.json:1:20 organization/scp/1/b.json:1:1 organization/scp/1/b.json:1:1"},
		{"entries of an account's output", map[string]string{"accounts/123456789012/authorization-details.json": "{\"UserDetailList\": [{},\n{}], \"GroupDetailList\": [1],\n\"RoleDetailList\": [], \"Policies\": []}"},
			"accounts/123456789012/authorization-details.json:1:21 accounts/123456789012/authorization-details.json:2:1 accounts/123456789012/authorization-details.json:2:26"},
		{"a principal, and entries that do not depend on it", map[string]string{"principals.yaml": `issuers:
- {name: lab, issuer: "https://lab.example.com", metadata: lab, role: "arn:aws:iam::123456789012:role/missing", claims: {sub: "{x"}}
- {name: hub, issuer: "https://hub.example.com", metadata: hub, role: "arn:aws:iam::123456789012:role/missing"}
- {name: mesh, issuer: "https://hub.example.com", metadata: mesh}
- {name: ci, issuer: "https://ci.example.com", metadata: ci}
principals:
- {arn: x}
- {arn: "arn:aws:iam::123456789012:user/bob"}
- {arn: "arn:aws:iam::123456789012:group/g"}
groups:
- {name: a, members: [bob, carol, "arn:aws:iam::123456789012:user/dave", "arn:aws:iam::123456789012:role/r"], policies: [none]}
- {name: A, members: [bob]}
credentials:
- {uri: a, principal: "arn:aws:iam::123456789012:user/bob"}
- {uri: b, principal: "arn:aws:iam::123456789012:user/carol"}
- {uri: "c/{x", principal: "arn:aws:iam::123456789012:user/carol"}
- {uri: a, principal: "arn:aws:iam::123456789012:user/bob"}
- {token: lab, claims: {sub: a}, principal: "arn:aws:iam::123456789012:user/bob"}
- {token: other, claims: {sub: a}, principal: "arn:aws:iam::123456789012:user/bob"}
- {token: ci, claims: {sub: "{x"}, principal: "arn:aws:iam::123456789012:user/bob"}
- {uri: d, principal: "arn:aws:iam::123456789012:user/bob", sessionPolicies: [pull]}
`}, "principals.yaml:2:3 principals.yaml:4:3 principals.yaml:7:9 principals.yaml:9:9 principals.yaml:11:74 principals.yaml:11:122 principals.yaml:12:10 principals.yaml:16:3 principals.yaml:17:3 principals.yaml:19:3 principals.yaml:20:3 principals.yaml:21:3"},
		{"an issuer, and a credential of an issuer that may be it", map[string]string{"principals.yaml": `issuers:
- {name: [lab], issuer: "https://lab.example.com", metadata: lab}
principals:
- {arn: "arn:aws:iam::123456789012:user/bob"}
credentials:
- {token: lab, claims: {sub: a}, principal: "arn:aws:iam::123456789012:user/bob"}
- {uri: b, principal: "arn:aws:iam::123456789012:user/carol"}
`}, "principals.yaml:2:10 principals.yaml:7:3"},
		{"a list of principals.yaml with another name", map[string]string{"principals.yaml": `principal:
- {arn: "arn:aws:iam::123456789012:user/bob"}
groups:
- {name: a, members: [bob]}
credentials:
- {uri: b, principal: "arn:aws:iam::123456789012:user/bob"}
`}, "principals.yaml:1:1"},
		{"an account's output and policies that it may contain", map[string]string{
			"accounts/123456789012/authorization-details.json": "{} x",
			"principals.yaml": "principals:\n- arn: arn:aws:iam::123456789012:user/dev/bob\n  boundary: arn:aws:iam::123456789012:policy/b\n  policies: [arn:aws:iam::123456789012:policy/x/p, arn:aws:iam::aws:policy/Y, m9, arn:aws:iam::210987654321:policy/p]\ncredentials: []\n",
		}, "accounts/123456789012/authorization-details.json:1:4 principals.yaml:4:79 principals.yaml:4:83"},
		{"an account of another output", map[string]string{
			"accounts/210987654321/authorization-details.json": "{} x",
			"principals.yaml": "principals:\n- arn: arn:aws:iam::123456789012:user/dev/bob\n  policies: [arn:aws:iam::123456789012:policy/x/p]\ncredentials: []\n",
		}, "accounts/210987654321/authorization-details.json:1:4 principals.yaml:3:14"},
		{"every kind of file", map[string]string{
			"registries.yaml": registries + "- {name: b}\n", "managed/m1.json": "[]", "trust/x.json": "[]", "jwks/x.json": "[]", "ca/x.pem": "",
			folder + "registry-policy.json": "[]", folder + "repositories.json": "[]", secretDir: "[]", folder + "repositories/secret/app/_tags.json": "[]",
			"organization.yaml": "x", "organization/rcp/0/a.json": "[]", "htpasswd": "alice\n",
		}, folder + "registry-policy.json:1:1 " + folder + "repositories.json:1:1 " + folder + "repositories/secret/app/_policy.json:1:1 " + folder + "repositories/secret/app/_tags.json:1:1 ca/x.pem:1 htpasswd:1 jwks/x.json:1:1 managed/m1.json:1:1 organization.yaml:1:1 organization/rcp/0/a.json:1:1 registries.yaml:3:3 registries.yaml:3:3 registries.yaml:3:3 trust/x.json:1:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := load(t, withPolicies(c.files))
			var got []string
			for _, d := range diag.Of(err) {
				got = append(got, d.Position.String())
			}
			if s != nil || strings.Join(got, " ") != c.want {
				t.Errorf("faults at %s\nwant      %s\n%v", strings.Join(got, " "), c.want, err)
			}
		})
	}
}

// TestIndependentFaults checks that a fault hides only those that follow from it.
func TestIndependentFaults(t *testing.T) {
	const (
		bob        = `"arn:aws:iam::123456789012:user/dev/bob"`
		role       = `"arn:aws:iam::123456789012:role/web"`
		registries = "registries:\n- {name: a, hosts: [localhost], account: \"123456789012\", region: eu-central-1}\n"
		useUserID  = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:userid":"x"}}}}`
	)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // the position of each fault, in principals.yaml unless there is another file's name
	}{
		{"a tag, an unknown policy and an unknown key", map[string]string{"principals.yaml": "principals:\n- {arn: " + bob + ", policies: [developr]}\ncredentials:\n- {basic: !x alice, principal: " + bob + "}\n- {urii: a, principal: " + bob + "}\n"},
			"2:62 4:11 5:4"},
		{"a merge key and an unknown boundary", map[string]string{"principals.yaml": "principals:\n- {<<: {id: x}, arn: " + bob + ", boundary: nob}\n"},
			"2:4 2:74"},
		{"a second document", map[string]string{"principals.yaml": "principals:\n- {arn: " + bob + ", boundary: nob}\n---\na: b\n"},
			"2:61 3:1"},
		{"a line of htpasswd, and basic credentials", map[string]string{"htpasswd": "alice:x\n", "principals.yaml": `principals:
- {arn: ` + bob + `}
credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/carol"}
- {basic: "bob{", principal: ` + bob + `}
- {basic: carol, principal: ` + bob + `, tags: {a: b}}
- {basic: dave, principal: ` + bob + `}
`}, "htpasswd:1 4:3 5:3 6:3"},
		{"settings of a registry", map[string]string{"registries.yaml": "registries:\n- {name: a, hosts: [localhost], account: \"12\", region: eu-central-1, tls: maybe, sources: [mtlx]}\n"},
			"registries.yaml:2:42 registries.yaml:2:75 registries.yaml:2:92"},
		{"settings of a registry next to an unknown key", map[string]string{"registries.yaml": "registries:\n- {nmae: a, hosts: [localhost], account: \"12\", detail: some}\n"},
			"registries.yaml:2:3 registries.yaml:2:4 registries.yaml:2:42 registries.yaml:2:56"},
		{"a registry without settings that an unknown key may mean", map[string]string{"registries.yaml": "registries:\n- {name: a, host: [localhost], acount: \"123456789012\", regionn: eu-central-1}\n"},
			"registries.yaml:2:13 registries.yaml:2:32 registries.yaml:2:56"},
		{"hosts of two registries, one with a fault", map[string]string{"registries.yaml": registries + "- {name: b, hosts: [localhost], byHost: true, account: \"123456789012\", region: eu-central-1, detail: some}\n- {name: c, hosts: [localhost], byHost: true, partition: aws-cn, account: \"123456789012\", region: eu-central-1}\n"},
			"registries.yaml:3:102 registries.yaml:4:20 registries.yaml:4:99"},
		{"a partition that cannot be decoded", map[string]string{"registries.yaml": registries + "- {name: b, hosts: [b], partition: 1, account: \"123456789012\", region: eu-central-1}\n"},
			"registries.yaml:3:36"},
		{"a header without sources that can be decoded", map[string]string{"registries.yaml": "registries:\n- {name: a, hosts: [localhost], account: \"123456789012\", region: eu-central-1, sources: [1], header: x}\n- {name: b, hosts: [b], account: \"123456789012\", region: eu-central-1, trustedHops: one, trustedProxies: [10.0.0.1]}\n"},
			"registries.yaml:2:90 registries.yaml:3:85"},
		{"an id, and the references of its principal", map[string]string{"managed/deny.json": useUserID, "principals.yaml": `principals:
- {arn: ` + bob + `, id: x, boundary: nob, policies: [nop], trust: notrust, tags: {"aws:a": b}}
- {arn: "arn:aws:iam::123456789012:user/alice", id: AIDACKCEVSQ6C2EXAMPLE}
groups:
- {name: g, members: [bob]}
credentials:
- {uri: a, principal: ` + bob + `}
- {uri: b, principal: "arn:aws:iam::123456789012:user/carol"}
`}, "2:55 2:68 2:84 2:97 2:112 8:3"},
		{"a principal that IAM does not allow, and credentials of others", map[string]string{"principals.yaml": `principals:
- {arn: ` + bob + `, id: AROACKCEVSQ6C2EXAMPLE}
groups:
- {name: g, members: [bob, carol]}
credentials:
- {uri: a, principal: ` + bob + `}
- {uri: b, principal: "arn:aws:iam::123456789012:user/carol"}
`}, "2:9 4:28 7:3"},
		{"the name of a group, its members and its policies", map[string]string{"principals.yaml": `principals:
- {arn: ` + bob + `}
groups:
- {name: "a b", members: [bob, carol, bob], policies: [nop]}
- {name: "a b", members: [1, dave]}
`}, "4:10 4:32 4:39 4:56 5:10 5:27 5:30"},
		{"the URL of an issuer, its role and its session", map[string]string{"principals.yaml": `issuers:
- {name: ci, issuer: "http://ci.example.com", jwks: jwks/none.json, role: ` + role + `, session: "{nope}", foreignAudiences: [""], sessionPolicies: [nop], tags: {a: ""}}
- {name: lab, issuer: "ci.example.com", jwks: "https://u:p@h/", role: ` + role + `, session: "{nope}"}
principals:
- {arn: ` + bob + `}
credentials:
- {token: ci, claims: {sub: a}, principal: "arn:aws:iam::123456789012:user/carol"}
- {token: lab, claims: {sub: "{x"}, principal: "arn:aws:iam::123456789012:user/carol"}
- {token: hub, claims: {sub: a}, principal: ` + bob + `}
`}, "2:3 2:3 2:3 2:22 2:53 2:122 2:174 3:3 3:23 3:47 3:118 7:3 8:3 8:3 9:3"},
		{"templates of a credential", map[string]string{"principals.yaml": `principals:
- {arn: ` + role + `}
- {arn: ` + bob + `}
credentials:
- {dns: A.example.com, principal: "arn:aws:iam::123456789012:user/carol"}
- {uri: "a/{b}", principal: "arn:aws:sts::123456789012:assumed-role/web/{c}", tags: {x: "{d}", y: "{e}"}, sourceIdentity: "{f}"}
- {uri: "b/{b}", principal: "arn:aws:sts::123456789012:assumed-role/web/{b}", tags: {x: "{b}"}, sessionPolicies: [nop]}
- {uri: c, principal: ` + bob + `, tags: {x: y}, sourceIdentity: z, sourceArn: "{nope}"}
`}, "5:3 5:3 6:3 6:3 6:3 6:3 7:115 8:3 8:3 8:3 8:3"},
		{"a key of a credential that does not matter to its principal", map[string]string{"principals.yaml": `principals:
- {arn: ` + bob + `}
credentials:
- {uri: a, principal: "arn:aws:iam::123456789012:user/carol", tags: [x]}
- {uri: b, principal: 1, sessionPolicies: [nop]}
- {uri: c, prncipal: "arn:aws:iam::123456789012:user/carol"}
`}, "4:3 4:69 5:23 5:44 6:12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"htpasswd": ""}
			maps.Copy(files, c.files)
			if files["principals.yaml"] == "" {
				files["principals.yaml"] = "principals: []\n"
			}
			if files["registries.yaml"] == "" {
				files["registries.yaml"] = registries
			}
			s, err := load(t, files)
			var got []string
			for _, d := range diag.Of(err) {
				got = append(got, strings.TrimPrefix(d.Position.String(), "principals.yaml:"))
			}
			if s != nil || strings.Join(got, " ") != c.want {
				t.Errorf("faults at %s\nwant      %s\n%v", strings.Join(got, " "), c.want, err)
			}
		})
	}
}

// TestManyFaults checks that the number of faults in an error is limited, and that the
// rest is counted.
func TestManyFaults(t *testing.T) {
	files := map[string]string{}
	for i := range diag.MaxFaults + 7 {
		files[fmt.Sprintf("managed/m%03d.json", i)] = badResource
	}
	_, err := load(t, withPolicies(files))
	list := diag.Of(err)
	if len(list) != diag.MaxFaults+1 || list[0].File != "managed/m000.json" || list[diag.MaxFaults].Problem != "7 more faults are not shown" {
		t.Errorf("%d faults: %v", len(list), err)
	}
}

// TestFailedReloadLogsEachFault checks that a log line describes each fault of a failed
// reload by its file, position, problem and remedy.
func TestFailedReloadLogsEachFault(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, withPolicies(map[string]string{"managed/m1.json": badResource, "managed/m2.json": badResource}))
	var log lines
	s := New(Options{Dir: dir, Decision: options(), Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	w := s.NewWatcher()
	defer w.Close()
	w.reload((*Store).Reload)
	for _, file := range []string{"managed/m1.json", "managed/m2.json"} {
		if want := `"file":"` + file + `","line":1,"column":83,"problem":"`; log.count(want) != 1 {
			t.Errorf("%d lines have %s", log.count(want), want)
		}
	}
	if log.count("policy directory refused") != 1 {
		t.Error("the failed reload is not logged once")
	}
}
