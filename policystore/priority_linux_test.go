package policystore

import (
	"maps"
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
	got, want := map[int]int{}, map[int]int{before: 8} // how many threads have a priority
	want[max(before-reloadNice, 1)]++                  // 1 is the lowest, which the process may already have
	for range 9 {
		got[<-lowered]++
	}
	close(ended)
	if !maps.Equal(got, want) || priority() != before {
		t.Errorf("threads by priority %v, want %v; this one has %d, before %d", got, want, priority(), before)
	}
}
