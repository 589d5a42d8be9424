package e2e

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/certs"
	"extauthz/tests/stack"
)

// What is built once for all scenarios.
var (
	programs *stack.Programs
	crane    string // the command line client of go-containerregistry
)

func TestMain(m *testing.M) {
	os.Exit(stack.Main(func(p *stack.Programs) int {
		programs = p
		var err error
		if crane, err = stack.Crane(context.Background(), os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}))
}

// marker is in every part of the image secret/app and nowhere else: an answer
// that holds it has given the secret away.
const marker = "the-secret-that-nobody-else-may-read"

// A setup is what a world is made of, and who vouches for its clients.
type setup struct {
	stack.Spec
	issuers   issuers          // of the tokens that it takes
	authority *certs.Authority // of the certificates that it takes, and of its own
	second    string           // HOST:PORT of Envoy's other listener
}

// world is a stack with images in its registry and policies of its own.
type world struct {
	stack.Stack
	setup  // its Policies are a copy, which a scenario may edit
	team   v1.Image
	secret v1.Image
}

// newWorld starts a stack over a copy of the policies, for the length of the
// test, and fills its registry.
func newWorld(t testing.TB, spec setup) *world {
	t.Helper()
	spec.Policies = copyPolicies(t, cmp.Or(spec.Policies, ownPolicies))
	w := &world{setup: spec}
	s, err := programs.Start(spec.Spec)
	if err != nil {
		t.Fatal(err)
	}
	w.Stack = s
	t.Cleanup(func() {
		if t.Failed() {
			lines := strings.Split(s.Log(stack.Extauthz), "\n")
			t.Logf("extauthz wrote at last:\n%s", strings.Join(lines[max(0, len(lines)-20):], "\n"))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.team, w.secret = image(t, "for the team"), image(t, marker)
	if spec.Upstream == "" {
		w.fill(t)
	}
	return w
}

// fill puts the images into the registry, around Envoy.
func (w *world) fill(t testing.TB) {
	t.Helper()
	for repository, image := range map[string]v1.Image{
		"team/app": w.team, "shared/app": w.team, "secret/app": w.secret,
	} {
		if err := remote.Write(w.behind(t, repository, "v1"), image); err != nil {
			t.Fatal(err)
		}
	}
}

// behind names an image at the registry's own address.
func (w *world) behind(t testing.TB, repository, tag string) name.Tag {
	t.Helper()
	return tagOf(t, w.Address(stack.Registry), repository, tag)
}

// through names an image at Envoy's address.
func (w *world) through(t *testing.T, repository, tag string) name.Tag {
	t.Helper()
	return tagOf(t, w.Address(stack.Envoy), repository, tag)
}

func tagOf(t testing.TB, address, repository, tag string) name.Tag {
	t.Helper()
	reference, err := name.NewTag(address + "/" + repository + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	return reference
}

// ownPolicies are those of a scenario that names no others.
var ownPolicies = filepath.Join("testdata", "policies")

// copyPolicies copies a policy directory into a folder of the test.
func copyPolicies(t testing.TB, from string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etc", "policies")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}
