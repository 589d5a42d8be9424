package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extauthz/decisionlog"
	"extauthz/replay"
)

// traffic lets the program decide requests, and returns the file with its decision log.
func traffic(t *testing.T) string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "decisions.log")
	p := start(t, nil, "--decision-log-file", log)
	conn := p.dial(t)
	for range 20 {
		wantCheck(t, conn, "GET", "/v2/", as("bob"), http.StatusOK)
		wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
		wantCheck(t, conn, "HEAD", "/v2/team/app/blobs/sha256:00", as("bob"), http.StatusOK)
		wantCheck(t, conn, "PUT", "/v2/team/app/manifests/v1", as("bob"), http.StatusForbidden)
		wantCheck(t, conn, "GET", "/v2/secret/app/manifests/v1", as("bob"), http.StatusForbidden)
		wantCheck(t, conn, "PUT", "/v2/team/app/manifests/v1?tag=v2", as("alice"), http.StatusOK)
		wantCheck(t, conn, "POST", "/v2/team/app/blobs/uploads/?mount=sha256:00&from=secret/app", as("alice"), http.StatusOK)
		wantCheck(t, conn, "PUT", "/v2/team/app/blobs/uploads/1?digest=sha256:00", as("alice"), http.StatusOK)
		wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", "", http.StatusUnauthorized)
		wantCheck(t, conn, "GET", "/v2/A/manifests/v1", as("bob"), http.StatusBadRequest)
	}
	p.signal(t, syscall.SIGTERM)
	p.wantExit(t, exitDone)
	return log
}

// changed returns a copy of the quickstart in which a text of a file is replaced.
func changed(t *testing.T, file, old, with string) string {
	t.Helper()
	dir := copied(t)
	name := filepath.Join(dir, filepath.FromSlash(file))
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s: %v, or no %q", file, err, old)
	}
	replace(t, name, []byte(strings.ReplaceAll(string(text), old, with)))
	return dir
}

// TestReplay replays the log of a running program: by its own policies, by stricter ones and by
// wider ones.
func TestReplay(t *testing.T) {
	log := traffic(t)
	stricter := changed(t, "managed/team-pull.json", `"ecr:BatchGetImage",`, "")
	wider := changed(t, "principals.yaml", "policies: [team-pull]", "policies: [team-push]")
	for _, c := range []struct {
		line string
		code int
		want string // part of the output
	}{
		{"--policies " + quickstart, exitDone, "160 requests decided again, of a log from "},
		{"--fail-on lost-access,new-access,other-denial --policies " + quickstart, exitDone, ": 0 lost access, 0 new access, 0 denied in another way\n"},
		{"--fail-on not-replayed --policies " + quickstart, exitFailure, "  20 requests: the request was refused for every caller, the first at " + log + ":10\n"},
		{"--policies " + stricter, exitFailure, "  arn:aws:iam::123456789012:user/bob  ecr:BatchGetImage  team/app  allowed -> implicitDeny  20 requests\n      " + log + ":2, "},
		{"--fail-on new-access --policies " + stricter, exitDone, "\nlost-access\n"},
		{"--fail-on none --policies " + stricter, exitDone, "\nlost-access\n"},
		{"--policies " + wider, exitDone, "\nnew-access\n  arn:aws:iam::123456789012:user/bob  ecr:PutImage  team/app  implicitDeny -> allowed  20 requests\n"},
		{"--fail-on=new-access --policies " + wider, exitFailure, "\nnew-access\n"},
		{"--against " + stricter + " --policies " + quickstart, exitDone, "20 requests got another decision than the old policies give"},
		{"--against " + stricter + " --policies " + stricter, exitDone, ": 0 lost access, 0 new access"},
		{"--format csv --policies " + stricter, exitFailure, "change,principal,action,repository,before,after,requests,"},
		{"--format csv --policies " + stricter, exitFailure, "\nlost-access,arn:aws:iam::123456789012:user/bob,ecr:BatchGetImage,team/app,allowed,implicitDeny,20,"},
	} {
		t.Run(c.line, func(t *testing.T) {
			code, stdout, stderr := typed(t, "replay --log "+log+" "+c.line)
			if code != c.code || !strings.Contains(stdout, c.want) || stderr != "" {
				t.Errorf("exit %d, %q, stdout\n%s\nwant %d, %q", code, stderr, stdout, c.code, c.want)
			}
		})
	}
	code, stdout, stderr := typed(t, "replay --format json --log "+log+" --log "+log+" --policies "+stricter)
	var report replay.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitFailure || report.LostAccess != 40 || report.Lines.Decisions != 400 || stderr != "" {
		t.Errorf("exit %d, %v, %+v, %q", code, err, report, stderr)
	}
}

