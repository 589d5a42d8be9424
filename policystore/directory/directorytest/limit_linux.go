package directorytest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// HasLimit reports whether the test runs with a limit of the system, such as
// max_inotify_watches. If not, it runs the test again in a user namespace that has the limit,
// and reports the result.
func HasLimit(t *testing.T, name, value string) bool {
	t.Helper()
	const variable = "DIRECTORYTEST_LIMIT"
	if os.Getenv(variable) == "" {
		again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), variable+"="+name)
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
		return false
	}
	if err := os.WriteFile("/proc/sys/user/"+name, []byte(value), 0); err != nil {
		t.Skipf("the limit of a user namespace cannot be set here: %v", err)
	}
	return true
}
