package lint

import (
	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// The findings that the sidecar logs.

const (
	noPull     = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:BatchGetImage","Resource":"*"}}`
	fullAccess = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	secretFile = "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json"
)

// small is a policy directory with one registry, one user and one role.
func small() map[string]string {
	return map[string]string{
		"registries.yaml": "registries:\n- {name: a, hosts: [localhost], account: \"123456789012\", region: eu-central-1}\n",
		"principals.yaml": `credentials:
- uri: spiffe://example.com/alice
  principal: arn:aws:iam::123456789012:user/dev/alice
- uri: spiffe://example.com/ci
  principal: arn:aws:sts::123456789012:assumed-role/ci/build
principals:
- arn: arn:aws:iam::123456789012:user/dev/alice
  policies: [pull]
- arn: arn:aws:iam::123456789012:role/team/ci
  policies: [pull]
`,
		"managed/pull.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}]}`,
		secretFile:          `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*"}]}`,
	}
}

// logged returns the findings that the sidecar logs about a directory with these files.
func logged(t testing.TB, files map[string]string) diag.List {
	t.Helper()
	dir := t.TempDir()
	directorytest.Write(t, dir, files)
	store := policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 1}, Inspect: Inspect})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	return Snapshot(store.Snapshot())
}

func texts(findings diag.List) (all []string) {
	for _, f := range findings {
		all = append(all, f.String())
	}
	return all
}

func withCode(findings diag.List, code string) (found diag.List) {
	for _, f := range findings {
		if f.Code == code {
			found = append(found, f)
		}
	}
	return found
}

