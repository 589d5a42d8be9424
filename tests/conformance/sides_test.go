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

// sides are two registries that begin empty: one alone, one behind Envoy.
type sides struct{ alone, behind *side }

// side is a registry at an address, and where its last answer pointed to.
type side struct {
	name     string
	address  string
	location string
}

// newSides starts two stacks, and talks to the registry of one around Envoy.
func newSides(t *testing.T) *sides {
	t.Helper()
	return &sides{
		alone:  &side{name: "the registry alone", address: start(t, "").Address(stack.Registry)},
		behind: &side{name: "through Envoy", address: start(t, "").Address(stack.Envoy)},
	}
}

// newListingSides has two registries that list referrers themselves:
// go-containerregistry's, in the place of the stack's own.
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

// start starts a stack, of the registry at an address or else of its own, with the policies of the scenarios, in which admin may
// do everything, and with the deletion of blobs.
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
