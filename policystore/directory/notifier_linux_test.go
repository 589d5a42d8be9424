package directory

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"extauthz/policystore/directory/directorytest"
)

// TestFollowWithoutWatches checks that a directory that cannot be watched is an error and not
// new: reading again would not help. It runs itself again in a user namespace with few watches.
func TestFollowWithoutWatches(t *testing.T) {
	const variable, limit = "DIRECTORY_FEW_WATCHES", "/proc/sys/user/max_inotify_watches"
	if os.Getenv(variable) == "" {
		again := exec.Command(os.Args[0], "-test.run=^TestFollowWithoutWatches$", "-test.v")
		again.Env = append(os.Environ(), variable+"=1")
		again.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := again.CombinedOutput()
		switch {
		case err != nil && again.ProcessState == nil:
			t.Skipf("no user namespace here: %v", err)
		case err != nil:
			t.Errorf("%v\n%s", err, out)
		case strings.Contains(string(out), "--- SKIP"):
			_, why, _ := strings.Cut(string(out), "\n") // after the line with the test's name
			t.Skip(strings.TrimSpace(why))
		}
		return
	}
	if err := os.WriteFile(limit, []byte("3"), 0); err != nil {
		t.Skipf("the limit of a user namespace cannot be set here: %v", err)
	}
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{"a/x": "", "b/x": "", "c/x": ""})
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	r := NewReader(dir, testLayout)
	for i := range 3 {
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
		if fresh, err := n.Follow(r); !errors.Is(err, syscall.ENOSPC) || fresh != (i == 0) {
			t.Errorf("%d: fresh %t, error %v", i, fresh, err)
		}
	}
}
