package main

import (
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServeReadsOnce counts with inotify how often serve opens each file of its policy
// directory. It must open it once at the start, and not again without a change, whatever
// path leads to the directory.
func TestServeReadsOnce(t *testing.T) {
	for _, c := range []struct{ name, from, dir string }{
		{"absolute", "", "ROOT/policies"},
		{"relative", ".", "policies"},
		{"relative to a parent", "policies/managed", "../../policies/"},
		{"the working directory", "policies", "."},
		{"a link", ".", "./link"},
		{"a folder behind a link", ".", "parent/policies"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			policies := filepath.Join(root, "policies")
			if err := os.CopyFS(policies, os.DirFS(quickstart)); err != nil {
				t.Fatal(err)
			}
			for link, target := range map[string]string{"link": "policies", "parent": "."} {
				if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
					t.Fatal(err)
				}
			}
			opened := countOpens(t, policies)
			p := prepare(t, "--policies", strings.ReplaceAll(c.dir, "ROOT", root), "--poll-interval", "1h")
			p.Dir = filepath.Join(root, c.from)
			p.run(t)
			time.Sleep(500 * time.Millisecond) // five times the debounce time
			counts := opened()
			for _, file := range []string{"registries.yaml", "principals.yaml", "htpasswd", "managed/team-pull.json"} {
				if n := counts[file]; n != 1 {
					t.Errorf("%s was opened %d times, want once", file, n)
				}
			}
			time.Sleep(200 * time.Millisecond)
			if counts = opened(); len(counts) != 0 {
				t.Errorf("an idle sidecar opened %v", counts)
			}
		})
	}
}

// countOpens counts how often files and directories below dir are opened. opened returns
// the numbers by path since its last call.
func countOpens(t *testing.T, dir string) (opened func() map[string]int) {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	names := map[int32]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		watch, err := syscall.InotifyAddWatch(fd, path, syscall.IN_OPEN)
		names[int32(watch)] = strings.TrimPrefix(strings.TrimPrefix(path, dir), "/")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() map[string]int {
		counts := map[string]int{}
		for buffer := make([]byte, 1<<16); ; {
			n, err := syscall.Read(fd, buffer)
			if err != nil {
				return counts
			}
			for event := buffer[:n]; len(event) > 0; { // struct inotify_event of inotify(7)
				watch, length := binary.NativeEndian.Uint32(event), binary.NativeEndian.Uint32(event[12:])
				file := strings.TrimRight(string(event[16:16+length]), "\x00")
				counts[filepath.Join(names[int32(watch)], file)]++
				event = event[16+length:]
			}
		}
	}
}
