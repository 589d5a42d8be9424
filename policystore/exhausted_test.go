package policystore

import (
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestWatchWithoutInotify runs itself again in a user namespace that has no
// inotify instances to give, as a machine whose programs have taken them all:
// changes are found by polling, and that is logged.
func TestWatchWithoutInotify(t *testing.T) {
	const variable, limit = "POLICYSTORE_NO_INOTIFY", "/proc/sys/user/max_inotify_instances"
	if os.Getenv(variable) == "" {
		again := exec.Command(os.Args[0], "-test.run=^TestWatchWithoutInotify$", "-test.v")
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
			_, why, _ := strings.Cut(string(out), "\n") // behind the line of the test's name
			t.Skip(strings.TrimSpace(why))
		}
		return
	}
	if err := os.WriteFile(limit, []byte("0"), 0); err != nil {
		t.Skipf("the limit of a user namespace cannot be set here: %v", err)
	}
	dir := t.TempDir()
	directorytest.Write(t, dir, small())
	var log lines
	s := New(Options{Dir: dir, Decision: options(), Poll: time.Second, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	end := watching(s)
	eventually(t, "first snapshot", func() bool { return s.Snapshot() != nil })
	if log.count("no file system events; policies are compared by polling only") != 1 {
		t.Errorf("the log does not tell that there are no events: %s", log.text.String())
	}
	write(t, dir, "managed/pull.json", pullOnly+"\n")
	eventually(t, "the change, by polling", func() bool { return s.Snapshot().Generation == 2 })
	end()
}
