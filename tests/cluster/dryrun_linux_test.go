package cluster

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"extauthz/tests/checkout"
	"extauthz/tests/cluster/apiserver"
)

// TestDryRun has an API server validate every manifest of the example, and the Helm chart with
// every set of values, without storing them. A warning is an error, such as one about a pod that is
// not restricted.
func TestDryRun(t *testing.T) {
	s := apiserver.Start(t)
	s.Kubectl(t, "create", "-f="+podMonitors(t))
	s.Kubectl(t, "wait", "--for=condition=Established", "--timeout=1m", "crds", "--all")
	for _, namespace := range []string{"registry", "extauthz"} {
		s.Kubectl(t, "create", "namespace", namespace)
		s.Kubectl(t, "label", "namespace", namespace, "pod-security.kubernetes.io/warn=restricted")
	}
	objects := 0
	validates := func(name, namespace, manifests string) {
		t.Run(name, func(t *testing.T) {
			out := s.Apply(t, manifests, "--dry-run=server", "--warnings-as-errors", "--namespace="+namespace)
			accepted := strings.Count(out, "(server dry run)")
			objects += accepted
			t.Logf("%d objects", accepted)
		})
	}
	for _, folder := range []struct{ name, namespace string }{{"sidecar", "registry"}, {"shared", "extauthz"}, {"monitoring", ""}} {
		validates(folder.name, folder.namespace, s.Kubectl(t, "kustomize", example(folder.name)))
	}
	rendered, err := filepath.Glob(filepath.Join(checkout.Tests(), "kubernetes", "testdata", "*.golden"))
	if err != nil || len(rendered) < 5 {
		t.Fatalf("%d rendered charts, want at least 5 (%v)", len(rendered), err)
	}
	for _, file := range rendered {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		validates("the chart with "+strings.TrimSuffix(filepath.Base(file), ".golden"), "registry", withoutNotes(t, string(text)))
	}
	if objects < 50 {
		t.Errorf("%d objects, want at least 50", objects)
	}
}

// notes matches what Helm prints after an installation.
var notes = regexp.MustCompile(`(?s)^---\n# extauthz/templates/NOTES\.txt\n.*?\n---\n`)

// withoutNotes returns only the manifests of a rendered chart.
func withoutNotes(t *testing.T, rendered string) string {
	t.Helper()
	manifests := notes.ReplaceAllString(rendered, "")
	if manifests == rendered {
		t.Error("the chart has no notes")
	}
	return manifests
}

// podMonitors returns the path of the definition of PodMonitors.
func podMonitors(t *testing.T) string {
	t.Helper()
	folder, err := operator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "example", "prometheus-operator-crd", "monitoring.coreos.com_podmonitors.yaml")
}
