package mesh

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/certs"
	"extauthz/tests/daemon"
	"extauthz/tests/stack"
)

// TestXDS runs Envoy with the files of examples/mesh/xds through all scenarios.
func TestXDS(t *testing.T) { startXDS(t).run(t) }

// An xdsSite is a site whose Envoy reads listeners, routes and clusters from a folder.
type xdsSite struct {
	*site
	folder string            // as a ConfigMap is mounted: ..data is a link to the current files
	files  map[string]string // by name
	admin  string            // HOST:PORT of Envoy's admin interface
}

// startXDS starts the registry, the mirror, extauthz with TLS, and Envoy. Only the addresses, and
// the folders of certificates and of the files, differ from the example.
func startXDS(t *testing.T) *xdsSite {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	free := freeAddresses(t, 5)
	envoy, admin, registry, checker, probes := free[0], free[1], free[2], free[3], free[4]
	s := &xdsSite{admin: admin, folder: t.TempDir(), files: map[string]string{},
		site: &site{authority: authority, whole: true, envoy: envoy, registry: registry, policies: copied(t, "xds"), mirror: newMirror(t, "127.0.0.1:0")}}
	keys := t.TempDir()
	writeServer(t, keys, authority)
	writeMutual(t, keys, authority)

	replace := strings.NewReplacer(
		"/etc/envoy/xds", s.folder, "/certs/", keys+"/",
		"pipe: { path: /run/envoy/admin.sock }", socketAddress(t, admin),
		"socket_address: { address: 0.0.0.0, port_value: 8443 }", socketAddress(t, envoy),
		"socket_address: { address: registry.internal, port_value: 5000 }", socketAddress(t, registry),
		"socket_address: { address: mirror.internal, port_value: 5000 }", socketAddress(t, s.mirror.address),
		"socket_address: { address: extauthz.internal, port_value: 9191 }", socketAddress(t, checker))
	for _, name := range []string{"listeners.yaml", "routes.yaml", "clusters.yaml"} {
		s.files[name] = replace.Replace(example(t, "xds", "files", name))
	}
	s.swap(t, s.files)
	bootstrap := filepath.Join(t.TempDir(), "envoy.yaml")
	write(t, bootstrap, replace.Replace(example(t, "xds", "envoy.yaml")))

	daemon.Start(t, answers("http://"+registry+"/v2/"), programs.Registry, registry, t.TempDir())
	s.checker = daemon.Start(t, answers("http://"+probes+"/readyz"), programs.Extauthz, "serve", "--policies", s.policies, "--listen", checker,
		"--tls-cert", filepath.Join(keys, "extauthz.crt"), "--tls-key", filepath.Join(keys, "extauthz.key"), "--tls-client-ca", filepath.Join(keys, "ca.crt"),
		"--admin-listen", probes, "--drain-timeout", "2s")
	daemon.Start(t, answers("http://"+admin+"/ready"), programs.Envoy.Command([]string{s.folder, keys, filepath.Dir(bootstrap)},
		"--config-path", bootstrap, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")...)
	return s
}

// writeMutual writes the certificates of extauthz and of Envoy as its client, and their authority.
func writeMutual(t *testing.T, folder string, authority *certs.Authority) {
	t.Helper()
	server := certs.Named("extauthz")
	server.DNSNames = []string{"extauthz.internal"}
	for name, template := range map[string]*x509.Certificate{"extauthz": server, "client": certs.Named("envoy")} {
		if err := authority.Write(folder, name, template); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(folder, "ca.crt"), encoded("CERTIFICATE", authority.Certificate.Raw))
}

// example returns a file of an example.
func example(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{stack.Root(), "examples", "mesh"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// freeAddresses returns n loopback addresses at which nothing listens.
func freeAddresses(t *testing.T, n int) (addresses []string) {
	t.Helper()
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses
}

// socketAddress returns HOST:PORT as Envoy's configuration has it.
func socketAddress(t *testing.T, hostPort string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		t.Fatal(err)
	}
	return "socket_address: { address: " + host + ", port_value: " + port + " }"
}

// swap replaces all files at once, as the kubelet does: it writes a new folder, and renames a
// link to it.
func (s *xdsSite) swap(t *testing.T, files map[string]string) {
	t.Helper()
	generation, err := os.MkdirTemp(s.folder, "..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(generation, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, filepath.Join(generation, name), text)
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(s.folder, name)); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	next := filepath.Join(s.folder, "..data_tmp")
	if err := os.Symlink(filepath.Base(generation), next); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(s.folder, "..data")); err != nil {
		t.Fatal(err)
	}
}

// changed returns the files with one of them changed.
func (s *xdsSite) changed(t *testing.T, name, old, text string) map[string]string {
	t.Helper()
	if strings.Count(s.files[name], old) != 1 {
		t.Fatalf("%s has %q %d times, want once", name, old, strings.Count(s.files[name], old))
	}
	files := map[string]string{}
	for other, content := range s.files {
		files[other] = content
	}
	files[name] = strings.Replace(s.files[name], old, text, 1)
	return files
}

// stat returns a counter or gauge of Envoy.
func (s *xdsSite) stat(t *testing.T, name string) (value int) {
	t.Helper()
	response, err := http.Get("http://" + s.admin + "/stats?filter=^" + name + "$")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), name+": %d", &value); err != nil {
		t.Fatalf("%s: %v in %q", name, err, text)
	}
	return value
}

// exceeds waits until a counter of Envoy is greater than before.
func (s *xdsSite) exceeds(t *testing.T, name string, before int) {
	t.Helper()
	for limit := time.Now().Add(readyLimit); s.stat(t, name) <= before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s is still %d", name, before)
		}
	}
}