// TestSnapshot checks that the sidecar logs findings with the names that files have on disk,
// once for each text, and
// that it does not inspect a policy again that has not changed.
func TestSnapshot(t *testing.T) {
	files := small()
	files["managed..a.json"] = strings.Replace(noPull, "ecr:BatchGetImage", "ecr:BatchGetImages", 1)
	files["principals.yaml"] = strings.Replace(files["principals.yaml"], "policies: [pull]", "policies: [pull, a]\n  boundary: a", 1)
	dir := t.TempDir()
	directorytest.Write(t, dir, files)
	inspected := 0
	store := policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 1}, Inspect: func(d *iam.Document, p *iam.Policy) diag.List {
		inspected++
		return Inspect(d, p)
	}})
	for _, want := range []int{4, 5} {
		if err := store.Reload(); err != nil {
			t.Fatal(err)
		}
		if inspected != want {
			t.Errorf("%d policies have been inspected, want %d", inspected, want)
		}
		files["managed/pull.json"] += " " // the only policy that changes
		directorytest.Write(t, dir, files)
	}
	wantText := []string{`managed..a.json:1:63: action "ecr:BatchGetImages" is none of the known ECR actions; did you mean "ecr:BatchGetImage"?`}
	if got := texts(Snapshot(store.Snapshot())); !slices.Equal(got, wantText) {
		t.Errorf("got %q want %q", got, wantText)
	}
}

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
			got := texts(logged(t, map[string]string{"registries.yaml": registry + c.sources, "principals.yaml": c.before + principals, "htpasswd": c.htpasswd}))
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
	got := texts(logged(t, map[string]string{
		"registries.yaml": "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n",
		"principals.yaml": "credentials:\n" + bindings.String() + "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice'}\n",
		"htpasswd":        "# users\n" + lines.String(),
	}))
	want := []string{
		`htpasswd:5:1: the bcrypt hash of user "u13" has cost 13, which a busy machine cannot verify within Envoy's timeout of 0.5 s; use a cost of at most 12: create the line again with htpasswd -nB -C 12`,
		`htpasswd:6:1: the bcrypt hash of user "u14" has cost 14, which a busy machine cannot verify within Envoy's timeout of 0.5 s; use a cost of at most 12: create the line again with htpasswd -nB -C 12`,
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
		got := texts(logged(t, map[string]string{"registries.yaml": registry + line, "principals.yaml": "credentials: []\nprincipals: []\n"}))
		if !slices.Equal(got, want) {
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
		{"a principal", secretFile, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:*","Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"}}}`, "", secretFile + `:1:90: "arn:aws-cn:iam::123456789012:root` + reason},
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
			files := small()
			files[c.file] = c.text
			files["registries.yaml"] += c.more
			got := texts(withCode(logged(t, files), "other-partition"))
			if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("got %q, want %s", got, c.want)
			}
		})
	}
}

// TestEntitiesOfOtherPartitions checks that users and roles of another partition are
// reported once for each file.
func TestEntitiesOfOtherPartitions(t *testing.T) {
	files := small()
	files["principals.yaml"] = `credentials: []
principals:
- {arn: "arn:aws:iam::123456789012:user/a"}
- {arn: "arn:aws-cn:iam::123456789012:user/c"}
- {arn: "arn:aws-cn:iam::123456789012:user/b"}
`
	files["accounts/123456789012/authorization-details.json"] = `{"UserDetailList": [
	{"Path": "/", "UserName": "d", "UserId": "AIDAQQQQQQQQALICE0001", "Arn": "arn:aws-cn:iam::123456789012:user/d", "GroupList": [], "AttachedManagedPolicies": []}],
	"GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
	got := texts(withCode(logged(t, files), "other-partition"))
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

// TestFindingsAboutTags checks that a Deny by tag causes a finding if the directory may lack
// repositories.
func TestFindingsAboutTags(t *testing.T) {
	// As AWS's managed policy AWSElasticBeanstalkServiceRolePolicy has it.
	tagged := strings.Replace(strings.Replace(noPull, "Deny", "Allow", 1), `"Resource":"*"`, `"Resource":"*","Condition":{"Null":{"aws:ResourceTag/elasticbeanstalk:application-name":"false"}}`, 1)
	byTag := strings.Replace(noPull, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/secret":"yes"}}`, 1)
	for _, c := range []struct {
		name, policy, inventory string
		want                    int
	}{
		{"no inventory", byTag, "", 1},
		{"an inventory", byTag, `{"repositories":[]}`, 0},
		{"a Deny without a tag condition", noPull, "", 0},
		{"an Allow that requires a tag", tagged, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := small()
			delete(files, secretFile)
			files["managed/guard.json"] = c.policy
			if c.inventory != "" {
				files["accounts/123456789012/eu-central-1/repositories.json"] = c.inventory
			}
			found := withCode(logged(t, files), "untold-tags")
			if len(found) != c.want || c.want > 0 && found[0].File != "managed/guard.json" {
				t.Errorf("got %v, want %d", found, c.want)
			}
		})
	}
}

// TestAssumedSCP checks that an id without a folder is reported, because its restrictions
// may be missing, unless it concerns only the management account.
func TestAssumedSCP(t *testing.T) {
	const scp = "organization/scp/"
	all := map[string]string{
		scp + "r-ab12/a.json": fullAccess, scp + "ou-ab12-11111111/a.json": fullAccess, scp + "ou-ab12-22222222/a.json": fullAccess,
		scp + "ou-ab12-33333333/a.json": fullAccess, scp + "123456789012/a.json": fullAccess, scp + "210987654321/a.json": fullAccess,
	}
	for _, c := range []struct {
		name, without string
		want          string // "" for no finding
	}{
		{"nothing lacks", "", ""},
		{"a unit", "ou-ab12-11111111", "no folder in organization/scp for ou-ab12-11111111: each is assumed to have FullAWSAccess alone"},
		{"several", "ou-ab12-11111111 ou-ab12-22222222 ou-ab12-33333333 r-ab12", "for ou-ab12-11111111, ou-ab12-22222222, ou-ab12-33333333 and 1 more: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := maps.Clone(all)
			files["organization.yaml"] = "id: o-a1b2c3d4e5\nmanagementAccount: \"345678901234\"\naccounts:\n  \"345678901234\": o-a1b2c3d4e5/r-ab12/\n" +
				"  \"123456789012\": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/\n  \"210987654321\": o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/ou-ab12-33333333/\n"
			for _, id := range strings.Fields(c.without) {
				delete(files, scp+id+"/a.json")
			}
			maps.Copy(files, small())
			got := texts(withCode(logged(t, files), "assumed-scp"))
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want) || !strings.HasPrefix(got[0], "organization.yaml:")) {
				t.Errorf("findings %q, want %q", got, c.want)
			}
		})
	}
}

// TestUnattachedGroups checks that groups without effect are reported.
func TestUnattachedGroups(t *testing.T) {
	files := small()
	files["principals.yaml"] += "groups:\n- {name: a, policies: [pull]}\n- {name: b, members: [alice]}\n- {name: c, policies: [pull], members: [alice]}\n"
	want := []string{
		`principals.yaml:12:3: group "a" has no members, so that its policies apply to no user`,
		`principals.yaml:13:3: group "b" has no policies, so that it changes nothing for its members`,
	}
	if got := texts(withCode(logged(t, files), "unattached-group")); !slices.Equal(got, want) {
		t.Errorf("got %q want %q", got, want)
	}
}

// TestQuotaOfAWSPolicies checks that a copy of one of AWS's policies may be longer than the
// quota for customer managed policies (6,144 characters; IAM User Guide, "IAM and AWS STS
// quotas"), as ReadOnlyAccess and AWSConfigServiceRolePolicy are.
func TestQuotaOfAWSPolicies(t *testing.T) {
	var actions []string
	for i := range 400 {
		actions = append(actions, fmt.Sprintf(`"service%d:List*","service%d:Get*"`, i, i))
	}
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":["ecr:ListImages",` + strings.Join(actions, ",") + `]}}`
	const attached = "principals:\n- {arn: 'arn:aws:iam::123456789012:user/dev/alice', policies: [%s]}\n"
	for _, c := range []struct {
		name, references string
		tooLarge         bool
	}{
		{"AWS's policy", "'arn:aws:iam::aws:policy/ReadOnlyAccess'", false},
		{"AWS's policy with a path", "'arn:aws:iam::aws:policy/job-function/ReadOnlyAccess'", false},
		{"AWS's policy by both names", "ReadOnlyAccess, 'arn:aws:iam::aws:policy/ReadOnlyAccess'", false},
		{"a policy of the operator", "ReadOnlyAccess", true},
		{"a policy of the account", "'arn:aws:iam::123456789012:policy/ReadOnlyAccess'", true},
		{"a policy that is attached to no principal", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := withCode(logged(t, map[string]string{
				"registries.yaml":             small()["registries.yaml"],
				"principals.yaml":             fmt.Sprintf(attached, c.references),
				"managed/ReadOnlyAccess.json": long,
			}), "too-large")
			if (len(found) > 0) != c.tooLarge {
				t.Errorf("findings %v, want some: %t", found, c.tooLarge)
			}
		})
	}
}

