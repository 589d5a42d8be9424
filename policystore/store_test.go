package policystore

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"extauthz/diag"
	"extauthz/policystore/directory"
	"extauthz/policystore/directory/directorytest"
)

func newStore(t *testing.T, contents map[string]string) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	directorytest.Write(t, dir, contents)
	return New(Options{Dir: dir, Decision: options(), Poll: time.Hour, Debounce: 10 * time.Millisecond}), dir
}

func write(t *testing.T, dir, path, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReload(t *testing.T) {
	s, dir := newStore(t, small())
	if s.Snapshot() != nil || s.Status().Generation != 0 {
		t.Fatal("a store has a snapshot before its first reload")
	}
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	first := s.Snapshot()
	step := func(name, content string, wantErr bool, wantGeneration, wantFailures uint64) {
		t.Helper()
		write(t, dir, "managed/pull.json", content)
		err := s.Reload()
		status := s.Status()
		if (err != nil) != wantErr || (status.LastError != nil) != wantErr {
			t.Errorf("%s: error %v, status %v", name, err, status.LastError)
		}
		if status.Generation != wantGeneration || status.Failures != wantFailures {
			t.Errorf("%s: generation %d and %d failures, want %d and %d", name, status.Generation, status.Failures, wantGeneration, wantFailures)
		}
		if now := s.Snapshot(); now.Generation != wantGeneration || now.Digest != status.Digest {
			t.Errorf("%s: the snapshot is generation %d, %s", name, now.Generation, now.Digest)
		}
	}
	step("unchanged", pullOnly, false, 1, 0)
	if s.Snapshot() != first {
		t.Error("unchanged content made a new snapshot")
	}
	step("broken", pullOnly[1:], true, 1, 1)
	step("still broken", pullOnly[1:], true, 1, 1)
	step("broken otherwise", "", true, 1, 2)
	step("fixed", pullOnly, false, 1, 2)
	if s.Snapshot() != first {
		t.Error("going back to the content in force made a new snapshot")
	}
	step("changed", pullOnly+"\n", false, 2, 2)
}

func TestReloadKeepsTheLastGoodSnapshotWhenTheDirectoryGoes(t *testing.T) {
	s, dir := newStore(t, small())
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err == nil || !strings.HasPrefix(err.Error(), ".: the policy directory cannot be read: "+syscall.ENOENT.Error()) || s.Snapshot() == nil {
		t.Errorf("error %v, snapshot %v", err, s.Snapshot())
	}
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(substring string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), substring)
}

