package observability

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// configuration is one of Prometheus that scrapes instances of extauthz and Envoy.
const configuration = `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ %q ]
scrape_configs:
- job_name: extauthz
  static_configs: [ { targets: [ %s ] } ]
- job_name: envoy
  metrics_path: /stats/prometheus
  static_configs: [ { targets: [ %s ] } ]
`

// prometheus starts a Prometheus with the rules until the test ends, and returns its address.
func prometheus(t *testing.T, systems []*system, flags ...string) string {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	prerequisite.Check(t, err)
	dir, address := t.TempDir(), freeAddress(t)
	file := filepath.Join(dir, "prometheus.yaml")
	var instances, envoys []string
	for _, sys := range systems {
		instances = append(instances, sys.Address(stack.Extauthz))
		envoys = append(envoys, envoyOverTCP(t, sys))
	}
	config := fmt.Sprintf(configuration, example("rules.yaml"), strings.Join(instances, ", "), strings.Join(envoys, ", "))
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	flags = append(flags, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	run(t, exec.Command(path, flags...))
	eventually(t, "Prometheus is ready", func() bool {
		_, err := get(t.Context(), http.DefaultClient, "http://"+address+"/-/ready")
		return err == nil
	})
	return address
}

// run runs a server until the test ends. If the test fails, it reports what the server wrote.
func run(t *testing.T, server *exec.Cmd) {
	t.Helper()
	var log strings.Builder
	server.Stdout, server.Stderr, server.SysProcAttr = &log, &log, bounded.Attributes()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = server.Wait() // it was killed
		if t.Failed() {
			t.Log(log.String())
		}
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// envoyOverTCP serves Envoy's metrics at a port, because Prometheus does not connect to unix
// sockets.
func envoyOverTCP(t *testing.T, sys *system) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := get(r.Context(), sys.envoyAdmin(), "http://envoy"+r.URL.Path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, text) // Prometheus may have given up
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// A ruleState is a rule as Prometheus reports it.
type ruleState struct {
	Name, State, Health, LastError string
	LastEvaluation                 time.Time
}

// states returns the state of every rule.
func states(t *testing.T, address string) (all []ruleState) {
	t.Helper()
	var answer struct {
		Data struct{ Groups []struct{ Rules []ruleState } }
	}
	text := body(t, http.DefaultClient, "http://"+address+"/api/v1/rules")
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	for _, group := range answer.Data.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// TestPrometheus checks that a Prometheus that scrapes extauthz and Envoy evaluates every
// rule, and that the alert about a break-glass policy fires while the file exists.
func TestPrometheus(t *testing.T) {
	sys := start(t, strings.NewReplacer())
	sys.everyDecision(t)
	address := prometheus(t, []*system{sys})
	firing := func() bool {
		return slices.ContainsFunc(states(t, address), func(r ruleState) bool { return r.Name == "ExtauthzBreakGlass" && r.State == "firing" })
	}
	eventually(t, "every rule is evaluated", func() bool {
		all := states(t, address)
		return len(all) == len(readRules(t)) && !slices.ContainsFunc(all, func(r ruleState) bool { return r.Health == "unknown" })
	})
	for _, query := range []string{`up{job="extauthz"} == 1`, `up{job="envoy"} == 1`, "job:extauthz_policy_digests:count == 1", "job:extauthz_denials:rate5m"} {
		eventually(t, query+" has a value", func() bool { return hasValue(t, address, query) })
	}
	for _, r := range states(t, address) {
		if r.Health != "ok" || r.State == "firing" {
			t.Errorf("%s: %s, %s %s", r.Name, r.State, r.Health, r.LastError)
		}
	}
	sys.breakGlass(t)
	eventually(t, "the alert about the break-glass policy fires", firing)
	if err := os.Remove(filepath.Join(sys.policies, "managed", "break-glass-oncall.json")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the alert about the break-glass policy ends", func() bool { return !firing() })
}

// TestNativeHistogram checks that a Prometheus that scrapes native histograms computes a quantile
// of the time of checks from them.
func TestNativeHistogram(t *testing.T) {
	sys := start(t, strings.NewReplacer())
	address := prometheus(t, []*system{sys}, "--enable-feature=native-histograms")
	const query = `histogram_quantile(0.99, sum by (job) (rate(extauthz_check_duration_seconds{decision="allowed"}[1m]))) > 0`
	eventually(t, "a quantile", func() bool {
		sys.request(t, "GET", "/v2/", basic("alice", "alice-secret"))
		return hasValue(t, address, query)
	})
}

func hasValue(t *testing.T, address, query string) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/api/v1/query", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.RawQuery = url.Values{"query": {query}}.Encode()
	text := body(t, http.DefaultClient, r.URL.String())
	return !strings.Contains(text, `"result":[]`)
}
