package directory

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"extauthz/diag"
	_ "extauthz/goldentest" // accept -update
	"extauthz/policystore/directory/directorytest"
)

// testLayout has two names of files that may be large, a folder that is not part of
// trees, a file with secrets, and a name that a folder must not have.
var testLayout = Layout{
	MaxSize: func(file string) int64 {
		switch path.Base(file) {
		case "output.json":
			return 64 << 20
		case "list.yaml":
			return 16 << 20
		}
		return 1 << 20
	},
	IsSecret: func(file string) bool { return file == "secret" },
	Skips: func(file string) bool {
		is, _ := path.Match("tests/*.yaml", file)
		return is
	},
	IsFile: func(file string) bool { return file == "list.yaml" },
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(t *testing.T, dir string)
		want  map[string]string
	}{
		{"files", func(t *testing.T, dir string) {
			directorytest.Write(t, dir, map[string]string{"a": "1", "b/c": "2", "b/d/e": ""})
		}, map[string]string{"a": "1", "b/c": "2", "b/d/e": ""}},
		{"dotted names are skipped", func(t *testing.T, dir string) {
			directorytest.Write(t, dir, map[string]string{"a": "1", ".b": "2", ".git/c": "3", "d/.e": "4"})
		}, map[string]string{"a": "1"}},
		{"two dots replace a slash", func(t *testing.T, dir string) {
			directorytest.Write(t, dir, map[string]string{"managed..a.json": "1", "accounts/1..2..repositories/team..app.._policy.json": "2"})
		}, map[string]string{"managed/a.json": "1", "accounts/1/2/repositories/team/app/_policy.json": "2"}},
		{"a ConfigMap", func(t *testing.T, dir string) {
			directorytest.Volume(t, dir, "..2026_01", map[string]string{"a": "old", "gone": "old"})
			directorytest.Volume(t, dir, "..2026_02", map[string]string{"a": "new"})
		}, map[string]string{"a": "new"}},
		{"skipped files", func(t *testing.T, dir string) {
			directorytest.Write(t, dir, map[string]string{"a": "1", "tests/pull.yaml": "2", "tests..push.yaml": "3", "tests/pull.json": "4", "tests/a/pull.yaml": "5"})
		}, map[string]string{"a": "1", "tests/pull.json": "4", "tests/a/pull.yaml": "5"}},
		{"skipped files beyond the limits", func(t *testing.T, dir string) {
			directorytest.Write(t, dir, map[string]string{"a": "1", "tests/small.yaml": "2"})
			for name, size := range map[string]int64{"tests/large.yaml": 2 << 20, "tests..huge.yaml": 300 << 20} {
				if err := directorytest.Sparse(filepath.Join(dir, name), size); err != nil {
					t.Fatal(err)
				}
			}
		}, map[string]string{"a": "1"}},
		{"a link to a file", func(t *testing.T, dir string) {
			directorytest.Write(t, dir, map[string]string{".target": "1"})
			if err := os.Symlink(".target", filepath.Join(dir, "a")); err != nil {
				t.Fatal(err)
			}
		}, map[string]string{"a": "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.build(t, dir)
			got, err := NewReader(dir, testLayout).Read()
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Files) != len(c.want) {
				t.Errorf("read %d files, want %v", len(got.Files), c.want)
			}
			for path, content := range c.want {
				if string(got.Text(path)) != content {
					t.Errorf("%s = %q, want %q", path, got.Text(path), content)
				}
			}
		})
	}
}

