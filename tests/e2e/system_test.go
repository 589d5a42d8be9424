package e2e

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/certs"
	"extauthz/tests/images"
	"extauthz/tests/stack"
)

// Binaries that are built once for all scenarios.
var (
	programs *stack.Programs
	crane    string        // the command line client of go-containerregistry
	found    images.Images // with -containers
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(stack.Main(func(p *stack.Programs) int {
		programs = p
		var err error
		if crane, err = stack.Crane(context.Background(), os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if *inContainers {
			if found, err = images.Ensure(context.Background(), os.Stderr); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return m.Run()
	}))
}

// marker is in every part of the image secret/app and nowhere else: an answer that contains it
// reveals the secret.
const marker = "the-secret-of-the-private-repository"

// A setup describes a system and the authorities of its clients' credentials.
type setup struct {
	stack.Spec
	issuers   issuers          // of the tokens that it accepts
	authority *certs.Authority // of the certificates that it accepts, and of its own
	second    string           // HOST:PORT of Envoy's other listener
	impatient bool             // whether Envoy waits for extauthz only as long as in the examples
}

// system is a stack with images in its registry and policies of its own.
type system struct {
	stack.Stack
	setup  // its Policies are a copy, which a scenario may edit
	team   v1.Image
	secret v1.Image
}

// newSystem starts a stack with a copy of the policies until the test ends, and fills its
// registry.
func newSystem(t testing.TB, spec setup) *system {
	t.Helper()
	spec.Policies = copyPolicies(t, cmp.Or(spec.Policies, ownPolicies))
	if !spec.impatient {
		spec.Envoy = patient(t, spec.Envoy)
	}
	sys := &system{setup: spec}
	s := start(t, spec.Spec)
	sys.Stack = s
	t.Cleanup(func() {
		if t.Failed() {
			lines := strings.Split(s.Log(stack.Extauthz), "\n")
			t.Logf("extauthz wrote at last:\n%s", strings.Join(lines[max(0, len(lines)-20):], "\n"))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if !*inContainers { // whose logs are gone
			checkLinesOfLog(t, s.Log(stack.Extauthz))
		}
	})
	sys.team, sys.secret = image(t, "for the team"), image(t, marker)
	if spec.Upstream == "" {
		sys.fill(t)
	}
	return sys
}

// patient returns an Envoy configuration that waits a minute for an answer of extauthz. The half
// second of the examples is not enough for each hash of a password on a busy machine.
func patient(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	longer := strings.NewReplacer("timeout: 0.5s", "timeout: 60s", "max_interval: 0.5s", "max_interval: 60s").Replace(string(text))
	if strings.Count(longer, "60s") < 2 {
		t.Fatalf("%s has another time limit of ext_authz than the examples", file)
	}
	file = filepath.Join(t.TempDir(), "envoy.yaml")
	write(t, file, []byte(longer))
	return file
}

// fill pushes the images to the registry directly.
func (sys *system) fill(t testing.TB) {
	t.Helper()
	for repository, image := range map[string]v1.Image{
		"team/app": sys.team, "shared/app": sys.team, "secret/app": sys.secret,
	} {
		if err := remote.Write(sys.behind(t, repository, "v1"), image); err != nil {
			t.Fatal(err)
		}
	}
}

// behind returns the name of an image at the registry's own address.
func (sys *system) behind(t testing.TB, repository, tag string) name.Tag {
	t.Helper()
	return tagOf(t, sys.Address(stack.Registry), repository, tag)
}

// through returns the name of an image at Envoy's address.
func (sys *system) through(t *testing.T, repository, tag string) name.Tag {
	t.Helper()
	return tagOf(t, sys.Address(stack.Envoy), repository, tag)
}

func tagOf(t testing.TB, address, repository, tag string) name.Tag {
	t.Helper()
	reference, err := name.NewTag(address + "/" + repository + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	return reference
}

// ownPolicies are the policies of a scenario that does not name others.
var ownPolicies = filepath.Join("testdata", "policies")

// copyPolicies copies a policy directory into a temporary folder. Others cannot read the registry's
// credential.
func copyPolicies(t testing.TB, from string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etc", "policies")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "upstreams.yaml"), 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return dir
}
