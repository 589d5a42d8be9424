package bounded

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"time"
)

// Scale returns the time that something may take now, if it takes at most quiet on a machine
// that does nothing else. The factor is the number of programs that wait for each processor,
// by the load of the last one and five minutes. Use it where a test compares times; where a
// test only waits, use a limit that suits every machine.
func Scale(quiet time.Duration) time.Duration {
	text, _ := os.ReadFile("/proc/loadavg") // exists on Linux; other machines count as quiet
	var one, five float64
	_, _ = fmt.Sscan(string(text), &one, &five)
	return scale(quiet, max(one, five), runtime.NumCPU())
}

// scale is Scale for a load and a number of processors.
func scale(quiet time.Duration, load float64, processors int) time.Duration {
	return quiet * time.Duration(math.Ceil(max(1, load/float64(processors))))
}
