package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"extauthz/decision"
	"extauthz/policystore"
)

// quickstartAdmin returns the admin handlers of a store with the policies of the
// quickstart.
func quickstartAdmin(t *testing.T) *admin {
	t.Helper()
	store := policystore.New(policystore.Options{Dir: quickstart, Decision: decision.Options{CacheSize: 16}})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	return &admin{ready: &readiness{snapshot: store.Snapshot}, store: store, metrics: ok}
}

// TestAdminRejectsOtherHosts checks that a web page in a browser on this machine cannot
// read the admin listener under its own host name (DNS rebinding).
func TestAdminRejectsOtherHosts(t *testing.T) {
	a := quickstartAdmin(t)
	for host, want := range map[string]int{"127.0.0.1:9192": 200, "localhost:9192": 200, "evil.example:9192": 403, "192.0.2.1": 403} {
		for _, path := range []string{"/snapshot", "/debug/pprof/", "/metrics"} {
			r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
			r.Host = host
			a.handler(true).ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("Host %s, %s: status %d; want %d", host, path, w.Code, want)
			}
		}
	}
	r, w := httptest.NewRequest(http.MethodGet, "/readyz", nil), httptest.NewRecorder()
	r.Host = "10.1.2.3:8080"
	a.probeHandler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("a kubelet's probe: status %d; want 200", w.Code)
	}
}

func TestAdminMethodsAndProfiles(t *testing.T) {
	a := quickstartAdmin(t)
	for _, c := range []struct {
		method, path string
		profiles     bool
		want         int
	}{
		{"GET", "/snapshot", false, 200},
		{"POST", "/snapshot", false, 405},
		{"DELETE", "/metrics", false, 405},
		{"HEAD", "/livez", false, 200},
		{"GET", "/debug/pprof/", false, 404},
		{"GET", "/debug/pprof/heap", true, 200},
		{"GET", "/debug/pprof/heap?gc=1&debug=1", true, 200},
		{"GET", "/debug/pprof/cmdline", true, 404},
		{"GET", "/debug/pprof/profile?seconds=-1", true, 400},
		{"GET", "/debug/pprof/profile?seconds=1e9", true, 400},
		{"GET", "/debug/pprof/profile?seconds=NaN", true, 400},
		{"GET", "/", true, 404},
	} {
		r, w := httptest.NewRequest(c.method, c.path, nil), httptest.NewRecorder()
		r.Host = "localhost"
		a.handler(c.profiles).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s, profiles %v: status %d; want %d", c.method, c.path, c.profiles, w.Code, c.want)
		}
	}
}

// TestMetricLabelsAreBounded checks that the text of a request never becomes a label.
func TestMetricLabelsAreBounded(t *testing.T) {
	p := start(t, nil)
	conn := p.dial(t)
	for _, path := range []string{"/v2/a/manifests/b", "/v2/c/manifests/d", "/x", "/v2/e/blobs/f?g=h", "/v2/team/app/manifests/v1"} {
		for _, method := range []string{"GET", "PUT", "BREW"} {
			check(t, conn, method, path, as("bob"))
		}
	}
	known := regexp.MustCompile(`^extauthz_decisions_total\{action="(none|ecr:[A-Za-z]+)",decision="[A-Za-z]+",operation="(none|[A-Z][A-Za-z]+)",registry="quickstart",source="basic"\} `)
	_, metrics := get(t, p.admin, "/metrics")
	series := 0
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, "extauthz_decisions_total{") {
			continue
		}
		series++
		if !known.MatchString(line) {
			t.Errorf("unexpected series %s", line)
		}
	}
	if series < 3 || series > 10 {
		t.Errorf("%d series; want one for each operation and decision", series)
	}
}
