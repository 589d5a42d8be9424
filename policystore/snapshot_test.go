package policystore

import (
	"context"
	"encoding/base64"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore/directory/directorytest"
)

const (
	aliceHash = "alice:$2a$04$LgR1pVdhT.VogB6bsY9v8OCJ5T6U7ZIZYU.5gK.gOgZD0p4B4gKHy\n"
	pullOnly  = `{"Version":"2012-10-17","Statement":[{"Sid":"Pull","Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}]}`
	denyAll   = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*"}]}`
	pullOnlyA = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
	secretDir = "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json"
)

// small is a policy directory with one registry, one user and one role.
func small() map[string]string {
	return map[string]string{
		"registries.yaml": "registries:\n- {name: a, hosts: [localhost], account: \"123456789012\", region: eu-central-1}\n",
		"principals.yaml": `credentials:
- basic: alice
  principal: arn:aws:iam::123456789012:user/dev/alice
- uri: spiffe://example.com/ci
  principal: arn:aws:sts::123456789012:assumed-role/ci/build
principals:
- arn: arn:aws:iam::123456789012:user/dev/alice
  policies: [pull]
- arn: arn:aws:iam::123456789012:role/team/ci
  policies: [arn:aws:iam::123456789012:policy/pull, ` + pullOnlyA + `]
`,
		"htpasswd":          aliceHash,
		"managed/pull.json": pullOnly,
		secretDir:           denyAll,
	}
}

func options() decision.Options { return decision.Options{CacheSize: 100} }

func load(t *testing.T, contents map[string]string) (*Snapshot, error) {
	t.Helper()
	dir := t.TempDir()
	directorytest.Write(t, dir, contents)
	return Load(dir, options())
}

