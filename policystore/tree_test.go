package policystore

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// files writes a directory tree: contents by slash-separated path.
func files(t *testing.T, dir string, contents map[string]string) {
	t.Helper()
	for path, content := range contents {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// configMap writes contents as kubelet's volumes have them: the files in a
// dotted directory, "..data" linked to it, and a link for each file.
func configMap(t *testing.T, dir, generation string, contents map[string]string) {
	t.Helper()
	files(t, filepath.Join(dir, generation), contents)
	data := filepath.Join(dir, "..data")
	if err := os.Symlink(generation, data+"_tmp"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data+"_tmp", data); err != nil {
		t.Fatal(err)
	}
	for path := range contents {
		if err := os.Symlink(filepath.Join("..data", path), filepath.Join(dir, path)); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
}

func TestReadTree(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(t *testing.T, dir string)
		want  map[string]string
	}{
		{"files", func(t *testing.T, dir string) {
			files(t, dir, map[string]string{"a": "1", "b/c": "2", "b/d/e": ""})
		}, map[string]string{"a": "1", "b/c": "2", "b/d/e": ""}},
		{"dotted names are skipped", func(t *testing.T, dir string) {
			files(t, dir, map[string]string{"a": "1", ".b": "2", ".git/c": "3", "d/.e": "4"})
		}, map[string]string{"a": "1"}},
		{"two dots stand for a slash", func(t *testing.T, dir string) {
			files(t, dir, map[string]string{"managed..a.json": "1", "accounts/1..2..repositories/team..app.._policy.json": "2"})
		}, map[string]string{"managed/a.json": "1", "accounts/1/2/repositories/team/app/_policy.json": "2"}},
		{"a ConfigMap", func(t *testing.T, dir string) {
			configMap(t, dir, "..2026_01", map[string]string{"a": "old", "gone": "old"})
			configMap(t, dir, "..2026_02", map[string]string{"a": "new"})
		}, map[string]string{"a": "new"}},
		{"policy tests are skipped", func(t *testing.T, dir string) {
			files(t, dir, map[string]string{"a": "1", "tests/pull.yaml": "2", "tests..push.yaml": "3", "tests/pull.json": "4", "tests/a/pull.yaml": "5"})
		}, map[string]string{"a": "1", "tests/pull.json": "4", "tests/a/pull.yaml": "5"}},
		{"a link to a file", func(t *testing.T, dir string) {
			files(t, dir, map[string]string{".target": "1"})
			if err := os.Symlink(".target", filepath.Join(dir, "a")); err != nil {
				t.Fatal(err)
			}
		}, map[string]string{"a": "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.build(t, dir)
			got, err := readTree(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.paths) != len(c.want) {
				t.Errorf("read %v, want %v", got.paths, c.want)
			}
			for path, content := range c.want {
				if string(got.content[path]) != content {
					t.Errorf("%s = %q, want %q", path, got.content[path], content)
				}
			}
		})
	}
}

// While a volume is swapped, every read sees one generation: both files are of
// the same.
func TestReadTreeNeverMixesGenerations(t *testing.T) {
	dir := t.TempDir()
	generation := func(i int) string { return "..gen" + strconv.Itoa(i) }
	swap := func(i int) {
		content := strconv.Itoa(i)
		configMap(t, dir, generation(i), map[string]string{"a": content, "b": content})
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
		got, err := readTree(dir, nil)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errMoved) {
			continue // swapped too fast for this reader; the next event reads again
		}
		if err != nil || string(got.content["a"]) != string(got.content["b"]) {
			t.Fatalf("a is of generation %s, b of %s, error %v", got.content["a"], got.content["b"], err)
		}
		seen[string(got.content["a"])] = true
	}
	if !seen["199"] {
		t.Error("the last generation is never read")
	}
}

func TestReadTreeThroughALink(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"generation-1/a": "1", "generation-2/a": "2"})
	link := filepath.Join(dir, "current")
	for _, generation := range []string{"generation-1", "generation-2"} {
		os.Remove(link)
		if err := os.Symlink(generation, link); err != nil {
			t.Fatal(err)
		}
		got, err := readTree(link, nil)
		if err != nil || string(got.content["a"]) != generation[len(generation)-1:] {
			t.Errorf("%s: read %q, error %v", generation, got.content["a"], err)
		}
	}
}

func TestReadTreeRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(dir string) error
		want  string
	}{
		{"no directory", os.Remove, "no such file or directory"},
		{"a named pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "a"), 0o644) }, "a: not a regular file"},
		{"a link to a directory", func(dir string) error { return os.Symlink("/", filepath.Join(dir, "a")) }, "a: not a regular file"},
		{"a link to a device", func(dir string) error { return os.Symlink("/dev/zero", filepath.Join(dir, "a")) }, "a: not a regular file"},
		{"a link to itself", func(dir string) error { return os.Symlink("a", filepath.Join(dir, "a")) }, "too many levels of symbolic links"},
		{"a dangling link", func(dir string) error { return os.Symlink("missing", filepath.Join(dir, "a")) }, "no such file or directory"},
		{"..data links to itself", func(dir string) error { return os.Symlink("..data", filepath.Join(dir, "..data")) }, "too many links"},
		{"a file beside a volume's links", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "..gen"), 0o755), os.Symlink("..gen", filepath.Join(dir, "..data")), sparse(filepath.Join(dir, "a"), 1))
		}, "a: stands beside the files of a mounted volume"},
		{"a directory beside a volume's links", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "..gen"), 0o755), os.Symlink("..gen", filepath.Join(dir, "..data")), os.Mkdir(filepath.Join(dir, "a"), 0o755))
		}, "a: stands beside the files of a mounted volume"},
		{"a file in place of the directory", func(dir string) error { return errors.Join(os.Remove(dir), sparse(dir, 1)) }, "not a directory"},
		{"a huge file", func(dir string) error { return sparse(filepath.Join(dir, "a"), 1<<20+1) }, "a: larger than 1 MiB; remove it, or split"},
		{"a huge list", func(dir string) error { return sparse(filepath.Join(dir, "principals.yaml"), 16<<20+1) }, "principals.yaml: larger than 16 MiB"},
		{"a huge output", func(dir string) error { return sparse(filepath.Join(dir, "authorization-details.json"), 64<<20+1) }, "larger than 64 MiB"},
		{"huge outputs", func(dir string) (err error) {
			for _, account := range []string{"1", "2", "3", "4", "5"} {
				err = errors.Join(err, sparse(filepath.Join(dir, "accounts.."+account+"..authorization-details.json"), 60<<20))
			}
			return err
		}, "accounts..5..authorization-details.json: the policy directory holds more than 256 MiB"},
		{"a dotted name in flat form", func(dir string) error { return sparse(filepath.Join(dir, "organization..scp..0...draft.json"), 1) },
			"organization..scp..0...draft.json: stands for organization/scp/0/.draft.json, in which a name begins with a dot"},
		{"two files for one place", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "a"), 0o755), sparse(filepath.Join(dir, "a", "b"), 1), sparse(filepath.Join(dir, "a..b"), 1))
		}, "a/b: stands for the same file as a..b; keep one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.build(dir); err != nil {
				t.Fatal(err)
			}
			if got, err := readTree(dir, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("read %v, error %v; want %q", got, err, c.want)
			}
		})
	}
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// TestSizeLimits holds that the limit of a file goes by its name in either form.
func TestSizeLimits(t *testing.T) {
	for file, want := range map[string]int64{
		"managed/a.json": 1 << 20, "..a": 1 << 20, "managed..a.json": 1 << 20, "organization.yaml": 1 << 20,
		"accounts/1/authorization-details.json": 64 << 20, "accounts..1..authorization-details.json": 64 << 20, "repositories.json": 64 << 20,
		"principals.yaml": 16 << 20, "htpasswd": 16 << 20, "xauthorization-details.json": 1 << 20, "authorization-details.json/_policy.json": 1 << 20,
	} {
		if got := sizeLimit(file); got != want {
			t.Errorf("%s may have %d bytes, want %d", file, got, want)
		}
	}
}

// TestReadTreeWithoutPermission runs itself again without root's power, since
// root may read everything.
func TestReadTreeWithoutPermission(t *testing.T) {
	const variable, nobody = "POLICYSTORE_UNREADABLE", 65534
	if dir := os.Getenv(variable); dir != "" {
		want := os.Getenv(variable+"_WHAT") + ": permission denied; let the user that extauthz runs as read it"
		if _, err := readTree(dir, nil); !errors.Is(err, fs.ErrPermission) || err.Error() != want {
			t.Errorf("as user %d: error %v, want %s", os.Getuid(), err, want)
		}
		return
	}
	for _, unreadable := range []string{".", "principals.yaml", "managed"} {
		t.Run(unreadable, func(t *testing.T) {
			dir := worldReadable(t)
			files(t, dir, map[string]string{"principals.yaml": "1", "managed/a.json": "1"})
			if err := os.Chmod(filepath.Join(dir, unreadable), 0); err != nil {
				t.Fatal(err)
			}
			again := exec.Command(readableBinary(t), "-test.run=^TestReadTreeWithoutPermission$")
			what := unreadable
			if unreadable == "." {
				what = dir
			}
			again.Env = append(os.Environ(), variable+"="+dir, variable+"_WHAT="+what)
			again.Dir = "/"
			if os.Getuid() == 0 {
				again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			}
			if out, err := again.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// worldReadable is a temporary directory that every user can reach.
func worldReadable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "policystore")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// readableBinary is a copy of this test's binary that every user can run.
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

func TestDigest(t *testing.T) {
	base := treeOf(map[string]string{"a": "bc", "d": ""})
	if base.digest != treeOf(map[string]string{"d": "", "a": "bc"}).digest {
		t.Error("equal trees have different digests")
	}
	for _, other := range []map[string]string{
		{},
		{"a": "bc"},
		{"ab": "c", "d": ""},
		{"a": "bcd", "": ""},
		{"a": "", "d": "bc"},
	} {
		if base.digest == treeOf(other).digest {
			t.Errorf("%v has the digest of another tree", other)
		}
	}
}
