package session

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A logBuffer is a log that another goroutine writes.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func write(t *testing.T, dir, name string, text []byte, mode fs.FileMode) {
	t.Helper()
	part := filepath.Join(dir, "."+name) // which a store skips
	if err := os.WriteFile(part, text, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(part, mode); err != nil { // without the umask
		t.Fatal(err)
	}
	if err := os.Rename(part, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// TestStoreReloads checks that keys come and go with the files of a running store, and that a
// fault changes nothing.
func TestStoreReloads(t *testing.T) {
	dir, log := t.TempDir(), new(logBuffer)
	s, err := Open(dir, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if s.Keys().Len() != 0 || !strings.Contains(log.String(), "no caller can sign in") {
		t.Errorf("an empty folder: %d keys, log %q", s.Keys().Len(), log)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	defer func() { cancel(); <-ended }()
	eventually := func(what string, reached func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !reached(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %d keys, log %s", what, s.Keys().Len(), log)
			}
		}
	}
	write(t, dir, "20260101T000000Z.pem", ed25519Key(t), 0o600)
	eventually("a key", func() bool { return s.Keys().Len() == 1 })
	first := s.Keys().Signer(now)
	write(t, dir, "20260102T000000Z.pem", []byte("hunter2"), 0o600)
	eventually("a fault", func() bool { return strings.Contains(log.String(), "session keys refused") })
	if s.Reload() == nil || s.Keys().Signer(now) != first {
		t.Error("a fault changed the keys")
	}
	if n := strings.Count(log.String(), "session keys refused"); n != 1 {
		t.Errorf("the fault was logged %d times", n)
	}
	write(t, dir, "20260102T000000Z.pem", ed25519Key(t), 0o440)
	eventually("a second key", func() bool { return s.Keys().Len() == 2 && s.Keys().Signer(now) != first })
	if err := os.Rename(filepath.Join(dir, "20260102T000000Z.pem"), filepath.Join(dir, "20990101T000000Z.pem")); err != nil {
		t.Fatal(err)
	}
	eventually("a later time", func() bool { return s.Keys().Len() == 2 && s.Keys().Signer(now) == first })
	for _, name := range []string{"20260101T000000Z.pem", "20990101T000000Z.pem"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	eventually("no keys", func() bool { return s.Keys().Len() == 0 })
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log is %s", log)
	}
}

func TestStoreKeepsKeysWithoutTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := Create(dir, now); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if s.Reload() == nil || s.Keys().Len() != 1 {
		t.Errorf("%d keys without the folder, want the last good one", s.Keys().Len())
	}
}

func TestOpenRefuses(t *testing.T) {
	key := ed25519Key(t)
	const name = "20260101T000000Z.pem"
	for _, c := range []struct {
		name string
		fill func(dir string) error
		want string
	}{
		{"no folder", os.Remove, "cannot be read"},
		{"others read", func(dir string) error { write(t, dir, name, key, 0o644); return nil }, "the mode 0644 lets others read"},
		{"the group writes", func(dir string) error { write(t, dir, name, key, 0o660); return nil }, "the mode 0660"},
		{"a folder", func(dir string) error { return os.Mkdir(filepath.Join(dir, name), 0o700) }, "not a regular file"},
		{"a pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, name), 0o600) }, "not a regular file"},
		{"a large file", func(dir string) error {
			write(t, dir, name, bytes.Repeat([]byte("x"), maxKeyFile+1), 0o600)
			return nil
		}, "too large"},
		{"a broken link", func(dir string) error { return os.Symlink("away", filepath.Join(dir, name)) }, "cannot be opened"},
		{"many files", func(dir string) error {
			for i := range maxKeys + 1 {
				write(t, dir, now.Add(time.Duration(i)*time.Second).Format(nameLayout), key, 0o600)
			}
			return nil
		}, "more than 64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.fill(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestOpenReadsVolume checks that the links of a Kubernetes volume are followed, and its
// hidden names skipped.
func TestOpenReadsVolume(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "..2026"), 0o700); err != nil {
		t.Fatal(err)
	}
	const name = "20260101T000000Z.pem"
	write(t, filepath.Join(dir, "..2026"), name, ed25519Key(t), 0o440)
	if err := os.Symlink("..2026", filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(dir, slog.New(slog.DiscardHandler)); err != nil || s.Keys().Len() != 1 {
		t.Errorf("error %v, want one key", err)
	}
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	path, err := Create(dir, now.In(time.FixedZone("here", 3600)))
	if err != nil || path != filepath.Join(dir, "20261129T120000Z.pem") {
		t.Fatalf("path %s, error %v", path, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	s, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil || s.Keys().Signer(now) == "" {
		t.Errorf("the key does not sign: error %v", err)
	}
	if _, err := Create(dir, now); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("a key was overwritten: error %v", err)
	}
	if (*Store)(nil).Keys().Len() != 0 {
		t.Error("a nil store has keys")
	}
}
