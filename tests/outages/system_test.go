package outages

import (
	"crypto/rand"
	"encoding/pem"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"extauthz/tests/certs"
	"extauthz/tests/checkout"
	"extauthz/tests/dockercli"
	"extauthz/tests/images"
	"extauthz/tests/prerequisite"

	_ "extauthz/goldentest" // accept -update
)

// system is a registry, Envoy and replicas of extauthz in containers.
type system struct {
	images    images.Images
	network   *network
	authority *certs.Authority
	certs     string // the folder /certs of the containers
	scheme    string // of Envoy's listener
	client    *http.Client
	registry  string // containers
	envoy     string
	bound     string // HOST:PORT of Envoy on this machine
	replicas  []*replica
}

// replica is a container of extauthz.
type replica struct {
	name    string
	address netip.Addr
}

// config is how a replica starts.
type config struct {
	policies string   // the mounted folder; "" is that of the quickstart
	docker   []string // further arguments of docker run
	flags    []string // further arguments of extauthz serve
}

// start starts a system with replicas, and returns when Envoy has found all of them healthy. All of
// it is removed after the test.
func start(t *testing.T, replicas ...config) *system {
	t.Helper()
	s, config := prepare(t, replicas...)
	s.startEnvoy(t, config)
	return s
}

// prepare starts a system without Envoy, and returns the configuration that Envoy needs.
func prepare(t *testing.T, replicas ...config) (*system, map[string]any) {
	t.Helper()
	dockercli.Require(t)
	found, err := images.Ensure(t.Context(), t.Output())
	prerequisite.Check(t, err)
	name := "extauthz-outage-" + strings.ToLower(rand.Text())
	s := &system{images: found, network: newNetwork(t, name), scheme: "http", client: client}
	s.authority, s.certs = authority(t)
	s.registry, s.envoy = name+"-registry", name+"-envoy"
	at := s.network.address()
	s.run(t, s.registry, at, "--env=OTEL_TRACES_EXPORTER=none", "--env=REGISTRY_HTTP_RELATIVEURLS=true", found.Registry)
	var addresses []netip.Addr
	for i, c := range replicas {
		r := &replica{name + "-" + string(rune('a'+i)), s.network.address()}
		addresses, s.replicas = append(addresses, r.address), append(s.replicas, r)
		s.startReplica(t, r, c)
	}
	return s, envoyConfig(t, at, addresses)
}

// startEnvoy starts Envoy with a configuration, and returns when it has found all replicas healthy.
// The examples' file certificate.yaml is at its place.
func (s *system) startEnvoy(t *testing.T, config map[string]any) {
	t.Helper()
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(shared(t), "envoy.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	certificate := filepath.Join(checkout.Root(), "examples", "kubernetes", "sidecar", "certificate.yaml")
	s.run(t, s.envoy, s.network.address(), "--volume="+file+":/etc/envoy.yaml:ro", "--volume="+s.certs+":/certs:ro",
		"--volume="+certificate+":/etc/envoy/certificate.yaml:ro", "--publish=127.0.0.1::8080", "--tmpfs=/tmp:mode=1777", s.images.Envoy,
		"envoy", "--config-path", "/etc/envoy.yaml", "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
	s.healthy(t)
}

// run runs a container in the network, without rights that it does not need.
func (s *system) run(t *testing.T, name string, address netip.Addr, args ...string) {
	t.Helper()
	dockercli.Run(t, append([]string{"run", "--detach", "--name=" + name, "--network=" + s.network.name, "--ip=" + address.String(),
		"--cap-drop=ALL", "--security-opt=no-new-privileges"}, args...)...)
	t.Cleanup(func() {
		if logs, _ := dockercli.Combined("logs", "--tail=15", name); t.Failed() {
			t.Logf("%s:\n%s", name, logs)
		}
		if _, err := dockercli.Try("rm", "--force", "--volumes", name); err != nil {
			t.Error(err)
		}
	})
}

func (s *system) startReplica(t *testing.T, r *replica, c config) {
	t.Helper()
	if c.policies == "" {
		c.policies = filepath.Join(checkout.Root(), "examples", "quickstart", "policies")
	}
	args := append([]string{"--read-only", "--volume=" + c.policies + ":/policies:ro", "--volume=" + s.certs + ":/certs:ro",
		"--publish=127.0.0.1::9193"}, c.docker...)
	args = append(args, s.images.Extauthz, "serve", "--policies=/policies", "--listen=0.0.0.0:9191", "--probe-listen=0.0.0.0:9193",
		"--tls-cert=/certs/server.crt", "--tls-key=/certs/server.key", "--tls-client-ca=/certs/ca.crt")
	s.run(t, r.name, r.address, append(args, c.flags...)...)
	dockercli.Soon(t, "ready: "+r.name, func() bool { return r.get("/readyz") == "ok\n" })
}

// healthy waits until Envoy sends requests to every replica.
func (s *system) healthy(t *testing.T) {
	t.Helper()
	dockercli.Soon(t, "an answer of every replica", func() bool {
		status, err := s.send(http.MethodGet, "/v2/", "alice", nil)
		if err != nil || status != http.StatusOK {
			return false
		}
		for _, r := range s.replicas {
			if answered := r.metric(`extauthz_check_duration_seconds_count{decision="allowed"}`); answered == "" || answered == "0" {
				return false
			}
		}
		return true
	})
}

// get returns the body of a page of the replica's probe port, or "".
func (r *replica) get(path string) string {
	bound, err := dockercli.Try("port", r.name, "9193/tcp")
	if err != nil {
		return ""
	}
	answer, err := http.Get("http://" + bound + path)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

// metric returns the value of a metric, or the labels of one that is always 1, or "".
func (r *replica) metric(name string) string {
	for line := range strings.Lines(r.get("/metrics")) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// authority writes what examples/kubernetes/shared has in /certs: the certificates of extauthz, of
// Envoy, and of the authority of both.
func authority(t *testing.T) (a *certs.Authority, dir string) {
	t.Helper()
	dir = shared(t)
	a, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server := certs.Named("extauthz")
	server.DNSNames = []string{"extauthz.extauthz.svc"}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})
	for _, err := range []error{
		a.Write(dir, "server", server), a.Write(dir, "client", certs.Named("envoy")),
		os.WriteFile(filepath.Join(dir, "ca.crt"), ca, 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return a, dir
}

// shared returns a temporary folder that the users of containers can enter.
func shared(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
