package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

const (
	serving    = healthv1.HealthCheckResponse_SERVING
	notServing = healthv1.HealthCheckResponse_NOT_SERVING
)

// TestServeAnswersLogsAndCounts sends one request of each kind, and checks the answer,
// the decision log and the metrics.
func TestServeAnswersLogsAndCounts(t *testing.T) {
	p := start(t, nil)
	conn := p.dial(t)
	requests := []struct {
		method, path, user string
		status             int
		decision, action   string
	}{
		{"GET", "/v2/team/app/manifests/v1", "bob", 200, "allowed", "ecr:BatchGetImage"},
		{"GET", "/v2/team/app/manifests/v1", "bob", 200, "allowed", "ecr:BatchGetImage"},
		{"PUT", "/v2/team/app/manifests/v1", "bob", 403, "implicitDeny", "ecr:PutImage"},
		{"GET", "/v2/secret/app/manifests/v1", "bob", 403, "explicitDeny", "ecr:BatchGetImage"},
		{"PUT", "/v2/team/app/manifests/v1", "alice", 200, "allowed", "ecr:PutImage"},
		{"GET", "/v2/team/app/manifests/v1", "", 401, "unauthenticated", "none"},
		{"GET", "/v2/team/app/../secret/manifests/v1", "bob", 400, "refused", "none"},
	}
	for _, r := range requests {
		authorization := ""
		if r.user != "" {
			authorization = as(r.user)
		}
		wantCheck(t, conn, r.method, r.path, authorization, r.status)
	}
	_, metrics := get(t, p.admin, "/metrics")
	for _, want := range []string{
		`extauthz_decisions_total{action="ecr:BatchGetImage",decision="allowed",operation="GetManifest",registry="quickstart",source="basic"} 2`,
		`extauthz_decisions_total{action="ecr:PutImage",decision="implicitDeny",operation="PutManifest",registry="quickstart",source="basic"} 1`,
		`extauthz_decisions_total{action="ecr:BatchGetImage",decision="explicitDeny",operation="GetManifest",registry="quickstart",source="basic"} 1`,
		`extauthz_decisions_total{action="none",decision="unauthenticated",operation="none",registry="quickstart",source="none"} 1`,
		`extauthz_check_duration_seconds_count{decision="allowed"} 3`,
		`extauthz_check_duration_seconds_count{decision="unavailable"} 0`,
		`extauthz_password_hashes_total{result="right"} 2`,
		`extauthz_policy_generation 1`,
		`extauthz_policy_last_reload_success 1`,
		`extauthz_decision_log_lost_total 0`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("/metrics lacks %q", want)
		}
	}
	p.signal(t, syscall.SIGTERM)
	p.wantExit(t, exitDone)
	lines := strings.Split(strings.TrimSpace(p.stdout.String()), "\n")
	if len(lines) != len(requests) {
		t.Fatalf("%d lines logged; want %d", len(lines), len(requests))
	}
	for i, r := range requests {
		var line struct{ Decision, Method, ClientAddress string }
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil || line.Decision != r.decision || line.Method != r.method || line.ClientAddress != "192.0.2.7" {
			t.Errorf("line %d = %s (%v); want decision %s", i+1, lines[i], err, r.decision)
		}
	}
}

// TestServeWaitsForPolicies starts without policies. Every request is denied, and the
// process is not ready, until policies are added.
func TestServeWaitsForPolicies(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policies")
	p := start(t, nil, "--policies", dir, "--wait-for-policies")
	conn := p.dial(t)
	wantStatus(t, p.admin, "/livez", http.StatusOK)
	wantStatus(t, p.admin, "/readyz", http.StatusServiceUnavailable)
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusServiceUnavailable)
	if got := health(t, conn); got != notServing {
		t.Errorf("health = %v; want %v", got, notServing)
	}
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "health is SERVING", func() bool { return health(t, conn) == serving })
	wantStatus(t, p.admin, "/readyz", http.StatusOK)
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
}

