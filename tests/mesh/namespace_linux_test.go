package mesh

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"extauthz/tests/bounded"
)

// inNamespace is set in the environment of the process in the network namespace.
const inNamespace = "MESH_TEST_NAMESPACE"

// enterNamespace runs this program again in a network namespace of its own, because the control
// planes listen at fixed ports on all addresses. It reports whether this process is already the one
// inside, and the exit code of the other one if not.
func enterNamespace() (inside bool, exit int) {
	if os.Getenv(inNamespace) != "" {
		if err := loopbackUp(); err != nil {
			fmt.Fprintln(os.Stderr, "network namespace:", err)
			return false, 1
		}
		return true, 0
	}
	again := exec.Command(os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), inNamespace+"=true")
	again.Stdout, again.Stderr = os.Stdout, os.Stderr
	again.SysProcAttr = bounded.Attributes()
	again.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	err := again.Run()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		return false, ended.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "network namespace:", err, "(it needs root)")
		return false, 1
	}
	return false, 0
}

// podAddresses are addresses on the loopback interface that are not loopback addresses, which
// Kubernetes does not accept for pods and endpoints. They are of a network for documentation.
var podAddresses = []byte{198, 51, 100, 1}

// loopbackUp enables the loopback interface, which is down in a new namespace, and adds the network
// of podAddresses to it.
func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	loopback.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback); err != nil {
		return err
	}
	pods, err := unix.NewIfreq("lo:1")
	if err != nil {
		return err
	}
	if err := pods.SetInet4Addr(podAddresses); err != nil {
		return err
	}
	return unix.IoctlIfreq(socket, unix.SIOCSIFADDR, pods)
}
