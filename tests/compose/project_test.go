package compose

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/checkout"
	"extauthz/tests/dockercli"
	"extauthz/tests/prerequisite"
)

// project is the example in a folder of its own, with free ports and with policies that the
// commands may edit.
type project struct {
	name       string
	dir        string // the copy of examples/compose
	compose    string // the command of Compose
	env        []string
	envoy      string // HOST:PORT
	prometheus string // HOST:PORT
	login      string // the folder in which Docker's client keeps passwords
}

func newProject(t *testing.T) *project {
	t.Helper()
	dockercli.Require(t)
	p := &project{
		name:       "extauthz-" + strings.ToLower(rand.Text()),
		compose:    composeCommand(t),
		envoy:      freeAddress(t),
		prometheus: freeAddress(t),
		login:      t.TempDir(),
	}
	examples := t.TempDir()
	for _, folder := range []string{"compose", "quickstart"} {
		from := filepath.Join(checkout.Root(), "examples", folder)
		if err := os.CopyFS(filepath.Join(examples, folder), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	p.dir = filepath.Join(examples, "compose")
	p.env = append(environment(t), "COMPOSE_PROJECT_NAME="+p.name, "LISTEN="+p.envoy, "PROMETHEUS_LISTEN="+p.prometheus)
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := p.run("docker compose logs --no-color --tail=40")
			t.Log(logs)
		}
		if out, err := p.run("docker compose down --volumes --timeout=5"); err != nil {
			t.Errorf("docker compose down: %v: %s", err, out)
		}
	})
	return p
}

// composeCommand returns the command of Compose 2, or of Compose 1.
func composeCommand(t *testing.T) string {
	t.Helper()
	if _, err := dockercli.Try("compose", "version"); err == nil {
		return "docker compose"
	}
	_, err := exec.LookPath("docker-compose")
	prerequisite.Check(t, err)
	return "docker-compose"
}

// run runs a command of the README with the addresses of the project, and returns its output.
func (p *project) run(command string) (string, error) {
	env := append(os.Environ(), p.env...)
	if rest, ok := strings.CutPrefix(command, "docker compose "); ok {
		command = p.compose + " " + rest
	} else {
		env = append(env, "DOCKER_CONFIG="+p.login)
	}
	_, port, _ := net.SplitHostPort(p.envoy)
	shell := exec.Command("sh", "-c", strings.ReplaceAll(command, "localhost:8080", "localhost:"+port))
	var out bytes.Buffer
	shell.Dir, shell.Env, shell.Stdout, shell.Stderr = p.dir, env, &out, &out
	err := bounded.Run(context.Background(), 10*time.Minute, shell)
	return out.String(), err
}

// container returns the id of the container of a service.
func (p *project) container(t *testing.T, service string) string {
	t.Helper()
	id := dockercli.Run(t, "ps", "--all", "--quiet", "--filter=label=com.docker.compose.project="+p.name,
		"--filter=label=com.docker.compose.service="+service)
	if id == "" || strings.Contains(id, "\n") {
		t.Fatalf("containers of %s: %q, want one", service, id)
	}
	return id
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