// TestServeRetainsLastValidPolicies makes a policy invalid and valid again while serve
// runs.
func TestServeRetainsLastValidPolicies(t *testing.T) {
	dir := copied(t)
	p := start(t, nil, "--policies", dir)
	conn := p.dial(t)
	registries := filepath.Join(dir, "registries.yaml")
	good, err := os.ReadFile(registries)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, registries, []byte("registries: ["))
	p.message(t, "policy directory refused")
	wantStatus(t, p.admin, "/readyz", http.StatusOK)
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
	if _, metrics := get(t, p.admin, "/metrics"); !strings.Contains(metrics, "extauthz_policy_last_reload_success 0\n") ||
		!strings.Contains(metrics, "extauthz_policy_reload_failures_total 1\n") {
		t.Error("/metrics does not count the failed reload")
	}
	var view snapshotView
	if _, body := get(t, p.admin, "/snapshot"); json.Unmarshal([]byte(body), &view) != nil || view.Generation != 1 ||
		!strings.Contains(view.LastError, "registries.yaml") || view.Failures != 1 || view.Counts == nil || view.Counts.Registries != 1 {
		t.Errorf("/snapshot = %+v", view)
	}
	replace(t, registries, append(good, "\n# fixed\n"...))
	p.message(t, "policy directory in force")
	if _, metrics := get(t, p.admin, "/metrics"); !strings.Contains(metrics, "extauthz_policy_generation 2\n") {
		t.Error("/metrics does not contain the second generation")
	}
}

// replace replaces a file atomically.
func replace(t *testing.T, name string, text []byte) {
	t.Helper()
	hidden := filepath.Join(filepath.Dir(name), ".new")
	if err := errors.Join(os.WriteFile(hidden, text, 0o600), os.Rename(hidden, name)); err != nil {
		t.Fatal(err)
	}
}

// TestServeReloadsAfterHangup changes a policy file behind a link, for which no event
// occurs.
func TestServeReloadsAfterHangup(t *testing.T) {
	dir, elsewhere := copied(t), filepath.Join(t.TempDir(), "registries.yaml")
	registries := filepath.Join(dir, "registries.yaml")
	if err := errors.Join(os.Rename(registries, elsewhere), os.Symlink(elsewhere, registries)); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, "--policies", dir, "--poll-interval", "1h")
	before := changeUnseen(t, p, elsewhere)
	p.signal(t, syscall.SIGHUP)
	eventually(t, "the change is in force", func() bool { return generation(t, p) == before+1 })
}

// changeUnseen changes the file until a change causes no reload, because a new watch may
// still see a change. It returns the generation in force.
func changeUnseen(t *testing.T, p *process, name string) uint64 {
	t.Helper()
	for range 10 {
		before := generation(t, p)
		file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.WriteString("# changed\n")
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // three times the debounce time
		if generation(t, p) == before {
			return before
		}
	}
	t.Fatal("every change causes a reload without a signal")
	return 0
}

// generation returns the generation of the policies in force.
func generation(t *testing.T, p *process) uint64 {
	t.Helper()
	var view snapshotView
	_, body := get(t, p.admin, "/snapshot")
	if err := json.Unmarshal([]byte(body), &view); err != nil {
		t.Fatal(err)
	}
	return view.Generation
}

