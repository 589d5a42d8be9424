package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestContainerMemory(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             uint64
		found            bool
	}{
		{"version 2", "memory.max", "268435456\n", 256 << 20, true},
		{"version 2 without a limit", "memory.max", "max\n", 0, false},
		{"version 1", "memory/memory.limit_in_bytes", "268435456\n", 256 << 20, true},
		{"version 1 without a limit", "memory/memory.limit_in_bytes", "9223372036854771712\n", 0, false},
		{"no control groups", "other", "", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, c.file)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if limit, found := containerMemory(dir); found != c.found || found && limit != c.want {
				t.Errorf("limit %d, found %t; want %d, %t", limit, found, c.want, c.found)
			}
		})
	}
}

// TestCollectorPercent checks how much the heap may grow.
func TestCollectorPercent(t *testing.T) {
	for _, c := range []struct {
		inUse uint64
		want  int
	}{{0, 400}, {1 << 20, 400}, {12 << 20, 400}, {16 << 20, 300}, {24 << 20, 200}, {48 << 20, 100}, {100 << 20, 100}, {1 << 40, 100}} {
		if got := collectorPercent(serveGrowth, c.inUse); got != c.want {
			t.Errorf("%d bytes in use: %d, want %d", c.inUse, got, c.want)
		}
	}
}

// TestTuneCollector checks that GOGC takes precedence.
func TestTuneCollector(t *testing.T) {
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("GOGC", "77")
	if tuneCollector(ended, serveGrowth); debug.SetGCPercent(77) != 77 {
		t.Error("GOGC does not take precedence")
	}
	os.Unsetenv("GOGC")
	runtime.GC()
	if tuneCollector(ended, serveGrowth); debug.SetGCPercent(77) != collectorPercent(serveGrowth, heapInUse()) {
		t.Error("the collector is not tuned")
	}
}

func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	dir := t.TempDir()
	if got := limitMemory(dir); got != defaultLoadMemory {
		t.Errorf("without a limit: %d, want %d", got, defaultLoadMemory)
	}
	if err := os.WriteFile(filepath.Join(dir, "memory.max"), []byte("1000000000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := limitMemory(dir); got != 360_000_000 || debug.SetMemoryLimit(-1) != 900_000_000 {
		t.Errorf("in a container of 1 GB: a load of %d, a limit of %d; want 360 and 900 MB", got, debug.SetMemoryLimit(-1))
	}
	debug.SetMemoryLimit(500_000_000) // as GOMEMLIMIT does
	if got := limitMemory(dir); got != 200_000_000 || debug.SetMemoryLimit(-1) != 500_000_000 {
		t.Errorf("with GOMEMLIMIT: a load of %d, a limit of %d; want 200 and 500 MB", got, debug.SetMemoryLimit(-1))
	}
}
