package bounded

import "syscall"

// Attributes returns the attributes of a process in a group of its own, so that Ctrl-C
// reaches only the process that ends it in order. It ends with its parent, however the
// parent ends.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
