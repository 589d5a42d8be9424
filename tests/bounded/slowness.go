package bounded

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"time"
)

// Slowly is how long something may take that takes quiet at most on a machine that does
// nothing else: as many times longer as programs wait for each processor, by the load of
// the last one and five minutes. Use it where a test compares times; where a test only
// waits, use a limit that suits any machine.
func Slowly(quiet time.Duration) time.Duration {
	text, _ := os.ReadFile("/proc/loadavg") // Linux has it; elsewhere the machine counts as quiet
	var one, five float64
	_, _ = fmt.Sscan(string(text), &one, &five)
	return slowly(quiet, max(one, five), runtime.NumCPU())
}

// slowly is Slowly for a load and a number of processors.
func slowly(quiet time.Duration, load float64, processors int) time.Duration {
	return quiet * time.Duration(math.Ceil(max(1, load/float64(processors))))
}