// TestServeReopensLogAfterHangup renames the file of the decision log.
func TestServeReopensLogAfterHangup(t *testing.T) {
	log := filepath.Join(t.TempDir(), "decisions.log")
	p := start(t, nil, "--decision-log-file", log, "--decision-log-required")
	conn := p.dial(t)
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	p.message(t, "the decision log was opened again")
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
	for _, name := range []string{log, log + ".1"} {
		text, err := os.ReadFile(name)
		if err != nil || strings.Count(string(text), "\n") != 1 {
			t.Errorf("%s = %q, %v; want one line", filepath.Base(name), text, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", filepath.Base(name), info.Mode(), err)
		}
	}
}

// TestServeRotatesLog starts with a file of the decision log that is full.
func TestServeRotatesLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "decisions.log")
	full := strings.Repeat(strings.Repeat("x", 1023)+"\n", 1024)
	if err := os.WriteFile(log, []byte(full), 0o640); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, "--decision-log-file", log, "--decision-log-max-size", "1MiB", "--decision-log-keep", "1", "--decision-log-required")
	wantCheck(t, p.dial(t), "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
	renamed, err := filepath.Glob(log + ".*")
	if err != nil || len(renamed) != 1 {
		t.Fatalf("renamed files %q, error %v, want one", renamed, err)
	}
	if text, err := os.ReadFile(renamed[0]); err != nil || string(text) != full {
		t.Errorf("%s has %d bytes, error %v", renamed[0], len(text), err)
	}
	text, err := os.ReadFile(log)
	if err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("%q, %v; want one line", text, err)
	}
	if info, err := os.Stat(log); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v; want 0640", info.Mode(), err)
	}
}

// TestServeRotatesNoPipe checks that serve does not start with a limit on what is not a file.
func TestServeRotatesNoPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "decisions")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	p := prepare(t, "--decision-log-file", pipe, "--decision-log-max-age", "24h")
	stderr, err := p.CombinedOutput()
	if p.ProcessState.ExitCode() != exitFailure || !strings.Contains(string(stderr), "extauthz serve: --decision-log-file: "+pipe+" cannot be rotated, because it is not a regular file\n") {
		t.Errorf("%v, %q; want exit code 1 and the reason", err, stderr)
	}
}

func TestServeBindFailure(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, flag := range []string{"--listen", "--admin-listen", "--probe-listen"} {
		p := prepare(t, flag, taken.Addr().String())
		stderr, err := p.CombinedOutput()
		last := string(stderr[strings.LastIndex(strings.TrimSpace(string(stderr)), "\n")+1:])
		if p.ProcessState.ExitCode() != exitFailure || !strings.HasPrefix(last, "extauthz serve: "+flag+" ") || !strings.Contains(last, syscall.EADDRINUSE.Error()) {
			t.Errorf("%s: %v, %q; want exit code 1 and the reason", flag, err, last)
		}
	}
}

// TestServeDrains stops a process with a drain delay. It must continue to answer, but
// must not be ready. The second signal must end it although a health watch is open.
func TestServeDrains(t *testing.T) {
	p := start(t, nil, "--drain-delay", "1h", "--drain-timeout", "1h")
	conn := p.dial(t)
	wantStatus(t, p.admin, "/readyz", http.StatusOK)
	watch(t, p)
	p.signal(t, syscall.SIGTERM)
	p.message(t, "stopping")
	eventually(t, "not ready", func() bool { status, _ := get(t, p.admin, "/readyz"); return status == http.StatusServiceUnavailable })
	wantStatus(t, p.admin, "/livez", http.StatusOK)
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
	if got := health(t, conn); got != serving {
		t.Errorf("health in the drain delay = %v; want %v", got, serving)
	}
	p.signal(t, os.Interrupt.(syscall.Signal))
	p.message(t, "calls in progress were interrupted")
	p.wantExit(t, exitDone)
}

// TestServeDrainTimeout checks that the process ends although a health watch is open.
func TestServeDrainTimeout(t *testing.T) {
	p := start(t, nil, "--drain-timeout", "100ms")
	watch(t, p)
	p.signal(t, syscall.SIGTERM)
	p.message(t, "calls in progress were interrupted")
	if line := p.message(t, "stopped"); line.Lost == nil || *line.Lost != 0 {
		t.Errorf("stopped = %+v; want no decision lost", line)
	}
	p.wantExit(t, exitDone)
}

// watch opens a health watch that stays open.
func watch(t *testing.T, p *process) {
	t.Helper()
	stream, err := healthv1.NewHealthClient(p.dial(t)).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
}

