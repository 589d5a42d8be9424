package decisionlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rotating opens a log that is rotated, and returns the errors that it reports.
func rotating(t *testing.T, name string, r Rotation) (*File, *[]error) {
	t.Helper()
	var reported []error
	r.Report = func(err error) { reported = append(reported, err) }
	f, err := OpenFile(name, nil, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, &reported
}

func mustWrite(t *testing.T, f *File, lines ...string) {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	if n, err := f.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("%d of %d bytes, error %v", n, len(text), err)
	}
}

// contents returns the contents of a log's files: of renamed ones, the oldest first, and then of
// the current one.
func contents(t *testing.T, name string) (all []string) {
	t.Helper()
	names, err := filepath.Glob(name + ".*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	for _, n := range append(names, name) {
		text, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

func TestRotateBySize(t *testing.T) {
	long := strings.Repeat("x", 30)
	for _, c := range []struct {
		name   string
		keep   int
		writes [][]string
		want   []string
	}{
		{"below the limit", 0, [][]string{{"a", "b"}}, []string{"a\nb\n"}},
		{"exactly the limit", 0, [][]string{{"123456789"}, {"123456789"}}, []string{"123456789\n123456789\n"}},
		{"a line more", 0, [][]string{{"123456789"}, {"123456789"}, {"c"}}, []string{"123456789\n123456789\n", "c\n"}},
		{"many lines in one write", 0, [][]string{{"123456789", "123456789", "abcdefghi", "c"}}, []string{"123456789\n123456789\n", "abcdefghi\nc\n"}},
		{"a line that is longer", 0, [][]string{{"a", long, "b"}}, []string{"a\n", long + "\n", "b\n"}},
		{"the first line is longer", 0, [][]string{{long}, {"b"}}, []string{long + "\n", "b\n"}},
		{"old files are removed", 1, [][]string{{long}, {long + "1"}, {long + "2"}, {long + "3"}}, []string{long + "2\n", long + "3\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "decisions")
			f, reported := rotating(t, name, Rotation{Size: 20, Keep: c.keep})
			for _, lines := range c.writes {
				mustWrite(t, f, lines...)
			}
			if got := contents(t, name); !slices.Equal(got, c.want) || len(*reported) > 0 {
				t.Errorf("files %q, want %q; errors %v", got, c.want, *reported)
			}
		})
	}
}

// TestRotateAfterRestart checks that the size and age of a file count from before it was opened.
func TestRotateAfterRestart(t *testing.T) {
	for _, c := range []struct {
		name     string
		rotation Rotation
		modified time.Duration // ago
		want     []string
	}{
		{"by size", Rotation{Size: 5}, 0, []string{"old\n", "new\n"}},
		{"by age", Rotation{Age: time.Hour}, time.Hour, []string{"old\n", "new\n"}},
		{"neither large nor old", Rotation{Size: 8, Age: 240 * 365 * 24 * time.Hour}, time.Hour, []string{"old\nnew\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "decisions")
			modified := time.Now().Add(-c.modified)
			if err := errors.Join(os.WriteFile(name, []byte("old\n"), 0o600), os.Chtimes(name, modified, modified)); err != nil {
				t.Fatal(err)
			}
			f, reported := rotating(t, name, c.rotation)
			mustWrite(t, f, "new")
			if got := contents(t, name); !slices.Equal(got, c.want) || len(*reported) > 0 {
				t.Errorf("files %q, want %q; errors %v", got, c.want, *reported)
			}
		})
	}
}

// TestRotateByAge writes for several multiples of the age: each file has the lines of one.
func TestRotateByAge(t *testing.T) {
	const age = 40 * time.Millisecond
	name := filepath.Join(t.TempDir(), "decisions")
	f, reported := rotating(t, name, Rotation{Age: age})
	mustWrite(t, f, "1")
	for i := 2; i <= 4; i++ {
		now := time.Now()
		time.Sleep(now.Truncate(age).Add(age).Sub(now))
		mustWrite(t, f, fmt.Sprint(i))
	}
	if got := contents(t, name); !slices.Equal(got, []string{"1\n", "2\n", "3\n", "4\n"}) || len(*reported) > 0 {
		t.Errorf("files %q, errors %v", got, *reported)
	}
}

// TestRotatedNames checks the names of renamed files, which the time orders, their permissions and
// which files are removed.
func TestRotatedNames(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "decisions")
	foreign := []string{"decisions.1", "decisions.20260506T070809.123Z.gz", "decisionsX.20260506T070809.123Z", "other"}
	for _, n := range append(foreign, "decisions.20260506T070809.123Z", "decisions.20260506T070809.124Z") {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(name+".20260506T070809.122Z", 0o700); err != nil {
		t.Fatal(err)
	}
	f, reported := rotating(t, name, Rotation{Size: 1, Keep: 2})
	if err := os.Chmod(name, 0o666); err != nil { // the umask would remove some of these
		t.Fatal(err)
	}
	before := time.Now().Truncate(time.Millisecond)
	mustWrite(t, f, "a", "b", "c")
	var renamed []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		at, err := time.Parse("decisions."+suffixFormat, e.Name())
		if err == nil && !e.IsDir() {
			renamed = append(renamed, e.Name())
			if at.Before(before) || at.After(time.Now().Add(time.Second)) {
				t.Errorf("%s was renamed between %s and now", e.Name(), before)
			}
		}
	}
	if len(renamed) != 2 || len(entries) != len(foreign)+1+2+1 || len(*reported) > 0 {
		t.Errorf("%d files, of which %q were renamed; errors %v", len(entries), renamed, *reported)
	}
	for _, n := range append(renamed, "decisions") {
		if info, err := os.Stat(filepath.Join(dir, n)); err != nil || info.Mode() != 0o666 {
			t.Errorf("%s: %v, error %v", n, info.Mode(), err)
		}
	}
}

// TestRotateElsewhere renames the file as another program does: it is not renamed again.
func TestRotateElsewhere(t *testing.T) {
	name := filepath.Join(t.TempDir(), "decisions")
	f, reported := rotating(t, name, Rotation{Size: 1})
	mustWrite(t, f, "a")
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, f, "b")
	if err := errors.Join(os.Rename(name, name+".2"), os.WriteFile(name, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, f, "c")
	if got := contents(t, name); !slices.Equal(got, []string{"a\n", "b\n", "c\n"}) || len(*reported) > 0 {
		t.Errorf("files %q, errors %v", got, *reported)
	}
}

// TestCannotRotate checks that lines go to the old file while a new one cannot be opened, and that
// one error is reported.
func TestCannotRotate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "decisions")
	f, reported := rotating(t, name, Rotation{Size: 1})
	mustWrite(t, f, "a")
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, f, "b")
	mustWrite(t, f, "c", "d")
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, name); !slices.Equal(got, []string{"a\nb\nc\nd\n"}) {
		t.Errorf("files %q", got)
	}
	if len(*reported) != 1 || !strings.Contains((*reported)[0].Error(), "the old file remains in use: open ") {
		t.Errorf("errors %v", *reported)
	}
	f.retry = time.Time{} // a minute later
	mustWrite(t, f, "e")
	if got := contents(t, name); !slices.Equal(got, []string{"a\nb\nc\nd\n", "e\n"}) {
		t.Errorf("files %q", got)
	}
}

