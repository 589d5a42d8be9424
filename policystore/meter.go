package policystore

import (
	"fmt"
	"runtime"
	"runtime/metrics"

	"extauthz/diag"
)

// meterStep is the number of bytes of compiled text between two measurements.
const meterStep = 256 << 10

// A loadMeter limits the heap memory that loading a directory uses, so that a directory
// that is too large is an error and does not end the process. The memory is that of all
// texts and of what they are compiled into. It is measured, not estimated: between two
// measurements a load may exceed the limit by an eighth and by what compiling one document
// takes.
type loadMeter struct {
	most    uint64 // bytes; 0 means any amount
	before  uint64 // what was in use before the load
	next    uint64 // if more is in use, garbage is collected
	pending int    // bytes compiled since the last measurement
}

// A memoryError is the error of a load that uses more memory than it may. It ends the load.
type memoryError struct{ diag.Diagnostic }

func newMemoryError(most uint64) memoryError {
	return memoryError{diag.Problemf("loading the policy directory takes more than %s of memory", mebibytes(most)).
		WithRemedy("raise --load-memory and the container's memory limit, or divide the registries among several sidecars")}
}

// Unwrap returns the diagnostic.
func (e memoryError) Unwrap() error { return e.Diagnostic }

// newLoadMeter returns the meter of a load whose texts have been read and take that many
// bytes. It collects garbage first, so that earlier garbage does not count.
func newLoadMeter(most, texts uint64) loadMeter {
	if most == 0 {
		return loadMeter{}
	}
	runtime.GC()
	inUse := heapInUse()
	return loadMeter{most: most, before: inUse - min(inUse, texts), next: most}
}

// add counts text that will be compiled. It returns an error if the load uses more memory
// than it may.
func (m *loadMeter) add(bytes int) error {
	if m.pending += bytes; m.most == 0 || m.pending < meterStep {
		return nil
	}
	return m.check()
}

// check returns an error if the load uses more memory than it may.
func (m *loadMeter) check() error {
	m.pending = 0
	if m.most == 0 || m.used() <= m.next {
		return nil
	}
	runtime.GC()
	used := m.used()
	if used > m.most {
		return newMemoryError(m.most)
	}
	m.next = max(m.most, used+m.most/8)
	return nil
}

// used returns how much more memory is in use than before the load.
func (m *loadMeter) used() uint64 {
	return max(heapInUse(), m.before) - m.before
}

// heapInUse returns the size of objects in use and of garbage that is not freed yet, in
// bytes.
func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// mebibytes formats a size.
func mebibytes(bytes uint64) string { return fmt.Sprintf("%.4g MiB", float64(bytes)/(1<<20)) }
