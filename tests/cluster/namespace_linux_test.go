package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"extauthz/tests/bounded"
)

// inside is set in the environment of the process in the namespaces, to the folder of the test.
const inside = "CLUSTER_TEST_INSIDE"

// nodeAddress is the address of the node in its network.
const nodeAddress = "192.0.2.1"

// enter runs this program again in namespaces of its own, and returns its exit code. All processes
// in them end with it.
func enter(ctx context.Context, folder string) (exit int, err error) {
	again := exec.CommandContext(ctx, os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), inside+"="+folder, "TMPDIR="+folder) // the caller removes it
	again.Stdout, again.Stderr = os.Stdout, os.Stderr
	again.SysProcAttr = bounded.Attributes()
	again.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNET
	again.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS // mounts do not propagate to this process
	err = again.Run()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) && ctx.Err() == nil {
		return ended.ExitCode(), nil
	}
	if errors.Is(err, os.ErrPermission) {
		err = fmt.Errorf("%w (it needs root)", err)
	}
	return 0, err
}

// furnish mounts what the programs of a node write, and configures the network.
func furnish(folder string) error {
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	for _, place := range []string{"/run", "/var/lib", "/var/log"} {
		own := filepath.Join(folder, strings.ReplaceAll(place, "/", "-"))
		if err := os.Mkdir(own, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(own, place, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
	}
	for _, args := range []string{"link set lo up", "address add " + nodeAddress + "/32 dev lo"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", args, err, out)
		}
	}
	return nil
}
