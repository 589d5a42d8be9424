package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/stack"
	"extauthz/tests/stack/containers"
)

// scaffolded is a stack with the policies that extauthz init writes, one repository of each
// template, and the passwords that an operator adds.
func scaffolded(t *testing.T) setup {
	t.Helper()
	dir, host := filepath.Join(t.TempDir(), "policies"), "127.0.0.1"
	if *inContainers {
		host = containers.EnvoyHost
	}
	for _, args := range [][]string{
		{"init", dir, "--account", "123456789012", "--region", "eu-central-1", "--registry-host", host, "--users", "alice,bob"},
		{"test", dir},
		{"lint", "--fail-on", "suggestion", dir},
	} {
		if out, err := exec.Command(programs.Extauthz, args...).CombinedOutput(); err != nil {
			t.Fatalf("extauthz %q: %v: %s", args, err, out)
		}
	}
	quickstart := filepath.Join(stack.Root(), "examples", "quickstart")
	users, err := os.ReadFile(filepath.Join(quickstart, "policies", "htpasswd"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(quickstart, "envoy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const theirs, ours = "registry: quickstart", "registry: main" // what init says to change
	if strings.Count(string(config), theirs) == 0 {
		t.Fatalf("no %s in the configuration", theirs)
	}
	envoy := filepath.Join(t.TempDir(), "envoy.yaml")
	for path, text := range map[string][]byte{filepath.Join(dir, "htpasswd"): users, envoy: []byte(strings.ReplaceAll(string(config), theirs, ours))} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return setup{Spec: stack.Spec{Envoy: envoy, Policies: dir}}
}

// scaffoldDecides lets crane push and pull in a repository of each template.
func scaffoldDecides(t *testing.T, sys *system) {
	image := sys.behind(t, "team/app", "v1").String()
	for _, repository := range []string{"team/retired", "team/shared", "team/preview", "team/base"} {
		if out, err := sys.command(t, "alice", "copy", image, sys.behind(t, repository, "v1").String()); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	through := func(repository, tag string) string { return sys.through(t, repository, tag).String() }
	denied := func(user, action, repository, why string) string {
		return "User: arn:aws:iam::123456789012:user/" + user + " is not authorized to perform: " + action +
			" on resource: arn:aws:ecr:eu-central-1:123456789012:repository/" + repository + why
	}
	for _, c := range []struct {
		name, user string
		args       []string
		want       string // in what crane prints
		fails      bool
	}{
		{"alice pushes", "alice", []string{"copy", image, through("team/app", "v2")}, digest(t, sys.team), false},
		{"bob pulls", "bob", []string{"digest", through("team/app", "v2")}, digest(t, sys.team), false},
		{"alice deletes nothing", "alice", []string{"delete", through("team/app", "v2")}, denied("alice", "ecr:BatchDeleteImage", "team/app", ""), true},
		{"alice pushes by her own policy", "alice", []string{"copy", image, through("team/charts", "v1")}, digest(t, sys.team), false},
		{"and lists the tags", "alice", []string{"ls", sys.Address(stack.Envoy) + "/team/charts"}, "v1", false},
		{"alice pulls the base", "alice", []string{"manifest", through("team/base", "v1")}, `"schemaVersion"`, false},
		{"alice pushes no base", "alice", []string{"copy", image, through("team/base", "v2")}, denied("alice", "ecr:PutImage", "team/base", ""), true},
		{"alice pulls what is shared", "alice", []string{"manifest", through("team/shared", "v1")}, `"schemaVersion"`, false},
		{"alice pulls by tag of the repository", "alice", []string{"manifest", through("team/preview", "v1")}, `"schemaVersion"`, false},
		{"alice pulls nothing retired", "alice", []string{"manifest", through("team/retired", "v1")}, denied("alice", "ecr:BatchGetImage", "team/retired", " with an explicit deny in a resource-based policy"), true},
		{"alice pushes nothing into the inbox", "alice", []string{"copy", image, through("team/inbox", "v1")}, "403 Forbidden", true},
		{"alice may not pull from other repositories", "alice", []string{"manifest", through("secret/app", "v1")}, denied("alice", "ecr:BatchGetImage", "secret/app", " because no identity-based policy allows the ecr:BatchGetImage action"), true},
		{"a user without a line in htpasswd does not log in", "mallory", []string{"manifest", through("team/app", "v1")}, "UNAUTHORIZED", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := sys.command(t, c.user, c.args...)
			if (err != nil) != c.fails || !strings.Contains(out, c.want) {
				t.Errorf("crane %q as %s: %v: %s, want %q", c.args, c.user, err, out, c.want)
			}
		})
	}
}
