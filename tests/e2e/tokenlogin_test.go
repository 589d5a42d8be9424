package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/bounded"
	"extauthz/tests/issuer"
	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// terminal runs commands in a home folder in which clients store their logins.
type terminal struct {
	home, registry string
	environment    []string
}

func (sys *system) terminal(t *testing.T) *terminal {
	t.Helper()
	return &terminal{t.TempDir(), sys.Address(stack.Envoy), os.Environ()}
}

// types runs a program with text on its standard input, and returns its standard output, with
// standard error if it fails.
func (x *terminal) types(t *testing.T, stdin, program string, args ...string) (string, error) {
	t.Helper()
	run := exec.Command(program, args...)
	run.Env = append(x.environment, "DOCKER_CONFIG="+x.home)
	run.Stdin = strings.NewReader(stdin)
	var out, errors bytes.Buffer
	run.Stdout, run.Stderr = &out, &errors
	if err := bounded.Run(context.Background(), 10*time.Minute, run); err != nil {
		return out.String() + errors.String(), err
	}
	return out.String(), nil
}

// works checks that a command succeeds.
func (x *terminal) works(t *testing.T, stdin, program string, args ...string) string {
	t.Helper()
	out, err := x.types(t, stdin, program, args...)
	if err != nil {
		t.Fatalf("%s %q: %v: %s", filepath.Base(program), args, err, out)
	}
	return out
}

// fails checks that a command fails and prints the text.
func (x *terminal) fails(t *testing.T, text, stdin, program string, args ...string) {
	t.Helper()
	out, err := x.types(t, stdin, program, args...)
	if err == nil || !strings.Contains(out, text) {
		t.Errorf("%s %q printed %q (%v), want %q", filepath.Base(program), args, out, err, text)
	}
}

// logins returns user names with tokens, each of a session that may push to team/app.
func (sys *system) logins(t *testing.T) map[string][2]string {
	t.Helper()
	return map[string][2]string{
		"a role by default": {"AWS", sys.issuers.workflow(t, mainBranch, nil)},
		"immutable IDs":     {"AWS", sys.issuers.workflow(t, immutable, nil)},
		"a role by name":    {"123456789012/team/ci", sys.issuers.workflow(t, production, nil)},
		"a project":         {"AWS", signed(t, sys.issuers.gitlab, pipeline, nil)},
		"a pod":             {"AWS", signed(t, sys.issuers.cluster, deployer, nil)},
	}
}

// craneLogsIn gives crane a token as password. crane can pull and push what the role's policies
// allow and nothing else.
func craneLogsIn(t *testing.T, sys *system) {
	image := sys.through(t, "team/app", "v1").String()
	for name, login := range sys.logins(t) {
		t.Run(name, func(t *testing.T) {
			x := sys.terminal(t)
			x.works(t, login[1], crane, "auth", "login", x.registry, "-u", login[0], "--password-stdin")
			if out := x.works(t, "", crane, "digest", image); strings.TrimSpace(out) != digest(t, sys.team) {
				t.Errorf("crane printed %q, want %s", out, digest(t, sys.team))
			}
			x.works(t, "", crane, "pull", image, filepath.Join(x.home, "pulled.tar"))
			x.works(t, "", crane, "copy", image, sys.through(t, "team/app", "copied").String())
			x.fails(t, "DENIED: User: arn:aws:sts::123456789012:assumed-role/", "", crane, "delete", image)
			x.fails(t, "", "", crane, "copy", image, sys.through(t, "shared/app", "copied").String())
			if _, err := remote.Head(sys.behind(t, "shared/app", "copied")); err == nil {
				t.Error("crane copied to a repository that the role may not write")
			}
		})
	}
}

