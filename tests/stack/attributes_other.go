//go:build unix && !linux

package stack

import "syscall"

// attributes puts a process into a group of its own, so that Ctrl-C reaches
// only the one that ends them in order.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
