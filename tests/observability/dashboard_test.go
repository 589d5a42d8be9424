package observability

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// A query is one of the dashboard.
type query struct{ panel, description, expr, legend string }

// readDashboard returns the names of the dashboard's variables and its queries. The dashboard must
// have no field that Grafana does not have.
func readDashboard(t *testing.T) (names []string, queries []query) {
	t.Helper()
	text, err := os.ReadFile(example("dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard.Dashboard                                                //nolint:staticcheck // the format that every Grafana imports; its successor is for an API of new ones
	if err := d.UnmarshalJSONStrict(text); err != nil && err.Error() != "" { // it may return an empty list of errors
		t.Fatal(err)
	}
	var of struct {
		Panels []struct {
			Title, Description string
			Targets            []struct{ Expr, LegendFormat string }
		}
		Annotations struct {
			List []struct{ Name, Expr, TextFormat string }
		}
	}
	if err := json.Unmarshal(text, &of); err != nil {
		t.Fatal(err)
	}
	for _, v := range d.Templating.List {
		names = append(names, v.Name)
	}
	for _, p := range of.Panels {
		for _, q := range p.Targets {
			queries = append(queries, query{p.Title, p.Description, q.Expr, q.LegendFormat})
		}
		if len(p.Targets) > 0 && p.Description == "" {
			t.Errorf("%s has no description", p.Title)
		}
	}
	for _, a := range of.Annotations.List {
		queries = append(queries, query{a.Name, "", a.Expr, a.TextFormat})
	}
	if len(queries) < 40 {
		t.Fatalf("%d queries, want at least 40", len(queries))
	}
	return names, queries
}

// variables are the values of the dashboard's variables in the test.
var variables = strings.NewReplacer("$job", "extauthz", "$instance", ".+", "$envoy", "envoy", "$__rate_interval", "30s", "$__range", "1m")

// TestDashboard checks the queries of the dashboard with a Prometheus that scrapes extauthz and
// Envoy: extauthz serves every metric with every label, and each query returns data.
func TestDashboard(t *testing.T) {
	_, queries := readDashboard(t)
	sys, withTLS := complete(t), start(t, strings.NewReplacer(), serverCertificate(t)...)
	if got := withTLS.request(t, "GET", "/v2/", ""); got != http.StatusServiceUnavailable { // its Envoy has no certificate
		t.Errorf("status %d without an answer of extauthz, want 503", got)
	}
	address := prometheus(t, []*system{sys, withTLS})
	served := newMetrics()
	for _, s := range []*system{sys, withTLS} {
		served.add(t, s.extauthzMetrics(t))
		served.add(t, s.envoyMetrics(t))
	}
	for _, q := range queries {
		// The variables are jobs and instances, which Prometheus adds.
		expr := regexp.MustCompile(`(job|instance)=~"\$\w+"(, )?`).ReplaceAllString(q.expr, "")
		expr = strings.NewReplacer("$__rate_interval", "30s", "$__range", "1m", `alertname=~"Extauthz.+|EnvoyCertificateExpires", `, "").Replace(expr)
		checkRule(t, &rule{Alert: q.panel, Expr: expr}, served)
		checkLegend(t, q)
	}
	sys.breakGlass(t)
	for _, q := range queries {
		expr := variables.Replace(q.expr)
		if strings.Contains(expr, "$") {
			t.Errorf("%s: unknown variable in %s", q.panel, expr)
		}
		eventually(t, q.panel+": "+expr+" returns data", func() bool {
			sys.request(t, "GET", "/v2/", basic("alice", "alice-secret"))
			return hasValue(t, address, expr)
		})
	}
}

// checkLegend checks that the labels of a legend are those by which the query groups, or those of
// every series.
func checkLegend(t *testing.T, q query) {
	t.Helper()
	for _, label := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(q.legend, -1) {
		grouped := regexp.MustCompile(`by \(([\w, ]+)\)`).FindStringSubmatch(q.expr)
		if grouped != nil && !slices.Contains(strings.Split(grouped[1], ", "), label[1]) || grouped == nil && label[1] != "instance" {
			t.Errorf("%s: no series of %s has the label %s", q.panel, q.expr, label[1])
		}
	}
}

// TestDashboardAlerts checks that the descriptions of panels name alerts that exist.
func TestDashboardAlerts(t *testing.T) {
	_, queries := readDashboard(t)
	alerts, named := map[string]bool{}, 0
	for _, alert := range readAlerts(t) {
		alerts[alert.Alert] = true
	}
	for _, q := range queries {
		if _, name, found := strings.Cut(q.description, "(alert "); found {
			if named++; !alerts[strings.TrimSuffix(name, ").")] {
				t.Errorf("%s: no alert has the name %s", q.panel, name)
			}
		}
	}
	if named < 8 {
		t.Errorf("%d panels name an alert, want at least 8", named)
	}
}

// TestDashboardVariables checks that the queries use the variables that the dashboard has, and no
// data source but that of the variable.
func TestDashboardVariables(t *testing.T) {
	names, queries := readDashboard(t)
	known, used := map[string]bool{"__rate_interval": true, "__range": true}, map[string]bool{"datasource": true}
	for _, name := range names {
		known[name] = true
	}
	for _, q := range queries {
		for _, name := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(q.expr, -1) {
			used[name[1]] = true
		}
	}
	if !maps.Equal(known, used) {
		t.Errorf("the dashboard has the variables %v and uses %v", known, used)
	}
	text, err := os.ReadFile(example("dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, uid := range regexp.MustCompile(`"type": "prometheus",\s*"uid": "(.*)"`).FindAllStringSubmatch(string(text), -1) {
		if uid[1] != "${datasource}" {
			t.Errorf("data source %s", uid[1])
		}
	}
}

// complete starts a system that serves every metric: with shadow policies, a listener at which
// callers sign in, an issuer and a registry's realm at URLs, and a reload that failed.
func complete(t *testing.T) *system {
	t.Helper()
	keys, signin := filepath.Join(t.TempDir(), "keys"), freeAddress(t)
	if out, err := exec.Command(programs.Extauthz, "session-key", keys).CombinedOutput(); err != nil {
		t.Fatalf("session-key: %v: %s", err, out)
	}
	sys := start(t, strings.NewReplacer(), "--signin-listen", signin, "--session-keys", keys,
		"--shadow-policies", filepath.Join(stack.Root(), "examples", "quickstart", "policies"))
	sys.everyDecision(t)
	sys.addURLs(t)
	registries := filepath.Join(sys.policies, "registries.yaml")
	good, err := os.ReadFile(registries)
	if err != nil {
		t.Fatal(err)
	}
	sys.replace(t, registries, "registries: 1\n", `extauthz_policy_last_reload_success 0`)
	sys.replace(t, registries, string(good), `extauthz_policy_last_reload_success 1`)
	if got := sys.request(t, "GET", "/dry-run/v2/", basic("alice", "alice-secret")); got != http.StatusPreconditionFailed {
		t.Errorf("status %d of a dry run, want 412", got)
	}
	if _, err := get(t.Context(), http.DefaultClient, "http://"+signin+"/token?service=quickstart"); err == nil {
		t.Error("a caller without a credential signs in")
	}
	return sys
}

// addURLs adds an issuer and a realm at URLs, and has both used.
func (s *system) addURLs(t *testing.T) {
	t.Helper()
	up, err := issuer.Start("up", issuer.ES256)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_, _ = w.Write(up.KeySet()) // extauthz reports what it cannot read
			return
		}
		fmt.Fprint(w, `{"token":"of-the-realm","expires_in":300}`)
	}))
	t.Cleanup(server.Close)
	principals := filepath.Join(s.policies, "principals.yaml")
	text, err := os.ReadFile(principals)
	if err != nil {
		t.Fatal(err)
	}
	upstreams := fmt.Sprintf("upstreams:\n- { registry: quickstart, realm: %q }\n", server.URL+"/token")
	if err := os.WriteFile(filepath.Join(s.policies, "upstreams.yaml"), []byte(upstreams), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	s.replace(t, principals, string(text)+fmt.Sprintf("- { name: up, issuer: \"https://up.example.com\", jwks: %q }\n", server.URL+"/keys"), `extauthz_upstream_token_last_issued_timestamp_seconds{host="`+host+`"}`)
	token, err := up.Sign(issuer.Claims{"iss": "https://up.example.com", "aud": "127.0.0.1", "sub": "a", "exp": 99999999999})
	if err != nil {
		t.Fatal(err)
	}
	s.request(t, "GET", "/v2/", "Bearer "+token)
	if got := s.request(t, "GET", "/v2/", basic("alice", "alice-secret")); got != http.StatusOK {
		t.Errorf("status %d of a request with a token of the realm, want 200", got)
	}
	for _, metric := range []string{"extauthz_upstream_token_last_issued_timestamp_seconds", "extauthz_jwks_last_success_timestamp_seconds"} {
		if !regexp.MustCompile(metric + `{host="` + regexp.QuoteMeta(host) + `"} 1`).MatchString(s.extauthzMetrics(t)) {
			t.Errorf("%s of %s is not set", metric, host)
		}
	}
}

// replace replaces a file of the policy directory, and waits for a metric.
func (s *system) replace(t *testing.T, file, text, metric string) {
	t.Helper()
	hidden := filepath.Join(filepath.Dir(file), ".new")
	if err := errors.Join(os.WriteFile(hidden, []byte(text), 0o644), os.Rename(hidden, file)); err != nil {
		t.Fatal(err)
	}
	eventually(t, metric+" is served", func() bool { return strings.Contains(s.extauthzMetrics(t), metric) })
}