func TestWatchLogsAnErrorOnceAndNoSecret(t *testing.T) {
	dir := t.TempDir()
	contents := small()
	contents["htpasswd"] += "bob:bob-secret\n"
	directorytest.Write(t, dir, contents)
	var log lines
	s := New(Options{Dir: dir, Decision: options(), Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	if err := s.Reload(); err == nil || log.count("htpasswd") != 0 {
		t.Errorf("error %v, logged %d times; want it returned alone", err, log.count("htpasswd"))
	}
	end := watching(s)
	eventually(t, "the error in the log", func() bool { return log.count("no policies are in force") == 1 })
	for range 3 {
		s.Trigger()
		time.Sleep(10 * time.Millisecond)
	}
	directorytest.Write(t, dir, small())
	s.Trigger()
	eventually(t, "the fixed directory", func() bool { return s.Snapshot() != nil })
	end()
	if n := log.count("htpasswd:2"); n != 1 {
		t.Errorf("the error was logged %d times, want once", n)
	}
	if log.count("bob-secret")+log.count("$2a$") > 0 {
		t.Error("the log holds a password or hash")
	}
}

// TestLogOfFindings checks that the findings about a snapshot are logged, up to a limit, and
// that those about a policy are part of its contents.
func TestLogOfFindings(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, small())
	var log lines
	s := New(Options{
		Dir: dir, Decision: options(), Logger: slog.New(slog.NewJSONHandler(&log, nil)), Inspect: inspectActions,
		Review: func(s *Snapshot) (found diag.List) {
			for _, policy := range s.Contents().Policies {
				found = append(found, s.Contents().Findings[policy]...)
			}
			for n := range maxFindings {
				found = append(found, diag.New(diag.File(fmt.Sprintf("%d.json", n)).At(diag.Point{}), "is suspicious", ""))
			}
			return found
		},
	})
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if log.count(`"file":"managed/pull.json","line":1,"column":`) != 1 || log.count("is suspicious") != maxFindings-2 || log.count("WARN") != maxFindings {
		t.Errorf("log %s", log.text.String())
	}
}

// eventually waits for a condition that should become true within a second. It waits
// longer, for slow machines.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// watching makes a store watch its directory until end is called, which waits for the
// watcher.
func watching(s *Store) (end func()) {
	w := s.NewWatcher()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func watched(t *testing.T, s *Store) {
	t.Helper()
	t.Cleanup(watching(s))
	eventually(t, "first snapshot", func() bool { return s.Snapshot() != nil })
	time.Sleep(50 * time.Millisecond) // let the watches settle, so that events are what is tested
}

// Polling is off in these cases (once an hour), so that events must show every change.
func TestWatch(t *testing.T) {
	changed := pullOnly + "\n"
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
	}{
		{"write", func(t *testing.T, dir string) { write(t, dir, "managed/pull.json", changed) }},
		{"rename over", func(t *testing.T, dir string) {
			write(t, dir, "managed/.new", changed)
			rename(t, filepath.Join(dir, "managed/.new"), filepath.Join(dir, "managed/pull.json"))
		}},
		{"as vim saves", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "managed/pull.json")
			rename(t, path, path+"~")
			write(t, dir, "managed/pull.json", changed)
			remove(t, dir, "managed/pull.json~")
		}},
		{"file removed", func(t *testing.T, dir string) {
			remove(t, dir, secretDir)
		}},
		{"file in a new directory", func(t *testing.T, dir string) {
			directorytest.Write(t, dir, map[string]string{strings.Replace(secretDir, "secret/app", "new/deep/app", 1): denyAll})
		}},
		{"directory replaced", func(t *testing.T, dir string) {
			contents := small()
			contents["managed/pull.json"] = changed
			directorytest.Write(t, dir+".new", contents)
			rename(t, dir, dir+".old")
			rename(t, dir+".new", dir)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, dir := newStore(t, small())
			watched(t, s)
			c.change(t, dir)
			eventually(t, "second generation", func() bool { return s.Snapshot().Generation == 2 })
		})
	}
}

func TestWatchFollowsWhatReplacedTheDirectory(t *testing.T) {
	s, dir := newStore(t, small())
	watched(t, s)
	for generation := uint64(2); generation < 5; generation++ {
		contents := small()
		contents["managed/pull.json"] += strings.Repeat("\n", int(generation))
		directorytest.Write(t, dir+".new", contents)
		if err := os.RemoveAll(dir + ".old"); err != nil {
			t.Fatal(err)
		}
		rename(t, dir, dir+".old")
		rename(t, dir+".new", dir)
		eventually(t, "the replaced directory", func() bool { return s.Snapshot().Generation == generation })
	}
	write(t, dir, "managed/pull.json", pullOnly)
	eventually(t, "a change in the directory that replaced it", func() bool { return s.Snapshot().Generation == 5 })
}

func TestWatchAConfigMap(t *testing.T) {
	flat := func(newlines int) map[string]string {
		contents := map[string]string{}
		for path, content := range small() {
			contents[strings.ReplaceAll(path, "/", "..")] = content
		}
		contents["managed..pull.json"] += strings.Repeat("\n", newlines)
		return contents
	}
	dir := t.TempDir()
	directorytest.Volume(t, dir, "..gen1", flat(0))
	s := New(Options{Dir: dir, Decision: options(), Poll: time.Hour, Debounce: 10 * time.Millisecond})
	watched(t, s)
	for generation := 2; generation < 5; generation++ {
		directorytest.Volume(t, dir, "..gen"+string(rune('0'+generation)), flat(generation))
		if err := os.RemoveAll(filepath.Join(dir, "..gen"+string(rune('0'+generation-1)))); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the swapped volume", func() bool { return s.Snapshot().Generation == uint64(generation) })
		if got := s.Snapshot().OnDisk("managed/pull.json"); got != "managed..pull.json" {
			t.Errorf("the snapshot has %s for the file on disk", got)
		}
	}
}