// TestReadNeverMixesGenerations checks that every read during the swap of a volume
// returns files of one generation.
func TestReadNeverMixesGenerations(t *testing.T) {
	dir := t.TempDir()
	generation := func(i int) string { return "..gen" + strconv.Itoa(i) }
	swap := func(i int) {
		content := strconv.Itoa(i)
		directorytest.Volume(t, dir, generation(i), map[string]string{"a": content, "b": content})
		if i > 0 {
			os.RemoveAll(filepath.Join(dir, generation(i-1)))
		}
	}
	swap(0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; i < 200; i++ {
			swap(i)
		}
	}()
	seen := map[string]bool{}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		got, err := NewReader(dir, testLayout).Read()
		if errors.As(err, new(transientError)) {
			continue // swapped too fast for this reader
		}
		if err != nil || string(got.Text("a")) != string(got.Text("b")) {
			t.Fatalf("a is of generation %s, b of %s, error %v", got.Text("a"), got.Text("b"), err)
		}
		seen[string(got.Text("a"))] = true
	}
	if !seen["199"] {
		t.Error("the last generation is never read")
	}
}

func TestReadThroughALink(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"generation-1/a": "1", "generation-2/a": "2"})
	link := filepath.Join(dir, "current")
	for _, generation := range []string{"generation-1", "generation-2"} {
		os.Remove(link)
		if err := os.Symlink(generation, link); err != nil {
			t.Fatal(err)
		}
		got, err := NewReader(link, testLayout).Read()
		if err != nil || string(got.Text("a")) != generation[len(generation)-1:] {
			t.Errorf("%s: read %q, error %v", generation, got.Text("a"), err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(dir string) error
		want  string
	}{
		{"no directory", os.Remove, syscall.ENOENT.Error()},
		{"a named pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "a"), 0o644) }, "a: not a regular file"},
		{"a link to a directory", func(dir string) error { return os.Symlink("/", filepath.Join(dir, "a")) }, "a: not a regular file"},
		{"a link to a device", func(dir string) error { return os.Symlink("/dev/zero", filepath.Join(dir, "a")) }, "a: not a regular file"},
		{"a link to itself", func(dir string) error { return os.Symlink("a", filepath.Join(dir, "a")) }, syscall.ELOOP.Error()},
		{"a dangling link", func(dir string) error { return os.Symlink("missing", filepath.Join(dir, "a")) }, syscall.ENOENT.Error()},
		{"..data links to itself", func(dir string) error { return os.Symlink("..data", filepath.Join(dir, "..data")) }, syscall.ELOOP.Error() + "; the link leads back to itself"},
		{"a file next to a volume's links", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "..gen"), 0o755), os.Symlink("..gen", filepath.Join(dir, "..data")), directorytest.Sparse(filepath.Join(dir, "a"), 1))
		}, "a: is next to the files of a mounted volume"},
		{"a directory next to a volume's links", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "..gen"), 0o755), os.Symlink("..gen", filepath.Join(dir, "..data")), os.Mkdir(filepath.Join(dir, "a"), 0o755))
		}, "a: is next to the files of a mounted volume"},
		{"a volume's link by another name", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "..gen"), 0o755), os.Symlink("..gen", filepath.Join(dir, "..data")), os.Symlink("..data/b", filepath.Join(dir, "a")))
		}, "a: links to ..data/b, but in a mounted volume each link must have the name of its target"},
		{"a file instead of the directory", func(dir string) error { return errors.Join(os.Remove(dir), directorytest.Sparse(dir, 1)) }, syscall.ENOTDIR.Error()},
		{"a folder instead of a file", func(dir string) error { return os.Mkdir(filepath.Join(dir, "list.yaml"), 0o755) }, "list.yaml: is a folder; replace it with a file of that name"},
		{"a huge file", func(dir string) error { return directorytest.Sparse(filepath.Join(dir, "a"), 1<<20+1) }, "a: larger than 1 MiB; remove it, or split"},
		{"a huge list", func(dir string) error { return directorytest.Sparse(filepath.Join(dir, "list.yaml"), 16<<20+1) }, "list.yaml: larger than 16 MiB"},
		{"a huge output", func(dir string) error { return directorytest.Sparse(filepath.Join(dir, "output.json"), 64<<20+1) }, "larger than 64 MiB"},
		{"huge outputs", func(dir string) (err error) {
			for _, account := range []string{"1", "2", "3", "4", "5"} {
				err = errors.Join(err, directorytest.Sparse(filepath.Join(dir, "accounts.."+account+"..output.json"), 60<<20))
			}
			return err
		}, "accounts..5..output.json: the policy directory contains more than 256 MiB"},
		{"a secret that others can read", secretWith(0o604), "secret: the mode 0604 lets others read its secrets, or its group change them; use chmod 0600, or defaultMode: 0440"},
		{"a secret that its group can change", secretWith(0o620), "secret: the mode 0620 lets others"},
		{"a link to a secret that others can read", func(dir string) error {
			return errors.Join(secretWith(0o644)(dir), os.Rename(filepath.Join(dir, "secret"), filepath.Join(dir, ".hidden")), os.Symlink(".hidden", filepath.Join(dir, "secret")))
		}, "secret: the mode 0644 lets others"},
		{"a dotted name in flat form", func(dir string) error {
			return directorytest.Sparse(filepath.Join(dir, "organization..scp..0...draft.json"), 1)
		},
			"organization..scp..0...draft.json: means organization/scp/0/.draft.json, in which a name begins with a dot"},
		{"two names of one file", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "a"), 0o755), directorytest.Sparse(filepath.Join(dir, "a", "b"), 1), directorytest.Sparse(filepath.Join(dir, "a..b"), 1))
		}, "a/b: means the same file as a..b; keep one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.build(dir); err != nil {
				t.Fatal(err)
			}
			got, err := NewReader(dir, testLayout).Read()
			if err == nil || !strings.Contains(err.Error(), c.want) || len(diag.Of(err)) != 1 {
				t.Errorf("read %v, error %v; want %q", got, err, c.want)
			}
		})
	}
}

