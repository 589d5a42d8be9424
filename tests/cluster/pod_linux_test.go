package cluster

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"extauthz/tests/fixture"
)

// A client is a pod with a registry client and a token for the registry.
type client struct {
	*installation
	namespace string
}

// newClient starts the pod of a client, and logs in with its token.
func (i *installation) newClient(t *testing.T, namespace string) *client {
	t.Helper()
	image, err := fixture.Image(runtime.GOARCH, "built in "+namespace)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := tarball.Write(name.MustParseReference("image:latest"), image, &archive); err != nil {
		t.Fatal(err)
	}
	i.Apply(t, manifest(t, "client.yaml", "NAMESPACE", namespace, "NODE", node, "ADDRESS", i.address, "CLIENT", names().Client,
		"AUTHORITY", asJSON(t, i.authority), "IMAGE", base64.StdEncoding.EncodeToString(archive.Bytes())))
	i.Kubectl(t, "wait", "--for=condition=Ready", "--timeout=2m", "-n="+namespace, "pod/client")
	c := &client{i, namespace}
	if out, err := c.crane(t, c.token(t), "auth", "login", host+":"+port, "--username=AWS", "--password-stdin"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return c
}

// token returns the token that the kubelet has written for the pod.
func (c *client) token(t *testing.T) string {
	t.Helper()
	uid := c.Kubectl(t, "get", "pod", "-n="+c.namespace, "client", "-o=jsonpath={.metadata.uid}")
	token, err := os.ReadFile(filepath.Join("/var/lib/kubelet/pods", uid, "volumes/kubernetes.io~projected/registry-token/token"))
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

// crane runs the registry client in the pod, and returns what it prints. The error is nil if it
// succeeds, and is an exit status if the registry denies the request.
func (c *client) crane(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	out, err := c.Try(t.Context(), stdin, append([]string{"exec", "-i", "-n=" + c.namespace, "client", "--", "crane"}, args...)...)
	if err == nil {
		return strings.TrimSpace(out), nil
	}
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return "", err
}