func TestLoad(t *testing.T) {
	s, err := load(t, small())
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{Registries: 1, Credentials: 2, Principals: 2, ManagedPolicies: 1, AWSManagedPolicies: 4, RepositoryPolicies: 1}
	if s.Summary != want {
		t.Errorf("summary %+v, want %+v", s.Summary, want)
	}
	caller, failure := s.Callers.Authenticate(context.Background(), &identity.Config{}, &identity.Credentials{
		Authorization: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("alice:alice-secret"))},
	})
	if failure != nil {
		t.Fatal(failure)
	}
	const repository = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	ci := iam.Principal{Kind: iam.AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/ci/build", Account: "123456789012", RoleARN: "arn:aws:iam::123456789012:role/team/ci"}
	for _, c := range []struct {
		name      string
		principal iam.Principal
		action    string
		resource  string
		want      iam.Decision
	}{
		{"a user's policy", caller.Principal, "ecr:BatchGetImage", repository + "team/app", iam.Allowed},
		{"a role's policy", ci, "ecr:GetDownloadUrlForLayer", repository + "team/app", iam.Allowed},
		{"what no policy allows", caller.Principal, "ecr:PutImage", repository + "team/app", iam.ImplicitDeny},
		{"what the repository denies", caller.Principal, "ecr:BatchGetImage", repository + "secret/app", iam.ExplicitDeny},
		{"a user without entry", iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::123456789012:user/bob", Account: "123456789012"}, "ecr:BatchGetImage", repository + "team/app", iam.ImplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.Decisions.Decide(&iam.Request{Principal: &c.principal, Action: c.action, Resource: c.resource}, nil); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestUserIDs(t *testing.T) {
	contents := small()
	contents["principals.yaml"] = strings.NewReplacer("  policies: [pull]", "  id: AIDAALICE\n  policies: [pull]",
		"  policies: [arn", "  id: AROACIROLE\n  policies: [arn").Replace(contents["principals.yaml"])
	contents["managed/other.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:userid":"AROA*:build"}}}}`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	for arn, want := range map[string]string{
		"arn:aws:iam::123456789012:user/dev/alice":            "AIDAALICE",
		"arn:aws:sts::123456789012:assumed-role/ci/build-1.2": "AROACIROLE:build-1.2",
	} {
		caller, err := s.CallerNamed(arn)
		if err != nil {
			t.Fatal(err)
		}
		if entry, _ := caller.Context.Lookup("aws:userid"); entry.Value != want {
			t.Errorf("aws:userid of %s is %q, want %q", arn, entry.Value, want)
		}
	}
}

func TestLoadTheFlatForm(t *testing.T) {
	flat := map[string]string{}
	for path, content := range small() {
		flat[strings.ReplaceAll(path, "/", "..")] = content
	}
	tree, err := load(t, small())
	if err != nil {
		t.Fatal(err)
	}
	s, err := load(t, flat)
	if err != nil {
		t.Fatal(err)
	}
	if s.Digest != tree.Digest || s.Summary != tree.Summary {
		t.Errorf("flat %s %+v, tree %s %+v", s.Digest, s.Summary, tree.Digest, tree.Summary)
	}
	for path := range small() {
		if got, want := s.OnDisk(path), strings.ReplaceAll(path, "/", ".."); got != want || tree.OnDisk(path) != path {
			t.Errorf("on disk %s is called %s in the flat form, want %s, and %s in the tree", path, got, want, tree.OnDisk(path))
		}
	}
}

func TestLoadTheQuickstart(t *testing.T) {
	s, err := Load("../examples/quickstart/policies", options())
	if err != nil {
		t.Fatal(err)
	}
	if s.Summary.Credentials < 2 || s.Summary.RepositoryPolicies < 1 {
		t.Errorf("the quickstart holds only %+v", s.Summary)
	}
}

// Each case changes files of the small directory. A file without content is removed.
func TestLoadRefuses(t *testing.T) {
	replace := func(path, old, new string) map[string]string {
		content := small()[path]
		if !strings.Contains(content, old) {
			t.Fatalf("%s holds no %q", path, old)
		}
		return map[string]string{path: strings.Replace(content, old, new, 1)}
	}
	principals := func(old, new string) map[string]string { return replace("principals.yaml", old, new) }
	for _, c := range []struct {
		name   string
		change map[string]string
		want   string
	}{
		{"no registries", map[string]string{"registries.yaml": ""}, "registries.yaml: the file does not exist; add it, because it describes the registries behind Envoy"},
		{"no principals", map[string]string{"principals.yaml": ""}, "principals.yaml: the file does not exist"},
		{"no htpasswd", map[string]string{"htpasswd": ""}, `principals.yaml:2:3: user "alice" has no line in htpasswd`},
		{"htpasswd line", map[string]string{"htpasswd": aliceHash + "bob\n"}, "htpasswd:2: no colon"},
		{"attached policy removed", map[string]string{"managed/pull.json": ""}, `principals.yaml:8:14: policy "pull" does not exist`},
		{"AWS policy that does not exist", principals("RegistryPullOnly", "RegistryPulOnly"), "principals.yaml:10:53: policy \"arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPulOnly\" does not exist"},
		{"policy of another account", principals("arn:aws:iam::123456789012:policy/pull", "arn:aws:iam::999999999999:policy/pull"), "does not exist"},
		{"policy ARN of another service", principals("arn:aws:iam::123456789012:policy/pull", "arn:aws:s3::123456789012:policy/pull"), "does not exist"},
		{"policy ARN of another partition", principals("arn:aws:iam::123456789012:policy/pull", "arn:aws-cn:iam::123456789012:policy/pull"), "does not exist"},
		{"policy ARN of another kind", principals("arn:aws:iam::123456789012:policy/pull", "arn:aws:iam::123456789012:bucket/pull"), "does not exist"},
		{"user that does not exist", principals("user/dev/alice\n  policies", "user/dev/carol\n  policies"), `principals.yaml:2:3: user "arn:aws:iam::123456789012:user/dev/alice" is not among the principals`},
		{"user without its path", principals("user/dev/alice\n- uri", "user/alice\n- uri"), "is not among the principals"},
		{"role that does not exist", principals("assumed-role/ci/", "assumed-role/cd/"), `principals.yaml:4:3: role "cd" of account 123456789012 is not among the principals`},
		{"role of another account", principals("sts::123456789012:", "sts::999999999999:"), "is not among the principals"},
		{"two roles of one name", principals("principals:\n", "principals:\n- arn: arn:aws:iam::123456789012:role/ci\n"), "with another path or spelling"},
		{"principal twice", principals("role/team/ci", "user/dev/alice"), "principals.yaml:9:8: principal \"arn:aws:iam::123456789012:user/dev/alice\" is listed twice"},
		{"policies attached to a session", principals("iam::123456789012:role/team/ci", "sts::123456789012:assumed-role/ci/x"), "is not a user or role; write an ARN"},
		{"policies attached to the root user", principals("iam::123456789012:role/team/ci", "iam::123456789012:root"), "is not a user or role; write an ARN"},
		{"principal with a wildcard", principals("role/team/ci", "role/team/*"), "principals.yaml:"},
		{"credential that is a role", principals("sts::123456789012:assumed-role/ci/build", "iam::123456789012:role/team/ci"), "is a role, and only sessions of roles are callers"},
		{"credential with two names", principals("- basic: alice\n", "- basic: alice\n  dns: x\n"), "credential has both basic and dns"},
		{"credential without name", principals("- basic: alice\n  principal", "- principal"), "credential has no name"},
		{"name bound twice", principals("- uri: spiffe://example.com/ci", "- basic: alice"), `basic "alice" is bound twice`},
		{"a policy that uses ids", map[string]string{"managed/other.json": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:userid":"AROA*:build"}}}}`},
			`managed/other.json: uses aws:userid, but principal "arn:aws:iam::123456789012:role/team/ci" has no id`},
		{"an id that is not valid", principals("  policies: [pull]", "  id: alice\n  policies: [pull]"), `principals.yaml:8:7: id "alice"`},
		{"unknown key", principals("policies: [pull]", "policy: [pull]"), `principals.yaml:8:3: unknown key "policy"; did you mean "policies"?`},
		{"broken policy", map[string]string{"managed/pull.json": pullOnly[:40]}, "managed/pull.json:1:"},
		{"unattached policy that is broken", map[string]string{"managed/other.json": "{}"}, "managed/other.json:1:"},
		{"repository policy without principal", map[string]string{secretDir: pullOnly}, secretDir + ":1:"},
		{"identity policy with principal", map[string]string{"managed/pull.json": denyAll}, "managed/pull.json:1:"},
		{"repository of another region", map[string]string{strings.Replace(secretDir, "eu-central-1", "eu-west-1", 1): denyAll}, "no registry in registries.yaml has account 123456789012 and region eu-west-1"},
		{"stray file", map[string]string{"README.txt": "hello"}, "README.txt: not a file of a policy directory"},
		{"backup of an editor", map[string]string{secretDir + "~": denyAll}, "_policy.json~: not a file of a policy directory"},
		{"misspelled policy file", map[string]string{strings.Replace(secretDir, "_policy", "policy", 1): denyAll}, "repositories/secret/app/policy.json: not a file"},
		{"repository name in capitals", map[string]string{strings.Replace(secretDir, "secret", "Secret", 1): denyAll}, "not a file of a policy directory"},
		{"account of 11 digits", map[string]string{strings.Replace(secretDir, "123456789012", "12345678901", 1): denyAll}, "not a file of a policy directory"},
		{"managed policy in a folder", map[string]string{"managed/team/pull.json": pullOnly}, "managed/team/pull.json: not a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			contents := small()
			for path, content := range c.change {
				if contents[path] = content; content == "" {
					delete(contents, path)
				}
			}
			s, err := load(t, contents)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("snapshot %v, error %v; want %q", s, err, c.want)
			}
			if strings.Count(err.Error(), "\n")+1 != len(diag.Of(err)) || strings.Contains(err.Error(), "$2a$") {
				t.Errorf("a fault has several lines, or contains a hash: %q", err)
			}
		})
	}
}

func TestLoadRefusesAnEmptyDirectory(t *testing.T) {
	if _, err := Load(t.TempDir(), options()); err == nil {
		t.Error("an empty directory is loaded")
	}
}

// BenchmarkLoad loads a directory of 1,000 repository policies.
func BenchmarkLoad(b *testing.B) {
	contents := small()
	for i := range 1000 {
		name := "team-" + string(rune('a'+i%26)) + "/app" + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		contents["accounts/123456789012/eu-central-1/repositories/"+name+"/_policy.json"] = denyAll
	}
	t := treeOf(contents)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compile(t, options(), newPersistent(offline())); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLoadOfAMissingDirectory checks that the error is about the directory itself.
func TestLoadOfAMissingDirectory(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "policies")
	if _, err := Load(missing, options()); err == nil || !strings.HasPrefix(err.Error(), ".: the policy directory cannot be read: "+syscall.ENOENT.Error()) {
		t.Errorf("error %v, want one about the directory", err)
	}
}
