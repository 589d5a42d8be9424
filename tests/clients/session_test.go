package clients

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"extauthz/tests/bounded"
	"extauthz/tests/fixture"
)

// commandLimit is far more than a command takes on a busy machine.
const commandLimit = 10 * time.Minute

// session is a client that acts for one user at one address. It has a home folder with the images
// that it pushes.
type session struct {
	t       *testing.T
	program string
	daemon  string // the address of the client's daemon, if it has one
	address string // HOST:PORT of Envoy, or of the registry itself
	user    string
	home    string
}

// newSession returns a session in which the client is logged in as user, by the configuration file
// of clients. If user is "", the client is not logged in.
func (v *trial) newSession(t *testing.T, address, user string) *session {
	t.Helper()
	s := &session{t: t, program: v.program, daemon: v.address, address: address, user: user, home: newHome(t)}
	if user != "" {
		if err := fixture.Login(s.home, address, user); err != nil {
			t.Fatal(err)
		}
	}
	if v.prepare != nil {
		v.prepare(s)
	}
	return s
}

// newHome returns a folder with a short name, because podman rejects long ones.
func newHome(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("", "home-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	return home
}

// password returns the password in the policies of the scenarios.
func (s *session) password() string { return s.user + "-secret" }

// path returns the path of a file in the home folder.
func (s *session) path(file string) string { return filepath.Join(s.home, file) }

func (s *session) write(file, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(file), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// layout writes an OCI layout with an image to the home folder.
func (s *session) layout() string {
	s.t.Helper()
	layoutOf(s.t, s.path("layout"), imageOf(s.t, "amd64", "pushed"))
	return s.path("layout")
}

// indexLayout writes an OCI layout with an index to the home folder.
func (s *session) indexLayout() string {
	s.t.Helper()
	layoutOf(s.t, s.path("index"), indexOf(s.t, "pushed"))
	return s.path("index")
}

// archive writes a file in the format of `docker save`, with an image of this name.
func (s *session) archive(image, architecture string) string {
	s.t.Helper()
	tag, err := name.NewTag(image)
	if err != nil {
		s.t.Fatal(err)
	}
	file := s.path(architecture + ".tar")
	if err := tarball.WriteToFile(file, tag, imageOf(s.t, architecture, "pushed on "+architecture)); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// command is the arguments of a client.
type command []string

// run runs the program with each of the commands until one fails, and returns their output.
func (s *session) run(commands ...command) (string, error) {
	s.t.Helper()
	var out bytes.Buffer
	for _, args := range commands {
		if err := s.once(&out, args); err != nil {
			return out.String(), err
		}
	}
	return out.String(), nil
}

// once runs the program once. Its environment has only the login of the session.
func (s *session) once(out *bytes.Buffer, args command) error {
	run := exec.Command(s.program, args...)
	run.Dir, run.Stdout, run.Stderr = s.home, out, out
	run.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "TMPDIR=" + s.home, "XDG_RUNTIME_DIR=" + s.home,
		"DOCKER_CONFIG=" + s.home, "REGISTRY_AUTH_FILE=" + s.path("config.json"),
		"COSIGN_PASSWORD=",
	}
	return bounded.Run(context.Background(), commandLimit, run)
}

// has reports whether a file in the home folder contains the text.
func (s *session) has(text string) (found bool) {
	s.t.Helper()
	err := filepath.WalkDir(s.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || found || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		found = bytes.Contains(content, []byte(text))
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}
