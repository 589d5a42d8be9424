package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const aliceARN = "arn:aws:iam::123456789012:user/alice"

// TestAccessKey checks that created keys are in a file that only its owner can read, and that
// what the command prints makes them keys of the user.
func TestAccessKey(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	file, principals := filepath.Join(dir, "access-keys"), filepath.Join(dir, "principals.yaml")
	create := func(flags ...string) *commandRun {
		r := &commandRun{args: append([]string{"access-key", "create", "--policies", dir, "--user", aliceARN}, flags...)}
		r.do(t)
		return r
	}
	bind := func(r *commandRun) {
		_, entry, _ := strings.Cut(r.stderr, "principals.yaml:\n\n")
		text := readFile(t, principals)
		if err := os.WriteFile(principals, []byte(strings.Replace(text, "credentials:\n", "credentials:\n"+entry, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := create()
	match := regexp.MustCompile(`^AccessKeyId: (AKIA[A-Z2-7]{16})\nSecretAccessKey: ([A-Za-z0-9+/]{40})\n$`).FindStringSubmatch(text.stdout)
	if text.code != exitDone || match == nil {
		t.Fatalf("exit %d, stdout %q, stderr %q", text.code, text.stdout, text.stderr)
	}
	if readFile(t, file) != match[1]+":"+match[2]+"\n" || strings.Contains(text.stderr, match[2]) {
		t.Error("the file does not have the key, or standard error has the secret")
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	lint := commandRun{args: []string{"lint", dir}}
	if lint.do(t); !strings.Contains(lint.stdout, "unbound-access-key") || strings.Contains(lint.stdout, match[2]) {
		t.Errorf("lint: %s", lint.stdout)
	}
	bind(text)
	who := commandRun{args: []string{"whoami", "--policies", dir, "--access-key", match[1]}}
	if who.do(t); who.code != exitDone || !strings.Contains(who.stdout, aliceARN) || strings.Contains(who.stdout+who.stderr, match[2]) {
		t.Errorf("whoami: exit %d, %s%s", who.code, who.stdout, who.stderr)
	}

	var printed struct {
		AccessKey struct{ UserName, AccessKeyID, Status, SecretAccessKey, CreateDate string }
	}
	second := create("--format", "json")
	if err := json.Unmarshal([]byte(second.stdout), &printed); err != nil || printed.AccessKey.UserName != "alice" || printed.AccessKey.Status != "Active" {
		t.Fatalf("exit %d, stdout %q, error %v", second.code, second.stdout, err)
	}
	if !strings.HasSuffix(readFile(t, file), "\n"+printed.AccessKey.AccessKeyID+":"+printed.AccessKey.SecretAccessKey+"\n") {
		t.Error("the file does not have the second key")
	}
	bind(second)

	before := readFile(t, file)
	if third := create(); third.code != exitInput || !strings.Contains(third.stderr, "has 2 access keys, the maximum that IAM allows") || readFile(t, file) != before {
		t.Errorf("a third key: exit %d, stderr %q", third.code, third.stderr)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if open := create(); open.code != exitInput || !strings.Contains(open.stderr, "access-keys: the mode 0644 lets others read its secrets, or its group change them; use chmod 0600") {
		t.Errorf("a file that others can read: exit %d, stderr %q", open.code, open.stderr)
	}
}

func TestAccessKeyRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"", "write extauthz access-key create"},
		{"delete", "write extauthz access-key create"},
		{"create", "--policies is missing"},
		{"create --policies " + dir, "--user is missing"},
		{"create --policies " + dir + " --user alice", "--user: "},
		{"create --policies " + dir + " --user arn:aws:iam::123456789012:user/mallory", "is not among the principals"},
		{"create --policies " + dir + " --user arn:aws:iam::123456789012:root", "is not an IAM user"},
		{"create --policies " + dir + "/none --user " + aliceARN, "the policy directory cannot be read"},
	} {
		r := commandRun{args: append([]string{"access-key"}, strings.Fields(c.args)...)}
		if r.do(t); r.code != exitInput || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want %q", c.args, r.code, r.stdout, r.stderr, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "access-keys")); !os.IsNotExist(err) {
		t.Errorf("a refused command created the file: %v", err)
	}
}
