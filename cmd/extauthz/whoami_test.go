package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// callers is a policy directory with every kind of credential. ciToken is a token of its
// issuer "ci", valid from 2026 to 2099.
const (
	callers = "../../simulate/testdata/callers"
	ciToken = "../../simulate/testdata/ci.token"
)

// checkRequestOf returns a CheckRequest in JSON with an Authorization header.
func checkRequestOf(authorization string) string {
	return `{"attributes":{"contextExtensions":{"registry":"main"},"request":{"time":"2026-05-01T12:00:00Z","http":` +
		`{"method":"GET","path":"/v2/","host":"main.example.com","headers":{"authorization":"` + authorization + `"}}}}}`
}

func basicOf(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// written returns the path of a new file with the text.
func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWhoami(t *testing.T) {
	text, err := os.ReadFile(ciToken)
	if err != nil {
		t.Fatal(err)
	}
	token := string(text)
	const builder, alice = "arn:aws:sts::123456789012:assumed-role/builder/web", "arn:aws:iam::123456789012:user/alice"
	for _, c := range []struct {
		name, stdin string
		args        []string
		principal   string // "" without a caller
		reason      string
	}{
		{"token", "", []string{"--registry", "main", "--token", ciToken}, builder, ""},
		{"token on standard input", token, []string{"--registry", "main", "--token", "-"}, builder, ""},
		{"token of a role", token, []string{"--registry", "main", "--token", "-", "--user", "123456789012/ci/builder"}, builder, ""},
		{"token later", token, []string{"--registry", "main", "--token", "-", "--time", "2101-01-01T00:00:00Z"}, "", "the token expired"},
		{"token without signature", token[:strings.LastIndexByte(token, '.')+1], []string{"--registry", "main", "--token", "-"}, "", "token"},
		{"user", "", []string{"--registry", "main", "--user", "alice"}, alice, ""},
		{"unknown user", "", []string{"--registry", "main", "--user", "eve"}, "", "no line in htpasswd"},
		{"header", "", []string{"--registry", "proxied", "--header", "alice@example.com"}, alice, ""},
		{"certificate", "", []string{"--registry", "main", "--certificate", written(t, whoamiCertificate)}, "arn:aws:sts::123456789012:assumed-role/pods/shop", ""},
		{"request", checkRequestOf(basicOf("alice", "alice-secret")), []string{"--check-request", "-"}, alice, ""},
		{"request with a token", checkRequestOf("Bearer " + strings.TrimSpace(token)), []string{"--check-request", "-"}, builder, ""},
		{"request in a file", "", []string{"--check-request", written(t, checkRequestOf(basicOf("alice", "alice-secret")))}, alice, ""},
		{"request with a wrong password", checkRequestOf(basicOf("alice", "hunter2")), []string{"--check-request", "-"}, "", "password"},
		{"request without credential", `{"attributes":{"contextExtensions":{"registry":"main"},"request":{"http":{"host":"main.example.com"}}}}`, []string{"--check-request", "-"}, "", "no credential"},
		{"empty request", `{}`, []string{"--check-request", "-"}, "", "registry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := commandRun{args: append([]string{"whoami", "--policies", callers}, c.args...), stdin: c.stdin}
			r.do(t)
			var got struct{ Principal, Reason string }
			if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || r.stderr != "" {
				t.Fatalf("%v: exit %d, stdout %s, stderr %s", err, r.code, r.stdout, r.stderr)
			}
			want := exitDone
			if c.principal == "" {
				want = exitFailure
			}
			if r.code != want || got.Principal != c.principal || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("exit %d, %+v; want exit %d, %q, %q", r.code, got, want, c.principal, c.reason)
			}
			wantNoCredential(t, &r, token)
		})
	}
}

// wantNoCredential checks that the output contains no part of a token and no password.
func wantNoCredential(t *testing.T, r *commandRun, token string) {
	t.Helper()
	printed := r.stdout + r.stderr
	for _, secret := range append(strings.Split(strings.TrimSpace(token), "."), "alice-secret", "hunter2", basicOf("alice", "alice-secret")[6:]) {
		if strings.Contains(printed, secret) {
			t.Errorf("printed %s", printed)
		}
	}
}

