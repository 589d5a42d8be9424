//go:build !linux

package directory

import (
	"syscall"
	"time"
)

// changeTime is not told here, so that nothing counts as unchanged.
func changeTime(*syscall.Stat_t) time.Time { return time.Time{} }
