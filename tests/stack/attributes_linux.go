package stack

import "syscall"

// attributes puts a process into a group of its own, so that Ctrl-C reaches
// only the one that ends them in order, and ends it with its parent, however
// the parent ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