// secretWith writes a file with secrets that has a mode.
func secretWith(mode os.FileMode) func(dir string) error {
	return func(dir string) error {
		path := filepath.Join(dir, "secret")
		return errors.Join(os.WriteFile(path, []byte("hunter2"), 0o600), os.Chmod(path, mode))
	}
}

// TestModeOfSecret checks that a change of the mode alone is noticed, and that a group may read.
func TestModeOfSecret(t *testing.T) {
	dir := t.TempDir()
	reader := NewReader(dir, testLayout)
	for _, c := range []struct {
		mode os.FileMode
		ok   bool
	}{{0o600, true}, {0o640, true}, {0o644, false}, {0o440, true}, {0o660, false}, {0o400, true}} {
		if err := secretWith(c.mode)(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.ReadChanged(); (err == nil) != c.ok {
			t.Errorf("mode %#o: error %v", c.mode, err)
		}
		if err := os.Chmod(filepath.Join(dir, "secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadReportsAllFaults checks that one error has the faults of all files and folders.
func TestReadReportsAllFaults(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"a/b": "", "a..b": "", "list.yaml/x": "", "good": "1"})
	if err := errors.Join(
		directorytest.Sparse(filepath.Join(dir, "huge"), 1<<20+1),
		os.Symlink("missing", filepath.Join(dir, "dangling")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644),
		directorytest.Sparse(filepath.Join(dir, "c...d"), 1),
	); err != nil {
		t.Fatal(err)
	}
	_, err := NewReader(dir, testLayout).Read()
	var files []string
	for _, d := range diag.Of(err) {
		files = append(files, d.File)
	}
	if got, want := strings.Join(files, " "), "a/b c...d dangling huge list.yaml pipe"; got != want {
		t.Errorf("faults of %s, want %s\n%v", got, want, err)
	}
}

// TestReadWithoutPermission runs itself again as another user, because root may read
// everything.
func TestReadWithoutPermission(t *testing.T) {
	const variable, user = "DIRECTORY_UNREADABLE", 65534
	if dir := os.Getenv(variable); dir != "" {
		want := os.Getenv(variable+"_WHAT") + ": " + syscall.EACCES.Error() + "; let the user that extauthz runs as read it"
		if _, err := NewReader(dir, testLayout).Read(); err == nil || err.Error() != want {
			t.Errorf("as user %d: error %v, want %s", os.Getuid(), err, want)
		}
		return
	}
	for _, unreadable := range []string{".", "principals.yaml", "managed"} {
		t.Run(unreadable, func(t *testing.T) {
			dir := worldReadable(t)
			directorytest.Write(t, dir, map[string]string{"principals.yaml": "1", "managed/a.json": "1"})
			if err := os.Chmod(filepath.Join(dir, unreadable), 0); err != nil {
				t.Fatal(err)
			}
			again := exec.Command(readableBinary(t), "-test.run=^TestReadWithoutPermission$")
			what := unreadable
			if unreadable == "." {
				what += ": the policy directory cannot be read"
			}
			again.Env = append(os.Environ(), variable+"="+dir, variable+"_WHAT="+what)
			again.Dir = "/"
			if os.Getuid() == 0 {
				again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
			}
			if out, err := again.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// worldReadable returns a temporary directory that every user can read.
func worldReadable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "directory")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// readableBinary returns a copy of this test's binary that every user can run.
func readableBinary(t *testing.T) string {
	t.Helper()
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(worldReadable(t), "test")
	if err := os.WriteFile(copied, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	return copied
}

// TestReadChanged checks that Read finds a change that the stamp does not show, that
// ReadChanged relies on stamps, and that neither has a file in memory twice.
func TestReadChanged(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"a": "1", "b": "2"})
	r := NewReader(dir, testLayout)
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	r.last.listing.begun = time.Now().Add(time.Hour) // as if nothing had changed for long
	r.last.Files[0] = newFile("a", []byte("0"))
	if got, err := r.ReadChanged(); err != nil || string(got.Text("a")) != "0" {
		t.Errorf("error %v, text %q: a file with the same stamp is read again", err, got.Text("a"))
	}
	b := r.last.File("b")
	if got, err := r.Read(); err != nil || string(got.Text("a")) != "1" {
		t.Errorf("error %v, text %q, want that on disk", err, got.Text("a"))
	}
	if r.last.File("b") != b {
		t.Error("a file that is read again is in memory twice")
	}
}

// TestReadChangedElsewhere checks that a file is not confused with the file of the same
// name in the directory that a link led to before.
func TestReadChangedElsewhere(t *testing.T) {
	above, link := t.TempDir(), filepath.Join(t.TempDir(), "current")
	directorytest.Write(t, above, map[string]string{"a": "above", "inner/a": "inner"})
	r := NewReader(link, testLayout)
	leadTo := func(target string) {
		t.Helper()
		if err := cmp.Or(os.Symlink(target, link+"_tmp"), os.Rename(link+"_tmp", link)); err != nil {
			t.Fatal(err)
		}
	}
	leadTo(above)
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	r.last.listing.begun = time.Now().Add(time.Hour) // as if nothing had changed for long
	leadTo(filepath.Join(above, "inner"))
	if got, err := r.ReadChanged(); err != nil || string(got.Text("a")) != "inner" {
		t.Errorf("error %v, text %q, want that of the directory that the link leads to", err, got.Text("a"))
	}
}

// TestEqualTextsAreShared checks that files with the same text take its memory once, and that
// a change of one does not change the other.
func TestEqualTextsAreShared(t *testing.T) {
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"a": "text", "b/c": "text", "d": "other"})
	r := NewReader(dir, testLayout)
	read := func() *Tree {
		t.Helper()
		tree, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	before := read()
	if &before.Text("a")[0] != &before.Text("b/c")[0] {
		t.Error("equal texts are not shared")
	}
	directorytest.Write(t, dir, map[string]string{"a": "TEXT"})
	after := read()
	if got := string(after.Text("a")) + string(after.Text("b/c")) + string(after.Text("d")) + string(before.Text("a")); got != "TEXTtextothertext" {
		t.Errorf("texts %s", got)
	}
}
