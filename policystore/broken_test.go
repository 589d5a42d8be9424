package policystore

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"extauthz/goldentest"
	"extauthz/policystore/directory/directorytest"
)

// A breakage is a file of testdata/broken: what is changed in the directory of
// small, and the one error that this is to give. In it stand, in this order, what
// it is about, "error: " and the error, in which … stands for the words of a library,
// and files, each led by one of
//
//	-- PATH --           its content follows
//	-- PATH quoted --    likewise, in lines that are strings of Go
//	-- PATH removed --   the directory lacks it
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

// refused holds that a good directory gives exactly that error once it is broken,
// in good time, that the last good snapshot stays in force, and that loading the
// broken directory anew gives the same error and no snapshot.
func refused(t *testing.T, s *Store, dir, want string, breakIt func()) {
	t.Helper()
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	good := s.Snapshot()
	breakIt()
	err := within(t, s.Reload)
	if err == nil || !says(err, want) || strings.ContainsAny(err.Error(), "\n\x1b") {
		t.Fatalf("error %v\nwant  %s", err, want)
	}
	if s.Snapshot() != good || s.Status().Generation != 1 || s.Status().LastError == nil {
		t.Error("the last good snapshot is not in force, or nothing is told")
	}
	var anew *Snapshot
	again := within(t, func() (err error) { anew, err = Load(dir, options()); return err })
	if anew != nil || again == nil || !says(again, want) {
		t.Errorf("loaded anew: snapshot %v, error %v", anew, again)
	}
}

// says reports whether an error has the text, in which … stands for the words of a
// library.
func says(err error, want string) bool {
	begin, end, found := strings.Cut(want, "…")
	text := err.Error()
	return text == want || found && strings.HasPrefix(text, begin) && strings.HasSuffix(text, end) && len(text) > len(begin)+len(end)
}

// within runs what must not hang.
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

// replace makes the directory hold these files and no others.
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

// update writes the error that the broken directory gives to the file of the breakage,
// unless the file has it. It never writes that a directory is not broken.
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
	goldentest.Write(t, b.path, strings.Replace(string(text), "\nerror: "+b.want+"\n", "\nerror: "+err.Error()+"\n", 1))
}

// TestBrokenConfigMap breaks the same as a ConfigMap: the error names the file by
// its key.
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

// inFlatForm is an error with the file that it begins with in the flat form.
func inFlatForm(err string) string {
	file, rest, _ := strings.Cut(err, ":")
	return strings.ReplaceAll(file, "/", "..") + ":" + rest
}
