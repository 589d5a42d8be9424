package policystore

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"extauthz/goldentest"
	"extauthz/policystore/directory/directorytest"
)

// A breakage is a file of testdata/broken: changes to the directory of [small], and the
// faults that they cause. The file consists of a description, a line "error: FAULT" for
// each fault, in which … means any words of a library, and the changed files. Each file
// begins with one of
//
//	-- PATH --           the content follows
//	-- PATH quoted --    the content follows as lines of Go strings
//	-- PATH removed --   the directory does not have the file
type breakage struct {
	path       string
	name, want string
	contents   map[string]string // of the whole directory
}

var breakageFile = regexp.MustCompile(`(?m)^-- (\S+)( quoted| removed)? --\n`)

// breakages reads the whole corpus.
func breakages(t *testing.T) (all []breakage) {
	t.Helper()
	paths, err := filepath.Glob("testdata/broken/*.txt")
	if err != nil || len(paths) < 150 {
		t.Fatalf("%d broken directories, error %v; want at least 150", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b := parseBreakage(t, strings.TrimSuffix(filepath.Base(path), ".txt"), string(text))
		b.path = path
		all = append(all, b)
	}
	return all
}

func parseBreakage(t *testing.T, name, text string) breakage {
	t.Helper()
	b := breakage{name: name, contents: maps.Clone(small())}
	marks := breakageFile.FindAllStringSubmatchIndex(text, -1)
	if len(marks) == 0 {
		t.Fatalf("%s changes no file", name)
	}
	_, b.want, _ = strings.Cut(strings.TrimSuffix(text[:marks[0][0]], "\n"), "\nerror: ")
	b.want = strings.ReplaceAll(b.want, "\nerror: ", "\n")
	for i, mark := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		path, content, form := text[mark[2]:mark[3]], text[mark[1]:end], ""
		if mark[4] >= 0 {
			form = text[mark[4]:mark[5]]
		}
		switch form {
		case " removed":
			delete(b.contents, path)
		case " quoted":
			b.contents[path] = unquoted(t, content)
		default:
			b.contents[path] = content
		}
	}
	return b
}

func unquoted(t *testing.T, text string) (content string) {
	t.Helper()
	for line := range strings.Lines(text) {
		part, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		content += part
	}
	return content
}

// refused checks that a good directory has exactly these faults after it was broken, that
// they are found in good time, that the last good snapshot stays in force, and that
// loading the broken directory returns the same error and no snapshot.
func refused(t *testing.T, s *Store, dir, want string, breakIt func()) {
	t.Helper()
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	good := s.Snapshot()
	breakIt()
	err := within(t, s.Reload)
	if err == nil || !says(err, want) || strings.ContainsRune(err.Error(), '\x1b') {
		t.Fatalf("error %v\nwant  %s", err, want)
	}
	if s.Snapshot() != good || s.Status().Generation != 1 || s.Status().LastError == nil {
		t.Error("the last good snapshot is not in force, or the status has no error")
	}
	var anew *Snapshot
	again := within(t, func() (err error) { anew, err = Load(dir, options()); return err })
	if anew != nil || again == nil || !says(again, want) {
		t.Errorf("loaded again: snapshot %v, error %v", anew, again)
	}
}

// says reports whether an error has this text, in each line of which … means any words
// of a library.
func says(err error, want string) bool {
	lines, wanted := strings.Split(err.Error(), "\n"), strings.Split(want, "\n")
	return slices.EqualFunc(lines, wanted, func(line, want string) bool {
		begin, end, found := strings.Cut(want, "…")
		return line == want || found && strings.HasPrefix(line, begin) && strings.HasSuffix(line, end) && len(line) > len(begin)+len(end)
	})
}

// within fails the test if run does not return.
func within(t *testing.T, run func() error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- run() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		t.Fatal("hangs")
		return nil
	}
}

// replace writes these files to the directory and removes all others.
func replace(t *testing.T, dir string, contents map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	directorytest.Write(t, dir, contents)
}

func TestBroken(t *testing.T) {
	for _, b := range breakages(t) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			if goldentest.Updating() {
				b.update(t)
				return
			}
			s, dir := newStore(t, small())
			refused(t, s, dir, b.want, func() { replace(t, dir, b.contents) })
		})
	}
}

// update writes the faults of the broken directory to the file of the breakage. A
// directory without faults fails the test.
func (b breakage) update(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	directorytest.Write(t, dir, b.contents)
	_, err := Load(dir, options())
	if err == nil {
		t.Fatal("the directory is not broken")
	}
	if says(err, b.want) {
		return
	}
	text, reading := os.ReadFile(b.path)
	if reading != nil {
		t.Fatal(reading)
	}
	goldentest.Write(t, b.path, strings.Replace(string(text), asErrors(b.want), asErrors(err.Error()), 1))
}

// asErrors returns the lines of a breakage's file that contain its faults.
func asErrors(text string) string {
	return "\nerror: " + strings.ReplaceAll(text, "\n", "\nerror: ") + "\n"
}

// TestBrokenConfigMap checks that in a ConfigMap an error names the file by its key.
func TestBrokenConfigMap(t *testing.T) {
	if goldentest.Updating() {
		t.Skip("TestBroken updates the errors")
	}
	for _, b := range breakages(t) {
		if inFlatForm(b.want) == b.want || strings.HasPrefix(b.name, "twice-") {
			continue // the same error, and two forms of one name are one key
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			directorytest.Volume(t, dir, "..good", flat(small()))
			s := New(Options{Dir: dir, Decision: options()})
			refused(t, s, dir, inFlatForm(b.want), func() { directorytest.Volume(t, dir, "..broken", flat(b.contents)) })
		})
	}
}

func flat(contents map[string]string) map[string]string {
	all := map[string]string{}
	for path, content := range contents {
		all[strings.ReplaceAll(path, "/", "..")] = content
	}
	return all
}

// inFlatForm returns an error with the file at the beginning of each line in the flat
// form.
func inFlatForm(err string) string {
	lines := strings.Split(err, "\n")
	for i, line := range lines {
		file, rest, _ := strings.Cut(line, ":")
		lines[i] = strings.ReplaceAll(file, "/", "..") + ":" + rest
	}
	return strings.Join(lines, "\n")
}
