package cluster

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// edit takes the role of a namespace away and gives it back, in the policies of a running pod.
func edit(t *testing.T, i *installation, c *client) {
	file := filepath.Join(i.folder, "sidecar", "policies", "principals.yaml")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	status := func() int { return i.status(t, c.token(t), http.MethodGet, "/v2/team/app/manifests/v1") }
	if got := status(); got != http.StatusOK {
		t.Errorf("status %d before the change, want 200", got)
	}
	const role = "role/kubernetes/prod"
	if strings.Count(string(before), role) != 1 {
		t.Fatalf("the policies name %s %d times, want once", role, strings.Count(string(before), role))
	}
	without := strings.Replace(string(before), role, "role/kubernetes/other", 1)
	for _, change := range []struct {
		name, policies string
		status         int
	}{
		{"pods of prod have no role", without, http.StatusUnauthorized},
		{"pods of prod have their role again", string(before), http.StatusOK},
	} {
		if err := os.WriteFile(file, []byte(change.policies), 0o600); err != nil {
			t.Fatal(err)
		}
		i.apply(t)
		applied := time.Now()
		await(t, change.name, func() bool { return status() == change.status })
		t.Logf("%s: status %d, %s after the ConfigMap was applied", change.name, change.status, time.Since(applied).Round(100*time.Millisecond))
	}
	if now := i.Kubectl(t, "get", "pods", "-n=registry", "-o=jsonpath={.items[*].metadata.name}"); now != i.pod {
		t.Errorf("the pod is %s, want still %s", now, i.pod)
	}
}
