package policystore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/identity"
)

const (
	accessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	accessKeySecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// withAccessKey returns a directory with an access key of alice.
func withAccessKey() map[string]string {
	contents := small()
	contents["access-keys"] = accessKeyID + ":" + accessKeySecret + "\n"
	contents["principals.yaml"] = strings.Replace(contents["principals.yaml"], "credentials:\n", "credentials:\n- accessKey: "+accessKeyID+"\n  principal: arn:aws:iam::123456789012:user/dev/alice\n", 1)
	return contents
}

// TestAccessKeys checks that the keys of the file in force are accepted, and that a file which
// others can read changes nothing.
func TestAccessKeys(t *testing.T) {
	store, dir := newStore(t, withAccessKey())
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	accepts := func(secret string) bool {
		t.Helper()
		check := func(with string) error {
			if with != secret {
				return errors.New("wrong")
			}
			return nil
		}
		caller, f := store.Snapshot().Callers.Authenticate(context.Background(), &identity.Config{Sources: []identity.Source{identity.AccessKey}},
			&identity.Credentials{Signature: &identity.Signature{AccessKeyID: accessKeyID, Check: check}, Time: time.Now()})
		return f == nil && caller.Principal.ARN == "arn:aws:iam::123456789012:user/dev/alice"
	}
	if !accepts(accessKeySecret) || accepts(accessKeySecret+"x") {
		t.Error("the key of the file is not accepted, or another is")
	}
	other := strings.ToLower(accessKeySecret)
	write(t, dir, "access-keys", accessKeyID+":"+other+"\n")
	if err := store.Reload(); err != nil || !accepts(other) || accepts(accessKeySecret) {
		t.Errorf("after a change: %v", err)
	}
	path := filepath.Join(dir, "access-keys")
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	if err := store.Reload(); err == nil || !strings.Contains(err.Error(), "access-keys: the mode 0604 lets others read its secrets") || strings.Contains(err.Error(), other) || !accepts(other) {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	if err := store.Reload(); err == nil || !strings.Contains(err.Error(), "has no line in access-keys") {
		t.Errorf("without the file: %v", err)
	}
}
