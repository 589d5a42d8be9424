package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// adopt makes this process the new parent of descendants whose parents end, so that sweep
// finds them. It returns an error where the system does not allow it. The processes that
// this one starts call it as well.
func adopt() error {
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER of prctl(2)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); errno != 0 {
		return errno
	}
	return nil
}

// sweep ends every descendant of this process. It is called when none should be left.
func sweep() {
	for range 100 { // a process may start another before it is ended
		left := descendants(os.Getpid())
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		for _, pid := range left {
			_, _ = syscall.Wait4(pid, nil, 0, nil) // fails if it is not a child yet
		}
	}
}

// descendants returns the ids of all processes below one, children last.
func descendants(of int) (found []int) {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // see proc(5)
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	for pending := children[of]; len(pending) > 0; pending = pending[1:] {
		found = append(found, pending[0])
		pending = append(pending, children[pending[0]]...)
	}
	slices.Reverse(found)
	return found
}
