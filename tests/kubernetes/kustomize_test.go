package kubernetes

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/checkout"
)

// example returns the path of a folder of the example.
func example(names ...string) string {
	return filepath.Join(append([]string{checkout.Root(), "examples", "kubernetes"}, names...)...)
}

// customized returns what kubectl apply -k applies for a folder of the example.
func customized(t *testing.T, folder string) []object {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), example(folder))
	if err != nil {
		t.Fatal(err)
	}
	text, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

// folders are the examples, with the number of objects that each has at least.
var folders = map[string]int{"sidecar": 10, "shared": 8, "monitoring": 2}

// TestManifests decodes every file with objects, and what kustomize makes of each folder.
func TestManifests(t *testing.T) {
	for folder, atLeast := range folders {
		t.Run(folder, func(t *testing.T) {
			objects := 0
			for name, text := range manifests(t, folder) {
				found := decode(t, text)
				if len(found) == 0 {
					t.Errorf("%s contains no object", name)
				}
				objects += len(found)
			}
			if built := customized(t, folder); len(built) < atLeast || len(built) < objects {
				t.Errorf("%d objects of %d in files, want at least %d", len(built), objects, atLeast)
			}
		})
	}
}

// manifests returns the files of a folder that contain objects of an API, by name.
func manifests(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(example(folder), "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(file); name != "kustomization.yaml" && strings.Contains(string(text), "apiVersion: ") {
			found[name] = text
		}
	}
	return found
}

// TestConfigMapsAreThePolicies checks that the ConfigMaps contain every file of the policy
// directory, except the policy tests and what each cluster provides itself.
func TestConfigMapsAreThePolicies(t *testing.T) {
	objects := customized(t, "sidecar")
	mounted := t.TempDir()
	mount(t, deployment(t, objects), objects, mounted)
	files, root := 0, example("sidecar", "policies")
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "tests/") || name == "htpasswd" || name == "jwks/kubernetes.json" {
			return err
		}
		files++
		want, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(mounted, name))
		if err != nil {
			got, err = os.ReadFile(filepath.Join(mounted, strings.ReplaceAll(name, "/", "..")))
		}
		if err != nil || string(got) != string(want) {
			t.Errorf("the volume has another %s (%v)", name, err)
		}
		return nil
	})
	if err != nil || files < 4 {
		t.Errorf("%d files, want at least 4 (%v)", files, err)
	}
}

// mount writes the ConfigMaps of a pod's projected volume "policies" into a folder, as the
// kubelet does. ConfigMaps and Secrets that are not among the objects are left out.
func mount(t *testing.T, pod *corev1.PodSpec, objects []object, folder string) {
	t.Helper()
	written := 0
	for _, source := range volume(t, pod, "policies").Projected.Sources {
		if source.ConfigMap == nil {
			continue
		}
		for _, made := range only[*corev1.ConfigMap](objects) {
			if made.Name == source.ConfigMap.Name {
				written += project(t, made.Data, source.ConfigMap.Items, folder)
			}
		}
	}
	if written < 3 {
		t.Fatalf("%d files are mounted, want at least 3", written)
	}
}

// project writes the keys of a ConfigMap, or the items if there are any.
func project(t *testing.T, data map[string]string, items []corev1.KeyToPath, folder string) int {
	t.Helper()
	if items == nil {
		for key := range data {
			items = append(items, corev1.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		content, found := data[item.Key]
		if !found {
			t.Fatalf("the item %s is not in the ConfigMap", item.Key)
		}
		path := filepath.Join(folder, item.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return len(items)
}
