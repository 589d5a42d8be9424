package policystore

import (
	"fmt"
	"runtime"
	"runtime/metrics"
)

// meterStep is after how many bytes of compiled text the memory is measured.
const meterStep = 256 << 10

// A loadMeter bounds the heap memory that loading a directory uses, so that one
// that is too large is refused and does not end the process. The memory is that
// of what is read and compiled, the part that becomes garbage before the load
// ends included, and it is measured, not estimated: a load may use an eighth
// more than the bound between two measurements.
type loadMeter struct {
	most    uint64 // bytes; 0 is no bound
	before  uint64 // what was in use when the load began
	next    uint64 // more than that is in use when garbage is collected
	pending int    // bytes compiled since the last measurement
}

func newLoadMeter(most uint64) loadMeter {
	return loadMeter{most: most, before: heapBytes("/gc/heap/live:bytes"), next: most}
}

// add counts text that is about to be compiled. It returns an error if the load
// uses more memory than it may.
func (m *loadMeter) add(bytes int) error {
	if m.pending += bytes; m.most == 0 || m.pending < meterStep {
		return nil
	}
	m.pending = 0
	if m.used() <= m.next {
		return nil
	}
	runtime.GC()
	used := m.used()
	if used > m.most {
		return fmt.Errorf("loading the policy directory takes more than %s of memory; raise --load-memory and the container's memory limit, or divide the registries among several sidecars", mebibytes(m.most))
	}
	m.next = max(m.most, used+m.most/8)
	return nil
}

// used returns how much more memory is in use than before the load.
func (m *loadMeter) used() uint64 {
	return max(heapBytes("/memory/classes/heap/objects:bytes"), m.before) - m.before
}

// heapBytes reads a metric of package runtime/metrics.
func heapBytes(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// mebibytes writes a size for people.
func mebibytes(bytes uint64) string { return fmt.Sprintf("%.4g MiB", float64(bytes)/(1<<20)) }