// TestCannotCreate checks that the renamed file gets its name again if a new one cannot be created.
func TestCannotCreate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "decisions")
	f, reported := rotating(t, name, Rotation{Size: 1})
	mustWrite(t, f, "a")
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	none := before
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	n, err := f.Write([]byte("b\n"))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, name); n != 2 || err != nil || !slices.Equal(got, []string{"a\nb\n"}) {
		t.Errorf("files %q, %d bytes, error %v", got, n, err)
	}
	if len(*reported) != 1 || !errors.Is((*reported)[0], syscall.EMFILE) {
		t.Errorf("errors %v", *reported)
	}
}

// TestRotatesOnlyRegularFiles checks that other files, which other programs may use, are rejected.
func TestRotatesOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink(filepath.Join(dir, "target"), link)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipe, link, dir} {
		if _, err := OpenFile(name, nil, Rotation{Size: 1}); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "target")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target of the link exists: %v", err)
	}
}

// TestRotateUnderLoad records decisions at the same time from several goroutines into a log that is
// rotated by size and opened again, and that another program renames. Every line must be in one of
// the files, once and complete.
func TestRotateUnderLoad(t *testing.T) {
	const callers, each = 8, 500
	name := filepath.Join(t.TempDir(), "decisions")
	f, reported := rotating(t, name, Rotation{Size: 20 << 10, Age: 50 * time.Millisecond})
	l := New(Options{Writer: f, Buffer: callers * each})
	r := checker(t).Check(t.Context(), request("GET", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")))
	var running sync.WaitGroup
	for i := range callers {
		running.Go(func() {
			own := *r
			for j := range each {
				own.RequestID = fmt.Sprintf("%d-%d", i, j)
				if err := l.Record(t.Context(), &own, time.Millisecond); err != nil {
					t.Error(err)
				}
				if j%50 == 0 {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	for i := range 20 {
		time.Sleep(5 * time.Millisecond)
		if i%5 == 0 {
			if err := os.Rename(name, fmt.Sprintf("%s.other%d", name, i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
		}
		if err := f.Reopen(); err != nil {
			t.Error(err)
		}
	}
	running.Wait()
	mustClose(t, l)
	seen, files := map[string]int{}, contents(t, name)
	for _, text := range files {
		for reader := NewReader(name, bytes.NewReader([]byte(text))); reader.Next(); {
			seen[reader.Entry().RequestID]++
		}
		if len(text) > 20<<10 {
			t.Errorf("a file has %d bytes", len(text))
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is in the files %d times", id, n)
		}
	}
	if len(seen) != callers*each || l.Lost() != 0 || len(*reported) > 0 {
		t.Errorf("%d decisions in the files, %d lost, want %d; errors %v", len(seen), l.Lost(), callers*each, *reported)
	}
	if len(files) < 20 {
		t.Errorf("%d files, want at least 20", len(files))
	}
}
