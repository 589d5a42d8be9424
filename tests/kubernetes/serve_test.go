package kubernetes

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"extauthz/tests/checkout"
	"extauthz/tests/stack"
)

// TestServeAcceptsSettings starts extauthz with the settings of each pod, until it listens.
func TestServeAcceptsSettings(t *testing.T) {
	binary := filepath.Join(checkout.Cache(), "bin", "extauthz")
	if err := stack.Compile(context.Background(), checkout.Root(), "./cmd/extauthz", binary, os.Stderr); err != nil {
		t.Fatal(err)
	}
	pods := map[string]*corev1.PodSpec{}
	for _, folder := range []string{"sidecar", "shared"} {
		pods[folder] = deployment(t, customized(t, folder))
	}
	for name, values := range valueSets(t) {
		pods["chart with "+name] = deployment(t, objectsOf(t, values))
	}
	for name, pod := range pods {
		t.Run(name, func(t *testing.T) { listens(t, binary, container(t, pod, "extauthz")) })
	}
}

// listens starts the program with the environment of a container. Volumes are folders of the
// test, and ports are free ones of this machine.
func listens(t *testing.T, binary string, c corev1.Container) {
	t.Helper()
	dir := t.TempDir()
	writeCertificates(t, dir)
	here := strings.NewReplacer("/certs/", dir+"/", "/git/", dir+"/git/", "unix:///run/extauthz/", "unix://"+dir+"/",
		"0.0.0.0:9191", "127.0.0.1:0", "0.0.0.0:9193", "127.0.0.1:0")
	serve := exec.Command(binary, "serve")
	serve.Env = []string{"EXTAUTHZ_POLICIES=" + dir + "/policies", "EXTAUTHZ_ADMIN_LISTEN="}
	for _, e := range c.Env {
		serve.Env = append(serve.Env, e.Name+"="+here.Replace(e.Value))
	}
	log, err := serve.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = serve.Process.Kill() }) // it has ended unless the test failed
	listeners, printed := 0, ""
	for lines := bufio.NewScanner(log); listeners < 2 && lines.Scan(); {
		printed += lines.Text() + "\n"
		if strings.Contains(lines.Text(), `"msg":"listening"`) {
			listeners++
		}
	}
	_ = serve.Process.Signal(syscall.SIGKILL)
	_ = serve.Wait()
	if listeners != 2 {
		t.Errorf("it listens at %d addresses, want 2:\n%s", listeners, printed)
	}
}