// craneSendsBearer lets crane send a Bearer token, which Docker's configuration file calls a
// registry token.
func craneSendsBearer(t *testing.T, sys *system) {
	for name, token := range map[string]string{
		"verified by Envoy": sys.issuers.workflow(t, mainBranch, nil),
		"verified here":     signed(t, sys.issuers.gitlab, pipeline, nil),
	} {
		t.Run(name, func(t *testing.T) {
			x := sys.terminal(t)
			write(t, filepath.Join(x.home, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"registrytoken":%q}}}`, x.registry, token))
			x.works(t, "", crane, "copy", sys.through(t, "team/app", "v1").String(), sys.through(t, "team/app", "borne").String())
			x.fails(t, "DENIED: User: arn:aws:sts::123456789012:assumed-role/", "", crane, "delete", sys.through(t, "team/app", "v1").String())
		})
	}
}

// craneShowsReason gives crane invalid tokens: it prints the reason.
func craneShowsReason(t *testing.T, sys *system) {
	for _, c := range []struct{ name, user, token, text string }{
		{"for another service", "AWS", sys.issuers.workflow(t, mainBranch, issuer.Claims{"aud": "sts.amazonaws.com"}), "sts.amazonaws.com"},
		{"expired", "AWS", signed(t, sys.issuers.gitlab, pipeline, issuer.Claims{"exp": time.Now().Add(-time.Hour).Unix()}), "expired"},
		{"not trusted by the role", "AWS", sys.issuers.workflow(t, production, nil), "is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::123456789012:role/ci/github"},
		{"a password", "AWS", "robot-secret", "UNAUTHORIZED: authentication required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := sys.terminal(t)
			x.works(t, c.token, crane, "auth", "login", x.registry, "-u", c.user, "--password-stdin")
			x.fails(t, c.text, "", crane, "digest", sys.through(t, "team/app", "v1").String())
		})
	}
}

// docker returns the path of Docker's client, if an engine is available.
func docker(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("docker")
	if err == nil {
		err = bounded.Docker(t.Context())
	}
	if err != nil {
		prerequisite.Check(t, fmt.Errorf("docker did not run: %w", err))
	}
	return program
}

// dockerLogsIn does what a workflow does: docker login -u AWS --password-stdin, then pull and
// push.
func dockerLogsIn(t *testing.T, sys *system) {
	docker := docker(t)
	pulled, pushed, refused := sys.through(t, "team/app", "v1").String(), sys.through(t, "team/app", "pushed").String(), sys.through(t, "shared/app", "pushed").String()
	for name, login := range sys.logins(t) {
		t.Run(name, func(t *testing.T) {
			x := sys.terminal(t)
			t.Cleanup(func() { _, _ = x.types(t, "", docker, "image", "rm", "--force", pulled, pushed, refused) })
			if out := x.works(t, login[1], docker, "login", "-u", login[0], "--password-stdin", x.registry); !strings.Contains(out, "Login Succeeded") {
				t.Errorf("docker printed %q", out)
			}
			x.works(t, "", docker, "pull", pulled)
			x.works(t, "", docker, "tag", pulled, pushed)
			x.works(t, "", docker, "push", pushed)
			x.works(t, "", docker, "tag", pulled, refused)
			x.fails(t, "denied: User: arn:aws:sts::123456789012:assumed-role/", "", docker, "push", refused)
		})
	}
	for name, token := range map[string]string{
		"for another service":     sys.issuers.workflow(t, mainBranch, issuer.Claims{"aud": "sts.amazonaws.com"}),
		"expired":                 signed(t, sys.issuers.gitlab, pipeline, issuer.Claims{"exp": time.Now().Add(-time.Hour).Unix()}),
		"not trusted by the role": sys.issuers.workflow(t, production, nil),
	} {
		t.Run(name, func(t *testing.T) {
			x := sys.terminal(t)
			x.fails(t, "401 Unauthorized", token, docker, "login", "-u", "AWS", "--password-stdin", x.registry)
			x.fails(t, "no basic auth credentials", "", docker, "pull", pulled)
		})
	}
}
