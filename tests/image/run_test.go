package image

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// confined are the arguments of docker run that remove from a container everything that the
// program should not need.
var confined = []string{"--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--pids-limit=64"}

// testRunning runs an image in each way.
func testRunning(t *testing.T, ctx context.Context, image string, v version) {
	t.Run("version", func(t *testing.T) { testVersion(t, ctx, image, v) })
	for _, test := range []struct {
		name string
		run  func(t *testing.T, ctx context.Context, image string)
	}{
		{"serves at loopback addresses", testServesLoopback},
		{"serves at a socket", testServesSocket},
		{"is not ready without policies", testNotReady},
		{"refuses bad policies", testBadPolicies},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, ctx, image) })
	}
}

func testVersion(t *testing.T, ctx context.Context, image string, v version) {
	got := docker(t, ctx, append(append([]string{"run", "--rm"}, confined...), image, "version")...)
	want := strings.Join(strings.Fields("extauthz "+v.release+" "+v.revision+" "+goEnv(t, ctx, "GOVERSION")+" linux/"+runtime.GOARCH), " ")
	if got != want {
		t.Errorf("version printed %q, want %q", got, want)
	}
}

// testServesLoopback runs the image with its defaults and policies.
func testServesLoopback(t *testing.T, ctx context.Context, image string) {
	container := start(t, ctx, image, "--volume="+quickstart(t)+":/policies:ro")
	awaitHealthy(t, ctx, container)
	for _, args := range [][]string{{}, {"--admin-listen="}} {
		args = append([]string{"exec", container, "/extauthz", "healthcheck"}, args...)
		if got := docker(t, ctx, args...); got != "ok" {
			t.Errorf("%v printed %q, want ok", args, got)
		}
	}
	for _, line := range strings.Split(docker(t, ctx, "top", container, "-eo", "pid,uid,gid"), "\n")[1:] {
		if got := strings.Fields(line); len(got) != 3 || got[1] != "65532" || got[2] != "65532" {
			t.Errorf("a process runs with pid, uid and gid %v, want 65532:65532", got)
		}
	}
	terminate(t, ctx, container)
}

// testServesSocket runs the image with a unix socket and without an admin address, both set by the
// environment, from which the health check reads them, too.
func testServesSocket(t *testing.T, ctx context.Context, image string) {
	container := start(t, ctx, image, "--volume="+quickstart(t)+":/policies:ro",
		"--tmpfs=/run/extauthz:uid=65532,gid=65532,mode=0750",
		"--env=EXTAUTHZ_LISTEN=unix:///run/extauthz/check.sock",
		"--env=EXTAUTHZ_ADMIN_LISTEN=")
	awaitHealthy(t, ctx, container)
	terminate(t, ctx, container)
}

// testNotReady checks that the health check can fail: a sidecar that waits for its policies is
// running and not ready.
func testNotReady(t *testing.T, ctx context.Context, image string) {
	container := start(t, ctx, image, "--volume="+t.TempDir()+":/policies:ro", "--env=EXTAUTHZ_WAIT_FOR_POLICIES=true")
	var got ended
	await(t, ctx, container, "answer", func() bool {
		got = end(t, ctx, "exec", container, "/extauthz", "healthcheck")
		return strings.Contains(got.stderr, "503")
	})
	if got.code != 1 {
		t.Errorf("healthcheck ended with exit code %d (%s), want 1", got.code, got.stderr)
	}
	terminate(t, ctx, container)
}

func testBadPolicies(t *testing.T, ctx context.Context, image string) {
	for _, test := range []struct {
		name   string
		mounts []string
		faults []string // each is one line
	}{
		{"no folder", nil, []string{"/policies"}},
		{"an empty folder", []string{"--volume=" + t.TempDir() + ":/policies:ro"}, []string{"/policies/principals.yaml: ", "/policies/registries.yaml: "}},
		{"a folder of something else", []string{"--volume=" + absolute(t, root, "tests", "certs") + ":/policies:ro"},
			[]string{"/policies/certs.go: ", "/policies/doc.go: ", "/policies/principals.yaml: ", "/policies/registries.yaml: "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"run", "--rm"}, append(confined, test.mounts...)...)
			got := end(t, ctx, append(args, image)...)
			if got.code != 2 {
				t.Errorf("exit code %d, want 2", got.code)
			}
			if lines := strings.Count(got.stderr, "\n"); lines != len(test.faults) || got.stdout != "" {
				t.Errorf("printed %q and %q, want %d lines of errors", got.stdout, got.stderr, len(test.faults))
			}
			for _, fault := range test.faults {
				if !strings.Contains(got.stderr, "extauthz serve: "+fault) {
					t.Errorf("printed %q, want a fault of %s", got.stderr, fault)
				}
			}
		})
	}
}

// start runs the image confined and returns the container, which is removed after the test.
func start(t *testing.T, ctx context.Context, image string, args ...string) string {
	t.Helper()
	args = append([]string{"run", "--detach", "--health-interval=1s"}, append(args, confined...)...)
	container := docker(t, ctx, append(args, image)...)
	remove(t, "rm", "--force", "--volumes", container)
	return container
}

func awaitHealthy(t *testing.T, ctx context.Context, container string) {
	t.Helper()
	await(t, ctx, container, "become healthy", func() bool {
		return docker(t, ctx, "inspect", "--format", "{{.State.Health.Status}}", container) == "healthy"
	})
}

// await waits until done returns true. The test fails if the container ends or five minutes pass.
func await(t *testing.T, ctx context.Context, container, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(200 * time.Millisecond) {
		running := docker(t, ctx, "inspect", "--format", "{{.State.Running}}", container) == "true"
		if !running || time.Since(began) > 5*time.Minute {
			logs := end(t, ctx, "logs", container)
			t.Fatalf("the container did not %s (running: %t)\n%s%s", what, running, logs.stdout, logs.stderr)
		}
	}
}

// terminate ends the container as Docker and Kubernetes do: it sends SIGTERM to the first process.
// That has a minute to exit with code 0, which is enough on a busy machine.
func terminate(t *testing.T, ctx context.Context, container string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	docker(t, ctx, "kill", "--signal=TERM", container)
	if code := docker(t, ctx, "wait", container); code != "0" {
		t.Errorf("SIGTERM ended it with exit code %s, want 0", code)
	}
}

// quickstart returns the folder with the policies of the quickstart.
func quickstart(t *testing.T) string {
	t.Helper()
	return absolute(t, root, "examples", "quickstart", "policies")
}

func absolute(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
