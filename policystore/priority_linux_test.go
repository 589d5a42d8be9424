package policystore

import (
	"runtime"
	"syscall"
	"testing"
)

// TestLowerPriority checks that only the thread of a reload has a lower priority, and none
// that the program starts later.
func TestLowerPriority(t *testing.T) {
	priority := func() int {
		p, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
		if err != nil {
			t.Error(err)
		}
		return p
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := priority()
	lowered, ended := make(chan int), make(chan struct{})
	go func() {
		lowerPriority()
		for range 8 { // each on a thread of its own
			go func() {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				lowered <- priority()
				<-ended
			}()
		}
		lowered <- priority()
	}()
	low := 0
	for range 9 {
		switch p := <-lowered; p {
		case before:
		case max(before-reloadNice, 1):
			low++
		default:
			t.Errorf("priority %d, before %d", p, before)
		}
	}
	close(ended)
	if low != 1 || priority() != before {
		t.Errorf("%d threads have a lower priority, and this one %d instead of %d", low, priority(), before)
	}
}
