package kubernetes

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"extauthz/decision"
	"extauthz/policystore"
)

// configMaps returns the ConfigMaps of a folder whose names begin with prefix: kustomize adds a
// hash to some.
func configMaps(t *testing.T, folder, prefix string) (found []map[string]string) {
	t.Helper()
	for _, made := range only[*corev1.ConfigMap](customized(t, folder)) {
		if strings.HasPrefix(made.Name, prefix) {
			found = append(found, made.Data)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no ConfigMap is named %s…", prefix)
	}
	return found
}

// TestPoliciesLoad loads the policies as the pod mounts them, with the keys and users that the
// operator creates.
func TestPoliciesLoad(t *testing.T) {
	objects, mounted := customized(t, "sidecar"), t.TempDir()
	pod := deployment(t, objects)
	mount(t, pod, objects, mounted)
	mounts(t, pod, "registry-issuer-keys", "registry-users")
	own(t, mounted)
	if _, err := policystore.Load(mounted, decision.Options{CacheSize: 16}); err != nil {
		t.Error(err)
	}
}

// own adds the files to a policy directory that each cluster has its own of.
func own(t *testing.T, folder string) {
	t.Helper()
	for _, name := range []string{"jwks/kubernetes.json", "htpasswd"} {
		project(t, map[string]string{name: read(t, example("sidecar", "policies", name))}, nil, folder)
	}
}

// mounts checks that the volume with the policies has these sources, and requires them.
func mounts(t *testing.T, pod *corev1.PodSpec, names ...string) {
	t.Helper()
	found := map[string]bool{}
	for _, source := range volume(t, pod, "policies").Projected.Sources {
		if source.ConfigMap != nil && source.ConfigMap.Optional == nil {
			found[source.ConfigMap.Name] = true
		}
		if source.Secret != nil && source.Secret.Optional == nil {
			found[source.Secret.Name] = true
		}
	}
	for _, name := range names {
		if !found[name] {
			t.Errorf("the pod starts without %s", name)
		}
	}
}
