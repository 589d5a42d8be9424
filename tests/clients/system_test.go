package clients

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// programs are built once for all tests.
var programs *stack.Programs

func TestMain(m *testing.M) {
	os.Exit(stack.Main(func(p *stack.Programs) int {
		programs = p
		buildClients()
		return m.Run()
	}))
}

// The texts in the images of the stack.
const (
	teamText   = "what the team may read"
	secretText = "what the private repository contains"
)

// system is a stack with an image of the team and a secret image in its registry.
type system struct{ stack.Stack }

// newSystem starts a stack with the policies until the end of the test.
func newSystem(t *testing.T, policies string) *system {
	t.Helper()
	s, err := programs.Start(stack.Spec{
		Envoy:    patient(t),
		Policies: policies,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("faults in the log of Envoy:\n%s", faults(s.Log(stack.Envoy)))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &system{s}
}

// faults returns the lines of Envoy's log that report neither success nor denial.
func faults(log string) (lines string) {
	for line := range strings.Lines(log) {
		var e entry
		if json.Unmarshal([]byte(line), &e) != nil || e.Status >= http.StatusInternalServerError {
			lines += line
		}
	}
	return lines
}

// patience changes the configuration of the quickstart's Envoy: Envoy waits longer for the other
// parts, because more programs run here than the machine has processors, and it logs details of
// each response.
var patience = strings.NewReplacer(
	" timeout: 0.5s", " timeout: 20s",
	"max_interval: 0.5s", "max_interval: 20s",
	"connect_timeout: 0.25s", "connect_timeout: 20s",
	"connect_timeout: 2s", "connect_timeout: 20s",
	"status: \"%RESPONSE_CODE%\"", "status: \"%RESPONSE_CODE%\"\n                  details: \"%RESPONSE_CODE_DETAILS%\"",
)

// patient returns the configuration of the quickstart's Envoy with longer timeouts.
func patient(t *testing.T) string {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(stack.Root(), "examples", "quickstart", "envoy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, []byte(patience.Replace(string(config))), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// write writes an image that contains the text to the registry, bypassing Envoy.
func (w *system) write(t *testing.T, image, text string) {
	t.Helper()
	if err := remote.Write(w.behind(t, image), imageOf(t, "amd64", text)); err != nil {
		t.Fatal(err)
	}
}

// behind returns a reference to an image at the registry's address, which bypasses Envoy.
func (w *system) behind(t *testing.T, image string) name.Reference {
	t.Helper()
	reference, err := name.ParseReference(w.Address(stack.Registry) + "/" + image)
	if err != nil {
		t.Fatal(err)
	}
	return reference
}

// holds reports whether the registry has an image with this name.
func (w *system) holds(t *testing.T, image string) bool {
	t.Helper()
	_, err := remote.Get(w.behind(t, image))
	return err == nil
}

// holdsIndex checks that the registry has an index with an image for each of the architectures.
func (w *system) holdsIndex(t *testing.T, image string, architectures ...string) {
	t.Helper()
	index, err := remote.Index(w.behind(t, image))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, child := range manifest.Manifests {
		if _, err := index.Image(child.Digest); err != nil {
			t.Error(err)
		}
		if child.Platform != nil {
			got = append(got, child.Platform.Architecture)
		}
	}
	if slices.Sort(got); !slices.Equal(got, architectures) {
		t.Errorf("the index has images for %q, want %q", got, architectures)
	}
}