// TestQuotaOfPrintedVersions checks that the output of aws iam get-policy-version may be
// longer, because AWS has accepted its document (IAM API Reference, GetPolicyVersion).
func TestQuotaOfPrintedVersions(t *testing.T) {
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":["ecr:ListImages","` + strings.Repeat("a", 7000) + `:*"]}}`
	for file, tooLarge := range map[string]bool{
		long: true,
		`{"PolicyVersion": {"Document": ` + long + `, "VersionId": "v1", "IsDefaultVersion": true}}`: false,
	} {
		files := small()
		files["managed/ReadOnlyAccess.json"] = file
		if found := withCode(logged(t, files), "too-large"); (len(found) > 0) != tooLarge {
			t.Errorf("%.20s: findings %v, want some: %t", file, found, tooLarge)
		}
	}
}

// TestQuotaOfExportedPolicies checks that no policy in an account's output is too long,
// because AWS has accepted it: the inline policies of a role may have 10,240 characters
// together.
func TestQuotaOfExportedPolicies(t *testing.T) {
	var actions []string
	for i := range 400 {
		actions = append(actions, fmt.Sprintf(`"service%d:List*"`, i))
	}
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":["ecr:ListImages",` + strings.Join(actions, ",") + `]}}`
	role := `{"RoleName":"ci","Path":"/","RoleId":"AROACKCEVSQ6C2EXAMPLE","Arn":"arn:aws:iam::123456789012:role/ci",
		"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}},
		"RolePolicyList":[{"PolicyName":"long","PolicyDocument":` + long + `}],"AttachedManagedPolicies":[]}`
	found := withCode(logged(t, map[string]string{
		"registries.yaml": small()["registries.yaml"],
		"principals.yaml": "credentials:\n- {dns: a.example, principal: 'arn:aws:sts::123456789012:assumed-role/ci/job'}\n",
		"accounts/123456789012/authorization-details.json": `{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[` + role + `],"Policies":[],"IsTruncated":false}`,
	}), "too-large")
	if len(found) > 0 {
		t.Errorf("findings %v, want none", found)
	}
}

// TestForeignAudiences checks the finding about tokens for another service.
func TestForeignAudiences(t *testing.T) {
	files := small()
	files["principals.yaml"] = "issuers:\n- {name: ci, issuer: 'https://ci.example.com', jwks: 'https://ci.example.com/jwks', foreignAudiences: [sts.amazonaws.com]}\n" + files["principals.yaml"]
	want := `principals.yaml:2:104: issuer "ci": tokens for "sts.amazonaws.com" are accepted, although they are for another service; anyone who can read tokens here could use them there`
	if got := texts(withCode(logged(t, files), "foreign-audience")); !slices.Equal(got, []string{want}) {
		t.Errorf("got %q want %q", got, want)
	}
}
