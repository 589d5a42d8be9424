package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoginPassword checks the sources of the token, and that it is in no error.
func TestLoginPassword(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		fmt.Fprintf(w, `{"token":"session of %s with %s at %s","expires_in":60}`, user, password, r.URL.Query().Get("service"))
	}))
	defer server.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{"token": "s3cret\n", "empty": " \n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, flags, want, fault string
		code                     int
	}{
		{"a file", "registry.example.com --token-file " + dir + "/token", "session of AWS with s3cret at registry.example.com\n", "", exitDone},
		{"standard input, a service and a role", "registry.example.com --token-file - --service images --role 123456789012/ci", "session of 123456789012/ci with s3cret at images\n", "", exitDone},
		{"a variable", "registry.example.com --token-env TOKEN", "session of AWS with s3cret at registry.example.com\n", "", exitDone},
		{"no registry", "--token-env TOKEN", "", "one registry is required, not 0", exitInput},
		{"no source", "registry.example.com", "", "0 sources of the token are given; give one of --token-file, --token-env and --github-audience", exitInput},
		{"two sources", "registry.example.com --token-env TOKEN --token-file -", "", "2 sources of the token are given", exitInput},
		{"no variable", "registry.example.com --token-env NONE", "", "the token is empty; check the file or the variable", exitInput},
		{"an empty file", "registry.example.com --token-file " + dir + "/empty", "", "the token is empty", exitInput},
		{"no file", "registry.example.com --token-file " + dir + "/none", "", dir + "/none", exitInput},
		{"no job of GitHub", "registry.example.com --github-audience a", "", "give the job the permission id-token: write", exitInput},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			args := append([]string{"login-password", "--url", server.URL + "/token"}, strings.Fields(c.flags)...)
			code := run(args, []string{"TOKEN=s3cret"}, strings.NewReader("s3cret"), &out, &errs)
			if code != c.code || out.String() != c.want || !strings.Contains(errs.String(), c.fault) || strings.Contains(errs.String(), "s3cret") {
				t.Errorf("exit %d, stdout %q, stderr %q; want %d, %q, %q", code, out.String(), errs.String(), c.code, c.want, c.fault)
			}
		})
	}
}

func TestCredentialProvider(t *testing.T) {
	for _, c := range []struct {
		name, flags, stdin, fault string
		code                      int
	}{
		{"no registry", "", "", "--registry is missing; give the host of the registry", exitInput},
		{"an argument", "registry.example.com", "", `unexpected argument "registry.example.com"`, exitInput},
		{"no request", "--registry registry.example.com", "", "the kubelet's request is not JSON", exitFailure},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := commandRun{args: append([]string{"credential-provider"}, strings.Fields(c.flags)...), stdin: c.stdin}
			if r.do(t); r.code != c.code || r.stdout != "" || !strings.Contains(r.stderr, c.fault) {
				t.Errorf("exit %d, stdout %q, stderr %q; want %d, %q", r.code, r.stdout, r.stderr, c.code, c.fault)
			}
		})
	}
}
