package conformance

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"extauthz/tests/stack"
)

// programs are built once for all tests.
var programs *stack.Programs

func TestMain(m *testing.M) {
	os.Exit(stack.Main(func(p *stack.Programs) int { programs = p; return m.Run() }))
}

// sides are two registries that are empty at first: one alone, one behind Envoy.
type sides struct{ alone, behind *side }

// side is the address of a registry, with the Location of its last response.
type side struct {
	name     string
	address  string
	location string
}

// newSides starts two stacks. Requests to the registry of one bypass Envoy.
func newSides(t *testing.T) *sides {
	t.Helper()
	return &sides{
		alone:  &side{name: "the registry alone", address: start(t, "").Address(stack.Registry)},
		behind: &side{name: "through Envoy", address: start(t, "").Address(stack.Envoy)},
	}
}

// newListingSides starts two registries that list referrers: those of go-containerregistry, instead
// of those of the stacks.
func newListingSides(t *testing.T) *sides {
	t.Helper()
	listing := func() string {
		handler := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	return &sides{
		alone:  &side{name: "the registry alone", address: listing()},
		behind: &side{name: "through Envoy", address: start(t, listing()).Address(stack.Envoy)},
	}
}

// start starts a stack with the policies of the scenarios, in which admin may do everything, and
// enables the deletion of blobs. Envoy forwards to the registry at the address, or to a new one if
// the address is "".
func start(t *testing.T, upstream string) stack.Stack {
	t.Helper()
	policies := t.TempDir()
	if err := os.CopyFS(policies, os.DirFS(filepath.Join(stack.Root(), "tests", "e2e", "testdata", "policies"))); err != nil {
		t.Fatal(err)
	}
	registries, err := os.OpenFile(filepath.Join(policies, "registries.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registries.WriteString("  deleteBlobs: true\n"); err != nil {
		t.Fatal(err)
	}
	if err := registries.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := programs.Start(stack.Spec{
		Envoy:    filepath.Join(stack.Root(), "examples", "quickstart", "envoy.yaml"),
		Policies: policies,
		Upstream: upstream,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