// TestReplayBadLogs checks logs with lines that are not decisions.
func TestReplayBadLogs(t *testing.T) {
	const line = `{"time":"2026-05-06T07:08:09Z","msg":"decision","version":1,"decision":"allowed","registry":"quickstart","principal":"arn:aws:iam::123456789012:user/bob","source":"basic","method":"GET","operation":"GetManifest","repository":"team/app","reference":"v1","context":{"aws:SecureTransport":"false"},"digest":"d"}` + "\n"
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	bad := write("panic: fault\n" + line + `{"msg":"stopping"}` + "\n" + line + line[:100])
	code, stdout, stderr := typed(t, "replay --log "+bad+" --policies "+quickstart)
	if code != exitDone || !strings.Contains(stdout, "2 requests decided again") || !strings.Contains(stdout, "3 lines without a decision: 1 broken, 1 truncated, 1 foreign, 0 too long\n") {
		t.Errorf("exit %d, %s", code, stdout)
	}
	for _, want := range []string{
		"extauthz replay: warning: " + bad + ":1: the line is not a decision: ", "extauthz replay: warning: " + bad + ":3: the line is JSON, but not a decision; ",
		"extauthz replay: warning: " + bad + ":5: the last line is incomplete; ",
	} {
		if strings.Count(stderr, want) != 1 || strings.Count(stderr, "\n") != 3 {
			t.Errorf("stderr lacks %q: %s", want, stderr)
		}
	}
	_, _, stderr = typed(t, "replay --log "+write(line+strings.Repeat("x\n", 30))+" --policies "+quickstart)
	if strings.Count(stderr, "\n") != maxBadLines+1 || !strings.HasSuffix(stderr, ": 20 more lines are not decisions\n") {
		t.Errorf("many bad lines: %s", stderr)
	}
	old := write(strings.Replace(line, `"version":1,`, "", 1))
	code, stdout, _ = typed(t, "replay --fail-on lost-access,not-replayed --log "+old+" --policies "+quickstart)
	if code != exitFailure || !strings.Contains(stdout, "0 requests decided again") || !strings.Contains(stdout, string(replay.OlderFormat)) {
		t.Errorf("an old log: exit %d, %s", code, stdout)
	}
}

// TestLogMistakes checks wrong command lines and input of the commands that read a log.
func TestLogMistakes(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range []mistake{
		{"replay --policies " + quickstart, nil, "--log is missing"},
		{"replay --log " + empty, nil, "--policies is missing"},
		{"replay --log /nowhere --policies " + quickstart, nil, "/nowhere"},
		{"replay --log " + empty + " --policies /nowhere", nil, "/nowhere"},
		{"replay --log " + empty + " --policies " + quickstart + " --against /nowhere", nil, "/nowhere"},
		{"replay --log " + empty + " --policies " + quickstart, nil, "the log has no decision"},
		{"replay --log - --policies " + quickstart, nil, "the log has no decision"},
		{"replay --format xml", nil, `"xml" is not a format; write text, json or csv`},
		{"replay --fail-on lost", nil, `"lost" is not a difference; write lost-access, `},
		{"replay --fail-on lost-access,none", nil, `"none" is not a difference; write lost-access, `},
		{"replay decisions.log", nil, `unexpected argument "decisions.log"`},
		{"generate --log " + empty, nil, "--out is missing"},
		{"generate --out out", nil, "--log is missing"},
		{"generate --log " + empty + " --out " + filepath.Dir(empty), nil, "the log has no decision"},
		{"generate --log " + empty + " --out out --wildcards 1", nil, "--wildcards 1 would write patterns instead of single repositories"},
		{"generate --log " + empty + " --out out --policies /nowhere", nil, "/nowhere"},
		{"generate --format csv", nil, `"csv" is not a format; write text or json`},
	} {
		code, stdout, stderr := typed(t, m.line)
		if code != exitInput || stdout != "" || !strings.Contains(stderr, m.want) {
			t.Errorf("%s: exit %d, %q, %q; want 2, %q", m.line, code, stdout, stderr, m.want)
		}
	}
}

