package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignin runs serve with a listener for signing in: alice exchanges her password for a
// token with which she pulls.
func TestSignin(t *testing.T) {
	dir, keys := copied(t), filepath.Join(t.TempDir(), "keys")
	registries := filepath.Join(dir, "registries.yaml")
	text, err := os.ReadFile(registries)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(registries, append([]byte("sessions: {issuer: 'https://localhost'}\n"), text...), 0o644); err != nil {
		t.Fatal(err)
	}
	create := commandRun{args: []string{"session-key", keys}}
	if create.do(t); create.code != exitDone || filepath.Dir(strings.TrimSpace(create.stdout)) != keys {
		t.Fatalf("exit %d, stdout %q, stderr %q", create.code, create.stdout, create.stderr)
	}
	socket := filepath.Join(t.TempDir(), "signin.sock")
	p := start(t, nil, "--policies", dir, "--signin-listen", "unix://"+socket, "--session-keys", keys)
	if line := p.message(t, "listening"); line.For != "signing in" || line.Address != socket {
		t.Errorf("listening for %q at %s", line.For, line.Address)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	request := func(path string, headers ...string) (int, string) {
		r, err := http.NewRequest(http.MethodGet, "http://signin"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	password := "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:alice-secret"))
	status, body := request("/token?service=localhost", "Authorization", password, "X-Forwarded-For", "192.0.2.7")
	var tokens struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, body %s", status, body)
	}
	conn := p.dial(t)
	wantCheck(t, conn, http.MethodGet, "/v2/team/app/manifests/v1", "Bearer "+tokens.Token, http.StatusOK)
	wantCheck(t, conn, http.MethodGet, "/v2/team/app/manifests/v1", "Bearer "+tokens.Token[:len(tokens.Token)-10]+"AAAAAAAAAA", http.StatusUnauthorized)
	if status, body := request("/token?service=localhost", "Authorization", password); status != http.StatusForbidden {
		t.Errorf("not through Envoy: status %d, body %s", status, body)
	}
	if status, body := request("/.well-known/jwks.json"); status != http.StatusOK || !strings.Contains(body, `"kid"`) {
		t.Errorf("keys: status %d, body %s", status, body)
	}
	if status, _ := request("/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics at the listener: status %d", status)
	}
	p.signal(t, syscall.SIGTERM)
	p.wantExit(t, exitDone)
	if log := p.log.String() + p.stdout.String(); strings.Contains(log, tokens.Token) || strings.Contains(log, "alice-secret") || !strings.Contains(log, `"operation":"ecr:GetAuthorizationToken"`) {
		t.Errorf("the logs are %s", log)
	}
}

func TestSigninFlags(t *testing.T) {
	keys, open := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(open, "20260101T000000Z.pem"), []byte("hunter2"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		flags      []string
	}{
		{"no keys", "--signin-listen is set without --session-keys; give a folder with a key, which extauthz session-key creates", []string{"--signin-listen", "127.0.0.1:0"}},
		{"keys in git", "is inside the policy directory", []string{"--signin-listen", "127.0.0.1:0", "--session-keys", filepath.Join(quickstart, "keys")}},
		{"every interface", "--signin-listen 0.0.0.0:0: 0.0.0.0 is not a loopback address; use a loopback address or a unix socket", []string{"--signin-listen", "0.0.0.0:0", "--session-keys", keys}},
		{"no address", `--signin-listen "9193" is not an address`, []string{"--signin-listen", "9193", "--session-keys", keys}},
		{"the address of another listener", "--listen and --signin-listen are both 127.0.0.1:9191", []string{"--listen", "127.0.0.1:9191", "--signin-listen", "127.0.0.1:9191", "--session-keys", keys}},
		{"no folder", "the folder of session keys cannot be read", []string{"--signin-listen", "127.0.0.1:0", "--session-keys", filepath.Join(keys, "none")}},
		{"a bad key", open + "/20260101T000000Z.pem: the mode 0644 lets others read the key", []string{"--signin-listen", "127.0.0.1:0", "--session-keys", open}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := commandRun{args: append([]string{"serve", "--policies", quickstart, "--listen", "127.0.0.1:0", "--admin-listen", ""}, c.flags...)}
			if r.do(t); r.code != exitInput || !strings.Contains(r.stderr, c.want) || strings.Contains(r.stderr, "hunter2") {
				t.Errorf("exit %d, stderr %q; want %q", r.code, r.stderr, c.want)
			}
		})
	}
}

func TestSessionKey(t *testing.T) {
	dir := t.TempDir()
	r := commandRun{args: []string{"session-key", dir, "--signs-after", "10m"}}
	if r.do(t); r.code != exitDone || !regexp.MustCompile(`/\d{8}T\d{6}Z\.pem\n$`).MatchString(r.stdout) {
		t.Fatalf("exit %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
	}
	from, err := time.Parse("20060102T150405Z.pem", filepath.Base(strings.TrimSpace(r.stdout)))
	if wait := time.Until(from); err != nil || wait < 9*time.Minute || wait > 10*time.Minute {
		t.Errorf("the key signs in %v, error %v", wait, err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "one folder is required, not 0"},
		{[]string{dir, dir}, "one folder is required, not 2"},
		{[]string{dir, "--signs-after", "-1s"}, "--signs-after -1s is negative"},
	} {
		r := commandRun{args: append([]string{"session-key"}, c.args...)}
		if r.do(t); r.code != exitInput || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%q: exit %d, stderr %q; want %q", c.args, r.code, r.stderr, c.want)
		}
	}
}