// TestWhoamiMistakes checks that the exit code is 2, and that the error is one line
// without the credential.
func TestWhoamiMistakes(t *testing.T) {
	in := func(args ...string) []string { return append([]string{"--policies", callers}, args...) }
	for _, c := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"no directory", "", []string{"--user", "alice"}, "--policies is missing"},
		{"directory that does not exist", "", []string{"--policies", "/nowhere", "--user", "alice"}, "extauthz whoami: /nowhere: the policy directory cannot be read: " + syscall.ENOENT.Error()},
		{"no credential", "", in(), "no credential"},
		{"two credentials", "", in("--user", "alice", "--header", "x"), "--user and --header exclude each other; give one"},
		{"a request and a token", "", in("--check-request", "-", "--token", "-"), "--check-request and --token"},
		{"a request and a registry", "", in("--check-request", "-", "--registry", "main"), "leave out --registry, because the request determines it"},
		{"AWS without token", "", in("--user", "AWS"), "add --token"},
		{"role without token", "", in("--user", "123456789012/ci"), "add --token"},
		{"user with a colon", "", in("--user", "alice:hunter2"), "the user name contains a colon"},
		{"a secret", "", in("--access-key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "--access-key is not the id of an access key of a user; write AKIA"},
		{"temporary credentials", "", in("--access-key", "ASIAIOSFODNN7EXAMPLE"), "--access-key is not the id"},
		{"an access key and a user", "", in("--access-key", "AKIAIOSFODNN7EXAMPLE", "--user", "alice"), "--user and --access-key exclude each other"},
		{"no registry", "", in("--user", "alice"), "the directory has several registries; name one of"},
		{"unknown registry", "", in("--user", "alice", "--registry", "x"), `registry "x" does not exist`},
		{"no header accepted", "", in("--header", "x", "--registry", "main"), "accepts no header"},
		{"time", "", in("--user", "alice", "--time", "noon"), "noon"},
		{"an argument", "", in("--user", "alice", "bob"), `unexpected argument "bob"`},
		{"file that does not exist", "", in("--token", "/nowhere"), "/nowhere"},
		{"empty token", "\n", in("--token", "-", "--registry", "main"), "standard input: the file contains no token"},
		{"no certificate", "hunter2", in("--certificate", "-", "--registry", "main"), "standard input: no certificate"},
		{"no request", `{"attributes": hunter2}`, in("--check-request", "-"), "standard input:1:16: not JSON: unexpected 'h'; fix it here or just before"},
		{"misspelt field", `{"attribute": {}}`, in("--check-request", "-"), `standard input:1:2: unknown field "attribute"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := commandRun{args: append([]string{"whoami"}, c.args...), stdin: c.stdin}
			r.do(t)
			if r.code != exitInput || r.stdout != "" || !strings.Contains(r.stderr, c.want) || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("exit %d, stdout %s, stderr %s; want %q", r.code, r.stdout, r.stderr, c.want)
			}
			if strings.Contains(r.stderr, "hunter2") {
				t.Errorf("stderr contains a credential: %s", r.stderr)
			}
		})
	}
}

// whoamiCertificate has the URI spiffe://cluster.local/ns/shop/sa/cart.
const whoamiCertificate = `-----BEGIN CERTIFICATE-----
MIHqMIGdoAMCAQICAQEwBQYDK2VwMAAwIhgPMDAwMTAxMDEwMDAwMDBaGA8wMDAx
MDEwMTAwMDAwMFowADAqMAUGAytlcAMhAJx37zHfxKJ/TdGBVDMMGrp6RAOKfssS
F1u5Aedpb0eNozgwNjA0BgNVHREBAf8EKjAohiZzcGlmZmU6Ly9jbHVzdGVyLmxv
Y2FsL25zL3Nob3Avc2EvY2FydDAFBgMrZXADQQDgTdUk6bRTDm1QoAbnscHvrPG6
RUYRK536IKr2D9a2YfbqB98h0U7X/rzprJcgXO2Pk1hpxbrD5g0jvXCXzrwA
-----END CERTIFICATE-----
`
