package policystore

import (
	"runtime"
	"syscall"
)

// reloadNice is how much a reload adds to the nice value of its thread. While both wait for a
// processor, a reload then has about a quarter of it, and decisions the rest.
const reloadNice = 5

// lowerPriority gives the goroutine a thread of its own with a lower priority. The thread ends
// with the goroutine, because a process may not raise the priority of a thread again. If the
// system does not allow it, reloads only delay decisions more.
func lowerPriority() {
	runtime.LockOSThread()
	const thisThread, highest = 0, 20 // the system call returns 20 minus the nice value
	if priority, err := syscall.Getpriority(syscall.PRIO_PROCESS, thisThread); err == nil {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, thisThread, min(highest-priority+reloadNice, 19))
	}
}
