package clients

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// withContainerd returns the path of a client of containerd, if containerd is installed and can be
// started.
func withContainerd(find func() (string, error)) func() (string, error) {
	return func() (string, error) {
		if os.Getuid() != 0 {
			return "", fmt.Errorf("only root can start containerd")
		}
		if _, err := exec.LookPath("containerd"); err != nil {
			return "", err
		}
		return find()
	}
}

// containerdConfig keeps everything below one folder, and the content of each session separate.
const containerdConfig = `version = 2
root = "%[1]s/root"
state = "%[1]s/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "%[1]s/socket"
[ttrpc]
address = "%[1]s/ttrpc"
[plugins."io.containerd.metadata.v1.bolt"]
content_sharing_policy = "isolated"
`

// startContainerd starts a containerd until the end of the test and returns the address of its
// socket.
func startContainerd(t *testing.T) string {
	t.Helper()
	dir := newHome(t)
	config := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, containerdConfig, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	run := exec.Command("containerd", "--config", config)
	run.Stdout, run.Stderr = &log, &log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGTERM)
		if err := run.Wait(); err != nil {
			t.Logf("containerd: %v; it wrote %s", err, &log)
		}
	})
	awaitContainerd(t, filepath.Join(dir, "socket"))
	return filepath.Join(dir, "socket")
}

// awaitContainerd waits until containerd responds.
func awaitContainerd(t *testing.T, socket string) {
	t.Helper()
	for range 3000 {
		if exec.Command("ctr", "--address", socket, "version").Run() == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("containerd does not answer")
}
