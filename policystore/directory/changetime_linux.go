package directory

import (
	"syscall"
	"time"
)

// changeTime returns when the content or status of a file last changed.
func changeTime(system *syscall.Stat_t) time.Time { return time.Unix(system.Ctim.Unix()).UTC() }
