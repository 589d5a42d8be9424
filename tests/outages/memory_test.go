package outages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"extauthz/tests/checkout"
	"extauthz/tests/dockercli"
)

// small is a container with little memory, which starts again whenever it ends.
var small = []string{"--memory=64m", "--memory-swap=64m", "--restart=always"}

// TestOutOfMemory lets the kernel end extauthz: it may use more memory for loading policies than
// its container has, and policies arrive that need it. It cannot start again with these policies.
// Once they are removed, it does.
func TestOutOfMemory(t *testing.T) {
	policies := copied(t)
	began := time.Now()
	s := start(t, config{policies, slices.Concat(small, []string{"--env=GOMEMLIMIT=1GiB"}), []string{"--load-memory=1GiB"}})
	f := s.traffic(t, usual...)
	f.recovers(t)
	large(t, policies)
	dockercli.Soon(t, "ended by the kernel", func() bool { return s.replicas[0].outOfMemory(t, began) })
	f.unavailable(t)
	if err := os.RemoveAll(filepath.Join(policies, "managed", "large")); err != nil {
		t.Fatal(err)
	}
	f.recovers(t)
	f.finish(t)
}

// TestTooLargePolicies does the same without the flag: extauthz rejects the policies, and decides
// by the last ones.
func TestTooLargePolicies(t *testing.T) {
	policies := copied(t)
	began := time.Now()
	s := start(t, config{policies, small, nil})
	f := s.traffic(t, usual...)
	f.recovers(t)
	large(t, policies)
	r := s.replicas[0]
	dockercli.Soon(t, "rejected", func() bool { return r.metric("extauthz_policy_last_reload_success") == "0" })
	f.next(t, 20)
	if _, unavailable := f.finish(t); unavailable > 0 {
		t.Errorf("%d requests were answered 503, want none", unavailable)
	}
	if r.outOfMemory(t, began) {
		t.Error("the kernel ended extauthz")
	}
}

// outOfMemory reports whether the container ran out of memory since a time.
func (r *replica) outOfMemory(t *testing.T, since time.Time) bool {
	t.Helper()
	return dockercli.Run(t, "events", "--since", fmt.Sprint(since.Unix()), "--until", fmt.Sprint(time.Now().Unix()),
		"--filter=event=oom", "--filter=container="+r.name) != ""
}

// copied returns a copy of the quickstart's policies.
func copied(t *testing.T) string {
	t.Helper()
	dir := shared(t)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(checkout.Root(), "examples", "quickstart", "policies"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// large adds policies that need more memory than a small container has. They appear at the same
// time.
func large(t *testing.T, policies string) {
	t.Helper()
	dir := filepath.Join(shared(t), "large")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for n := range 60 {
		var resources []string
		for i := range 10000 {
			resources = append(resources, fmt.Sprintf("arn:aws:ecr:eu-central-1:123456789012:repository/large/%d/%d", n, i))
		}
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": resources},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("large-%d.json", n)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(dir, filepath.Join(policies, "managed", "large")); err != nil {
		t.Fatal(err)
	}
}