// TestGenerate generates policies from the log of a running program, and attaches them instead of
// its policies: the same traffic has the same answers, and replaying the log finds no difference.
func TestGenerate(t *testing.T) {
	log, out := traffic(t), filepath.Join(t.TempDir(), "generated")
	code, stdout, stderr := typed(t, "generate --log "+log+" --policies "+quickstart+" --out "+out)
	if code != exitDone || stderr != "" || !strings.Contains(stdout, "  arn:aws:iam::123456789012:user/bob: 3 permissions in used-123456789012-user-bob\n") {
		t.Fatalf("exit %d, %s, %s", code, stdout, stderr)
	}
	dir := changed(t, "principals.yaml", "policies: [team-pull]", "policies: [used-123456789012-user-bob]")
	file := filepath.Join(dir, "principals.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, file, []byte(strings.Replace(string(text), "policies: [team-push]", "policies: [used-123456789012-user-alice]", 1)))
	if err := os.CopyFS(dir, os.DirFS(out)); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := typed(t, "replay --log "+log+" --policies "+dir); code != exitInput || !strings.Contains(stderr, "generated.json") {
		t.Errorf("the summary in a policy directory: exit %d, %s", code, stderr)
	}
	if err := os.Remove(filepath.Join(dir, "generated.json")); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := typed(t, "replay --fail-on lost-access,new-access --log "+log+" --policies "+dir); code != exitDone {
		t.Errorf("exit %d, %s, %s", code, stdout, stderr)
	}
	p := start(t, nil, "--policies", dir)
	conn := p.dial(t)
	wantCheck(t, conn, "GET", "/v2/team/app/manifests/v1", as("bob"), http.StatusOK)
	wantCheck(t, conn, "GET", "/v2/team/app/tags/list", as("bob"), http.StatusForbidden) // which was not used
	wantCheck(t, conn, "PUT", "/v2/team/app/manifests/v1?tag=v2", as("alice"), http.StatusOK)
	wantCheck(t, conn, "DELETE", "/v2/team/app/manifests/v1", as("alice"), http.StatusForbidden)
	if code, _, stderr := typed(t, "generate --log "+log+" --out "+out); code != exitInput || !strings.Contains(stderr, "is not empty") {
		t.Errorf("an existing directory: exit %d, %s", code, stderr)
	}
	code, stdout, _ = typed(t, "generate --format json --log "+log+" --out "+out+"2")
	var summary struct{ Requests int }
	if err := json.Unmarshal([]byte(stdout), &summary); err != nil || code != exitDone || summary.Requests != 120 {
		t.Errorf("exit %d, %v, %s", code, err, stdout)
	}
}

// TestCountsOfLogs checks the sums of counts.
func TestCountsOfLogs(t *testing.T) {
	a := decisionlog.Counts{Decisions: 1, Broken: 2, Truncated: 3, Foreign: 4, TooLong: 5}
	if got, want := a.Plus(a), (decisionlog.Counts{Decisions: 2, Broken: 4, Truncated: 6, Foreign: 8, TooLong: 10}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := fmt.Sprint(a.Bad()); got != "14" {
		t.Errorf("%s bad lines", got)
	}
}
