package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/cluster/apiserver"
	"extauthz/tests/daemon"
)

// node is the name of the only node.
const node = "node"

// startNode starts a controller manager, containerd with the images, and a kubelet.
func startNode(t *testing.T, s *apiserver.Server) {
	t.Helper()
	daemon.Start(t, listens("127.0.0.1:10257"), apiserver.Program("kube-controller-manager"),
		"--kubeconfig="+s.Kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1",
		"--root-ca-file="+filepath.Join(s.Dir, "ca.crt"), "--service-account-private-key-file="+filepath.Join(s.Dir, "service-accounts.key"))
	startContainerd(t)
	startKubelet(t, s)
}

// startKubelet starts a kubelet, and waits until its node is ready.
func startKubelet(t *testing.T, s *apiserver.Server) {
	t.Helper()
	kubeconfig := s.WriteNodeKubeconfig(t, node, net.ParseIP(nodeAddress))
	config := write(t, "kubelet.yaml", "FOLDER", s.Dir, "CGROUP", cgroup)
	daemon.Start(t, daemon.OK(http.DefaultClient, "http://127.0.0.1:10248/healthz"), apiserver.Program("kubelet"),
		"--config="+config, "--kubeconfig="+kubeconfig, "--hostname-override="+node, "--node-ip="+nodeAddress)
	s.Kubectl(t, "wait", "--for=create", "--timeout=2m", "node/"+node)
	s.Kubectl(t, "wait", "--for=condition=Ready", "--timeout=2m", "node/"+node)
}

// startContainerd starts containerd and imports the images.
func startContainerd(t *testing.T) {
	t.Helper()
	network := write(t, "network.conflist")
	config := write(t, "containerd.toml", "PAUSE", pauseImage, "PLUGINS", plugins(t), "FOLDER", filepath.Dir(network))
	daemon.Start(t, listens("/run/containerd/containerd.sock"), "containerd", "--config="+config)
	for _, archive := range []string{"pause.tar", "images.tar"} {
		ctr(t, "images", "import", filepath.Join(archives, archive))
	}
}

// plugins returns the folder with the plugins of CNI.
func plugins(t *testing.T) string {
	t.Helper()
	folders := []string{"/usr/lib/cni", "/opt/cni/bin"} // Debian, and everyone else
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "bridge")); err == nil {
			return folder
		}
	}
	t.Fatalf("no plugins of CNI in %v: install them (the package containernetworking-plugins of Debian)", folders)
	return ""
}

// ctr runs containerd's client in the namespace of Kubernetes.
func ctr(t *testing.T, args ...string) {
	t.Helper()
	var out bytes.Buffer
	command := exec.Command("ctr", append([]string{"--namespace=k8s.io"}, args...)...)
	command.Stdout, command.Stderr = &out, &out
	if err := bounded.Run(t.Context(), 5*time.Minute, command); err != nil {
		t.Fatalf("ctr %s: %v: %s", strings.Join(args, " "), err, &out)
	}
}

// write writes a file of testdata with replacements, old and new in turn, into a folder of its own.
func write(t *testing.T, name string, replacements ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(manifest(t, name, replacements...)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// manifest returns a file of testdata with replacements.
func manifest(t *testing.T, name string, replacements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replacements...).Replace(string(text))
}

// listens returns a function that waits until a program listens at HOST:PORT, or at a unix socket.
func listens(address string) func(context.Context) error {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	return func(ctx context.Context) error {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return fmt.Errorf("it does not listen: %w", err)
		}
		return c.Close()
	}
}
