package kubernetes

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	corev1 "k8s.io/api/core/v1"

	"extauthz/decision"
	"extauthz/goldentest"
	"extauthz/policystore"
	"extauthz/tests/checkout"
)

// chart returns the path of a file of the chart.
func chart(names ...string) string {
	return filepath.Join(append([]string{checkout.Root(), "charts", "extauthz"}, names...)...)
}

// oldest is the oldest release of Kubernetes that the chart supports.
var oldest = chartutil.KubeVersion{Version: "v1.30.0", Major: "1", Minor: "30"}

// rendered returns the templates with these values, as "helm template registry" renders them.
func rendered(values map[string]any) (map[string]string, error) {
	c, err := loader.LoadDir(chart())
	if err != nil {
		return nil, err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = oldest
	release := chartutil.ReleaseOptions{Name: "registry", Namespace: "registry", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(c, values, release, capabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(c, all)
}

// objectsOf returns the objects that the chart renders with these values.
func objectsOf(t *testing.T, values map[string]any) []object {
	t.Helper()
	templates, err := rendered(values)
	if err != nil {
		t.Fatal(err)
	}
	delete(templates, "extauthz/templates/NOTES.txt")
	return decode(t, []byte(joined(templates)))
}

// valueSets returns the files with values that the chart is rendered with, by name.
func valueSets(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob(chart("ci", "*-values.yaml"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d sets of values, want at least 5 (%v)", len(files), err)
	}
	sets := map[string]map[string]any{}
	for _, file := range files {
		values, err := chartutil.ReadValuesFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sets[strings.TrimSuffix(filepath.Base(file), "-values.yaml")] = values
	}
	return sets
}

// TestChart renders the chart with each set of values, compares it with a golden file, decodes it,
// and checks the pod.
func TestChart(t *testing.T) {
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			templates, err := rendered(values)
			if err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".golden"), joined(templates))
			objects := objectsOf(t, values)
			if len(objects) < 4 {
				t.Errorf("%d objects, want at least 4", len(objects))
			}
			pod := deployment(t, objects)
			checkPod(t, pod)
			if enabled, set := at(values, "networkPolicy", "enabled").(bool); enabled || !set {
				checkNetwork(t, objects)
			}
			if at(values, "mode") != "shared" {
				drain, set := at(values, "registry", "drainSeconds").(float64)
				if !set {
					drain = 240
				}
				checkSidecars(t, pod, 45, int64(drain))
				validates(t, named[*corev1.ConfigMap](t, objects, "registry-extauthz-envoy").Data)
			}
			lints(t, values)
		})
	}
}

// joined returns all templates as one text, in the order of their names.
func joined(templates map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		if content := strings.TrimSpace(templates[name]); content != "" {
			text.WriteString("---\n# " + name + "\n" + content + "\n")
		}
	}
	return text.String()
}

// at returns the value at a path, or nil.
func at(values map[string]any, path ...string) any {
	var value any = values
	for _, name := range path {
		inner, _ := value.(map[string]any)
		value = inner[name]
	}
	return value
}

// lints runs what "helm lint --strict" runs.
func lints(t *testing.T, values map[string]any) {
	t.Helper()
	result := lint.AllWithKubeVersion(chart(), values, "registry", &oldest)
	for _, message := range result.Messages {
		if message.Severity >= support.WarningSev {
			t.Errorf("helm lint: %v", message)
		}
	}
}

// TestChartEnvoy checks that the chart has the Envoy configuration of the example.
func TestChartEnvoy(t *testing.T) {
	for _, name := range []string{"envoy.yaml", "certificate.yaml"} {
		goldentest.Compare(t, chart("files", name), read(t, example("sidecar", name)))
	}
}

// TestChartNamesTheRegistry checks that Envoy names the registry of the values.
func TestChartNamesTheRegistry(t *testing.T) {
	templates, err := rendered(valueSets(t)["object-storage"])
	if err != nil {
		t.Fatal(err)
	}
	if text := templates["extauthz/templates/configmaps.yaml"]; strings.Count(text, "context_extensions: { registry: central, headers: all }") != 1 {
		t.Errorf("Envoy does not name the registry central once:\n%s", text)
	}
}

// TestChartPolicies loads the policies in values as the pod mounts them.
func TestChartPolicies(t *testing.T) {
	objects, mounted := objectsOf(t, valueSets(t)["sidecar"]), t.TempDir()
	pod := deployment(t, objects)
	mount(t, pod, objects, mounted)
	mounts(t, pod, "registry-issuer-keys", "registry-users")
	own(t, mounted)
	if _, err := policystore.Load(mounted, decision.Options{CacheSize: 16}); err != nil {
		t.Error(err)
	}
}
