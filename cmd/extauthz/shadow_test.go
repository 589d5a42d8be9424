package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// wantMetric waits until /metrics contains a line.
func wantMetric(t *testing.T, p *process, line string) {
	t.Helper()
	eventually(t, line, func() bool {
		_, metrics := get(t, p.admin, "/metrics")
		return strings.Contains(metrics, "\n"+line+"\n")
	})
}

// TestShadow serves with shadow policies that differ in two ways: bob may push and alice may not
// pull. Answers are those of the policies in force, and differences are counted and logged.
func TestShadow(t *testing.T) {
	dir := changed(t, "principals.yaml", "policies: [team-pull]", "policies: [team-push]")
	file := filepath.Join(dir, "principals.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, file, []byte(strings.Replace(string(text), "policies: [team-push]", "policies: [team-pull]", 1))) // of alice
	p := start(t, nil, "--shadow-policies", dir)
	conn := p.dial(t)
	wantMetric(t, p, "extauthz_shadow_policy_last_reload_success 1")
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
	wantCheck(t, conn, "PUT", "/v2/team/app/manifests/v1", as("bob"), http.StatusForbidden)
	wantCheck(t, conn, "PUT", "/v2/team/app/manifests/v1", as("alice"), http.StatusOK)
	wantCheck(t, conn, "GET", "/v2/", "", http.StatusUnauthorized)
	wantMetric(t, p, `extauthz_shadow_decisions_total{decision="allowed",shadow_decision="allowed"} 1`)
	wantMetric(t, p, `extauthz_shadow_decisions_total{decision="implicitDeny",shadow_decision="allowed"} 1`)
	wantMetric(t, p, `extauthz_shadow_decisions_total{decision="allowed",shadow_decision="implicitDeny"} 1`)
	wantMetric(t, p, `extauthz_shadow_decisions_total{decision="unauthenticated",shadow_decision="unauthenticated"} 1`)
	wantMetric(t, p, `extauthz_shadow_dropped_total 0`)
	p.message(t, "the shadow policies decide otherwise")
	p.message(t, "the shadow policies decide otherwise")
	replace(t, file, []byte("principals: ["))
	p.message(t, "policy directory refused")
	wantMetric(t, p, "extauthz_shadow_policy_last_reload_success 0")
	wantMetric(t, p, "extauthz_policy_last_reload_success 1")
	wantCheck(t, conn, "PUT", "/v2/team/app/manifests/v1", as("bob"), http.StatusForbidden)
	wantMetric(t, p, `extauthz_shadow_decisions_total{decision="implicitDeny",shadow_decision="allowed"} 2`)
	p.signal(t, syscall.SIGTERM)
	p.wantExit(t, exitDone)
}

// TestBrokenShadow serves with a shadow directory that does not load, and with one that does not
// exist: nothing is decided again, and everything else works as without it.
func TestBrokenShadow(t *testing.T) {
	broken := changed(t, "managed/team-pull.json", `"Allow"`, `"Alow"`)
	for _, dir := range []string{broken, filepath.Join(t.TempDir(), "absent")} {
		p := start(t, nil, "--shadow-policies", dir)
		conn := p.dial(t)
		p.message(t, "the shadow policies cannot be loaded")
		p.message(t, "policy directory refused; no policies are in force until it is fixed")
		wantStatus(t, p.admin, "/readyz", http.StatusOK)
		wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
		wantCheck(t, conn, "PUT", "/v2/team/app/manifests/v1", as("bob"), http.StatusForbidden)
		wantMetric(t, p, "extauthz_shadow_policy_last_reload_success 0")
		wantMetric(t, p, "extauthz_policy_last_reload_success 1")
		if _, metrics := get(t, p.admin, "/metrics"); strings.Contains(metrics, "extauthz_shadow_decisions_total{") || strings.Contains(metrics, "extauthz_shadow_policy_info{") {
			t.Error("requests are decided by policies that do not load")
		}
	}
}
