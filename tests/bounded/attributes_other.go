//go:build unix && !linux

package bounded

import "syscall"

// Attributes returns the attributes of a process in a group of its own, so that Ctrl-C
// reaches only the process that ends it in order.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
