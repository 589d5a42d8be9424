//go:build unix && !linux

package bounded

import "syscall"

// Attributes returns the attributes of a process that leads a new group, so that Ctrl-C
// reaches only its parent, which ends it in order.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