// TestServeUnixSocket serves on a socket, kills the process, and serves on the same
// socket again.
func TestServeUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "serve")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "a.sock")
	for range 2 {
		p := start(t, nil, "--listen", "unix://"+socket, "--socket-mode", "0600")
		wantCheck(t, p.dial(t), "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
		if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode of the socket: %v, %v; want 0600", info.Mode(), err)
		}
		if code, stdout, stderr := typed(t, "healthcheck --admin-listen= --listen unix://"+socket); code != exitDone || stdout != "ok\n" {
			t.Errorf("healthcheck: exit %d, %q, %q", code, stdout, stderr)
		}
		p.signal(t, syscall.SIGKILL)
		<-p.exited
		if code, _, stderr := typed(t, "healthcheck --admin-listen= --listen unix://"+socket); code != exitFailure {
			t.Errorf("healthcheck of a killed process: exit %d, %q; want 1", code, stderr)
		}
	}
}

// TestServeProbeListener checks that the probe listener serves only probes and metrics.
func TestServeProbeListener(t *testing.T) {
	p := start(t, nil, "--probe-listen", "127.0.0.1:0", "--pprof")
	p.probes = p.message(t, "listening").Address
	for path, want := range map[string][2]int{ // on the admin and on the probe listener
		"/livez":                           {200, 200},
		"/readyz":                          {200, 200},
		"/metrics":                         {200, 200},
		"/snapshot":                        {200, 404},
		"/debug/pprof/":                    {200, 404},
		"/debug/pprof/heap":                {200, 404},
		"/debug/pprof/profile?seconds=0.1": {200, 404},
		"/debug/pprof/trace?seconds=0.1":   {200, 404},
		"/":                                {404, 404},
	} {
		wantStatus(t, p.admin, path, want[0])
		wantStatus(t, p.probes, path, want[1])
	}
}

func TestHealthcheck(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policies")
	p := start(t, nil, "--policies", dir, "--wait-for-policies")
	lines := []string{"healthcheck --admin-listen " + p.admin, "healthcheck --admin-listen= --listen " + p.checks}
	for _, line := range lines {
		if code, stdout, stderr := typed(t, line); code != exitFailure || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s before the policies: exit %d, %q, %q", line, code, stdout, stderr)
		}
	}
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	conn := p.dial(t)
	eventually(t, "health is SERVING", func() bool { return health(t, conn) == serving })
	for _, line := range lines {
		if code, stdout, stderr := typed(t, line, "EXTAUTHZ_POLICIES="+dir); code != exitDone || stdout != "ok\n" || stderr != "" {
			t.Errorf("%s: exit %d, %q, %q", line, code, stdout, stderr)
		}
	}
	if code, stdout, _ := typed(t, "healthcheck", "EXTAUTHZ_ADMIN_LISTEN="+p.admin); code != exitDone || stdout != "ok\n" {
		t.Errorf("healthcheck by the environment: exit %d, %q", code, stdout)
	}
}

// TestHealthcheckTimeout sends a healthcheck to a server that never answers.
func TestHealthcheckTimeout(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, line := range []string{"healthcheck --admin-listen ", "healthcheck --admin-listen= --listen "} {
		start := time.Now()
		code, _, stderr := typed(t, line+silent.Addr().String()+" --timeout 50ms")
		if code != exitFailure || !strings.Contains(stderr, context.DeadlineExceeded.Error()) {
			t.Errorf("%s: exit %d, %q", line, code, stderr)
		}
		if took := time.Since(start); took > patience/2 {
			t.Errorf("%s: a timeout of 50ms took %v", line, took)
		}
	}
}

// TestServeLogsFindings checks that the log contains the findings about policies and other
// files.
func TestServeLogsFindings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	const unknown = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:BatchGetImages"],"Resource":"*"}}`
	if err := os.WriteFile(filepath.Join(dir, "managed", "unknown.json"), []byte(unknown), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, "--policies", dir)
	want := `"file":"managed/unknown.json","line":1,"column":65,"code":"unknown-action","problem":"action \"ecr:BatchGetImages\" is none of the known ECR actions","remedy":"did you mean \"ecr:BatchGetImage\"?"`
	if log := p.log.String(); !strings.Contains(log, want) {
		t.Errorf("the log does not contain %s:\n%s", want, log)
	}
}
