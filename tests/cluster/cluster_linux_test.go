package cluster

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"extauthz/tests/cluster/apiserver"
)

// TestCluster installs the example, and uses it as clients and operators do.
func TestCluster(t *testing.T) {
	s := apiserver.Start(t)
	startNode(t, s)
	explain(t, s)
	i := install(t, s)
	logVersions(t, s)
	ci, prod := i.newClient(t, "ci"), i.newClient(t, "prod")
	t.Run("pods pull and push with their tokens", func(t *testing.T) { pullAndPush(t, ci, prod) })
	t.Run("only Envoy reaches the registry", func(t *testing.T) { onlyEnvoy(t, i) })
	t.Run("only restricted pods run next to it", func(t *testing.T) { onlyRestricted(t, i) })
	t.Run("a restart of extauthz loses no pull", func(t *testing.T) { restart(t, i, prod) })
	t.Run("a ConfigMap changes the answer", func(t *testing.T) { edit(t, i, prod) })
	t.Run("the pod ends in its order", func(t *testing.T) { end(t, i, prod) })
}

// explain logs the state of the cluster if the test fails.
func explain(t *testing.T, s *apiserver.Server) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, args := range []string{"get events -A --sort-by=.lastTimestamp", "describe pods -A", "logs -n registry deployment/registry --all-containers --tail=30"} {
			out, err := s.Try(context.Background(), "", strings.Fields(args)...) // that of the test has ended
			t.Logf("kubectl %s (%v):\n%s", args, err, out)
		}
	})
}

// logVersions logs what a record of the result mentions.
func logVersions(t *testing.T, s *apiserver.Server) {
	t.Helper()
	info := "{.status.nodeInfo"
	t.Logf("%s: kubelet, container runtime, kernel and operating system: %s", time.Now().UTC().Format(time.DateOnly),
		s.Kubectl(t, "get", "node", node, "-o=jsonpath="+info+".kubeletVersion}, "+info+".containerRuntimeVersion}, "+info+".kernelVersion}, "+info+".osImage}"))
}

// onlyEnvoy checks which ports of the pod accept connections.
func onlyEnvoy(t *testing.T, i *installation) {
	for port, want := range map[string]bool{"8443": true, "9193": true, "9194": true, "5000": false, "9191": false, "9192": false} {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(i.address, port), 5*time.Second)
		if err == nil {
			c.Close()
		}
		if (err == nil) != want {
			t.Errorf("port %s: connected %v, want %v (%v)", port, err == nil, want, err)
		}
	}
}

// onlyRestricted checks that another pod in the namespace of the registry must be restricted, too.
func onlyRestricted(t *testing.T, i *installation) {
	pod := "apiVersion: v1\nkind: Pod\nmetadata: { name: other, namespace: registry }\nspec: { containers: [ { name: other, image: other } ] }\n"
	if _, err := i.Try(t.Context(), pod, "apply", "--dry-run=server", "--filename=-"); err == nil || !strings.Contains(err.Error(), "restricted") {
		t.Errorf("error %v, want that the pod is not restricted", err)
	}
}

// pullAndPush checks what two roles may do, and what the answer to a token for the API server is.
func pullAndPush(t *testing.T, ci, prod *client) {
	const images = host + ":" + port
	for _, c := range []struct {
		name    string
		client  *client
		args    string
		allowed bool
	}{
		{"ci pushes for its teams", ci, "push /client/image.tar " + images + "/team/app:v1", true},
		{"prod pulls it", prod, "pull " + images + "/team/app:v1 /tmp/image.tar", true},
		{"prod does not push", prod, "push /client/image.tar " + images + "/team/app:v2", false},
		{"ci does not push to the secret repository", ci, "push /client/image.tar " + images + "/secret/app:v1", false},
		{"ci lists what it pushed", ci, "ls " + images + "/team/app", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := c.client.crane(t, "", strings.Fields(c.args)...)
			if (err == nil) != c.allowed {
				t.Errorf("crane %s: allowed %v, want %v: %s %v", c.args, err == nil, c.allowed, out, err)
			}
			// The answer to HEAD has no body with the code DENIED.
			if err != nil && !strings.Contains(err.Error(), "DENIED") && !strings.Contains(err.Error(), "403") {
				t.Errorf("the reason is not that it is denied: %v", err)
			}
		})
	}
	t.Run("a token for the API server is refused", func(t *testing.T) {
		token := ci.Kubectl(t, "create", "token", "client", "-n=ci")
		if status := ci.status(t, token, "GET", "/v2/team/app/manifests/v1"); status != 401 {
			t.Errorf("status %d, want 401", status)
		}
	})
}
