package policystore

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestAReloadReadsOnce counts reads: each reload reads the directory once, by whatever
// path it is named, and leaves nothing behind that would make Run reload again.
func TestAReloadReadsOnce(t *testing.T) {
	for _, c := range []struct{ name, from, dir string }{
		{"absolute", "/", "ROOT/policies"},
		{"relative", ".", "policies"},
		{"relative with a dot", ".", "./policies/"},
		{"relative to a parent", "policies/managed", "../../policies"},
		{"the working directory", "policies", "."},
		{"a link", ".", "link"},
		{"a folder behind a link", ".", "top/policies"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			directorytest.Write(t, filepath.Join(root, "policies"), small())
			symlink(t, "policies", filepath.Join(root, "link"))
			symlink(t, ".", filepath.Join(root, "top"))
			if c.from != "/" {
				t.Chdir(filepath.Join(root, c.from))
			}
			s := New(Options{Dir: strings.ReplaceAll(c.dir, "ROOT", root), Decision: options(), Poll: time.Hour})
			w := s.NewWatcher()
			defer w.Close()
			for reads, step := range []struct {
				name string
				do   func() error
			}{
				{"arming", func() error { return nil }},
				{"the first load", s.Reload},
				{"a reload for a poll", func() error { w.reload((*Store).Reload); return s.Status().LastError }},
				{"a reload for an event", func() error { w.reload((*Store).reloadChanged); return s.Status().LastError }},
			} {
				if err := step.do(); err != nil {
					t.Fatal(err)
				}
				if got := s.reads.Load(); got != uint64(reads) {
					t.Errorf("after %s: %d reads, want %d", step.name, got, reads)
				}
				if n := len(w.changed()) + len(s.trigger); n != 0 {
					t.Errorf("after %s: %d signals to reload", step.name, n)
				}
			}
		})
	}
}

// TestRunDoesNotReadAgain checks that Run does not repeat a load that followed
// NewWatcher, that it loads if nothing was loaded, and that it reports a failed load.
func TestRunDoesNotReadAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		loads func(s *Store) *Watcher
		reads uint64
	}{
		{"loaded since the watcher began", func(s *Store) *Watcher { w := s.NewWatcher(); s.Reload(); return w }, 1},
		{"not loaded", (*Store).NewWatcher, 1},
		{"loaded before the watcher began", func(s *Store) *Watcher { s.Reload(); return s.NewWatcher() }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := newStore(t, small())
			w := c.loads(s)
			defer w.Close()
			w.begin()
			if got := s.reads.Load(); got != c.reads || s.Snapshot() == nil {
				t.Errorf("%d reads, want %d; snapshot %v", got, c.reads, s.Snapshot())
			}
		})
	}
}

// TestNoChangeIsLostAtTheStart changes the directory between the moments of a start.
// Polling is off: a change that no event reports is lost.
func TestNoChangeIsLostAtTheStart(t *testing.T) {
	change := func(t *testing.T, dir string) { write(t, dir, "managed/pull.json", pullOnly+"\n") }
	folder := func(t *testing.T, dir string) {
		directorytest.Write(t, dir, map[string]string{strings.Replace(secretDir, "secret/app", "new/deep/app", 1): denyAll})
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
	}{{"a file", change}, {"a new folder", folder}} {
		t.Run(c.name+" between the load and Run", func(t *testing.T) {
			s, dir := newStore(t, small())
			w := s.NewWatcher()
			if err := s.Reload(); err != nil {
				t.Fatal(err)
			}
			c.change(t, dir)
			running(t, w)
			eventually(t, "the change", func() bool { return s.Snapshot().Generation == 2 })
		})
		t.Run(c.name+" between arming and the load", func(t *testing.T) {
			s, dir := newStore(t, small())
			w := s.NewWatcher()
			c.change(t, dir)
			if err := s.Reload(); err != nil {
				t.Fatal(err)
			}
			want := s.Snapshot().Digest
			running(t, w)
			write(t, dir, "managed/pull.json", pullOnly+"\n\n")
			eventually(t, "a later change", func() bool { return s.Snapshot().Digest != want })
		})
	}
}

// running runs the watcher until the test ends.
func running(t *testing.T, w *Watcher) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}
