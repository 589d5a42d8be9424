package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// defaultLoadMemory is the default of --load-memory without a memory limit.
const defaultLoadMemory = 1 << 30

// limitMemory sets the garbage collector's limit to the container's memory limit, unless
// GOMEMLIMIT is set. It returns the default of --load-memory: two fifths of the limit,
// because memory must hold the policies in force and the next ones.
func limitMemory(cgroup string) byteSize {
	limit := debug.SetMemoryLimit(-1)
	if container, found := containerMemory(cgroup); found && limit == math.MaxInt64 {
		limit = int64(container / 10 * 9)
		debug.SetMemoryLimit(limit)
	}
	if limit == math.MaxInt64 {
		return defaultLoadMemory
	}
	return byteSize(limit / 5 * 2)
}

// Between two garbage collections the heap may grow by some bytes, but at least by minPercent
// and at most by maxPercent of what is in use. Checks allocate little memory that stays in use,
// and most of what a command that loads policies allocates stays in use, so that a collection
// costs more than the memory that it frees. A larger policy directory does not make the process
// grow faster than Go's default.
const (
	serveGrowth   = 48 << 20
	commandGrowth = 512 << 20 // of a command that ends
	minPercent    = 100
	maxPercent    = 400
)

// collectorPercent returns the growth, in bytes, of a heap of which some bytes are in use, as GOGC.
func collectorPercent(growth, inUse uint64) int {
	return int(min(max(growth*100/max(inUse, 1), minPercent), maxPercent))
}

// tuneCollector lets the heap grow by growth between two collections, until ctx ends. It
// leaves the setting unchanged if GOGC is set. The memory limit takes precedence. It compares
// every second, so that loading a large directory does not run with the growth of a small heap.
func tuneCollector(ctx context.Context, growth uint64) {
	if _, set := os.LookupEnv("GOGC"); set {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	current := 0
	for {
		// Setting a value stops all goroutines for a moment, so a similar one is left.
		if p := collectorPercent(growth, heapInUse()); p < current*9/10 || p > current*11/10 {
			current = p
			debug.SetGCPercent(p)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// heapInUse returns the size of what the last collection found in use.
func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// cgroupFiles is where Linux mounts control groups.
const cgroupFiles = "/sys/fs/cgroup"

// containerMemory returns the memory limit of the control group (version 2 or 1) whose
// files are in a directory, in bytes.
func containerMemory(cgroup string) (limit uint64, found bool) {
	for _, name := range []string{"memory.max", "memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(filepath.Join(cgroup, name))
		if err != nil {
			continue
		}
		// Without a limit, version 2 has "max" and version 1 a number near 2^63.
		limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
		return limit, err == nil && limit < 1<<60
	}
	return 0, false
}