func TestWatchASwappedLink(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, filepath.Join(dir, "gen1"), small())
	contents := small()
	contents["managed/pull.json"] += "\n"
	directorytest.Write(t, filepath.Join(dir, "gen2"), contents)
	link := filepath.Join(dir, "current")
	swap := func(generation string) {
		if err := os.Symlink(generation, link+".new"); err != nil {
			t.Fatal(err)
		}
		rename(t, link+".new", link)
	}
	swap("gen1")
	s := New(Options{Dir: link, Decision: options(), Poll: time.Hour, Debounce: 10 * time.Millisecond})
	watched(t, s)
	swap("gen2")
	eventually(t, "the swapped link", func() bool { return s.Snapshot().Generation == 2 })
}

// The policies are in a folder of a link's target, and the old worktree stays: only the
// directory of the link has an event.
func TestWatchAFolderBehindASwappedLink(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, filepath.Join(dir, "worktrees/1/policies"), small())
	contents := small()
	contents["managed/pull.json"] += "\n"
	directorytest.Write(t, filepath.Join(dir, "worktrees/2/policies"), contents)
	link := filepath.Join(dir, "git/current")
	if err := os.Mkdir(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"../worktrees/1", "../worktrees/2"} {
		if err := os.Symlink(target, link+"."+filepath.Base(target)); err != nil {
			t.Fatal(err)
		}
	}
	rename(t, link+".1", link)
	s := New(Options{Dir: filepath.Join(link, "policies"), Decision: options(), Poll: time.Hour, Debounce: 10 * time.Millisecond})
	watched(t, s)
	rename(t, link+".2", link)
	eventually(t, "the swapped link", func() bool { return s.Snapshot().Generation == 2 })
}

func TestWatchPollsWithoutEvents(t *testing.T) {
	s, dir := newStore(t, small())
	s.options.Poll = 20 * time.Millisecond
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&Watcher{store: s}).Run(ctx) // no notifier
	}()
	defer func() { cancel(); <-done }()
	write(t, dir, "managed/pull.json", pullOnly+"\n")
	eventually(t, "the change, by polling", func() bool { return s.Snapshot().Generation == 2 })
}

// TestWatchUnderConstantEvents checks that continuous events do not delay a reload forever.
func TestWatchUnderConstantEvents(t *testing.T) {
	s, dir := newStore(t, small())
	watched(t, s)
	stop := make(chan struct{})
	var noise sync.WaitGroup
	noise.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				os.WriteFile(filepath.Join(dir, ".noise"), nil, 0o644)
			}
		}
	})
	defer func() { close(stop); noise.Wait() }()
	write(t, dir, "managed/pull.json", pullOnly+"\n")
	eventually(t, "the change, amid noise", func() bool { return s.Snapshot().Generation == 2 })
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, path string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, target, link string) {
	t.Helper()
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

// A treeSource returns the same tree for every read.
type treeSource struct{ *directory.Tree }

func (s *treeSource) Read() (*directory.Tree, error)        { return s.Tree, nil }
func (s *treeSource) ReadChanged() (*directory.Tree, error) { return s.Tree, nil }

// TestSource checks that a store compiles trees that do not come from a directory, and
// reloads them upon Trigger.
func TestSource(t *testing.T) {
	source := &treeSource{treeOf(small())}
	s := New(Options{Source: source, Decision: options(), Poll: time.Hour})
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	before := s.Snapshot()
	source.Tree = treeOf(withPolicies(map[string]string{"managed/more.json": pullOnly}))
	end := watching(s)
	defer end()
	s.Trigger()
	eventually(t, "the changed tree", func() bool { return s.Snapshot() != before })
	if got := s.Snapshot().Summary.ManagedPolicies; got != before.Summary.ManagedPolicies+1 {
		t.Errorf("%d managed policies, want one more than %d", got, before.Summary.ManagedPolicies)
	}
}
