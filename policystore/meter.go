package policystore

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"

	"extauthz/diag"
)

// meterStep is the number of bytes of compiled text between two measurements.
const meterStep = 256 << 10

// A loadMeter limits the heap memory that loading a directory uses, so that a directory
// that is too large is an error and does not end the process. The memory is that of all
// texts and of what they are compiled into. It is measured, not estimated: between two
// measurements a load may exceed the limit by an eighth and by what compiling one document on
// each processor takes. A load that compiles less than meterStep, such as one after a change of
// a few files, is not measured, because it would only collect garbage for that. It is safe for
// concurrent use.
type loadMeter struct {
	most  uint64 // bytes; 0 means any amount
	texts uint64 // the size of the texts, which have been read

	mu       sync.Mutex // guards what follows
	pending  int        // bytes compiled since the last measurement
	exceeded error      // a memoryError, once the load used more than it may
	measures bool       // the load is measured
	before   uint64     // what was in use before the load
	next     uint64     // if more is in use, garbage is collected
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
// bytes.
func newLoadMeter(most, texts uint64) *loadMeter {
	return &loadMeter{most: most, texts: texts, next: most}
}

// add counts text that will be compiled. It returns an error if the load uses more memory
// than it may, or did before.
func (m *loadMeter) add(bytes int) error {
	if m.most == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pending += bytes; m.pending >= meterStep && m.exceeded == nil {
		m.exceeded = m.check()
	}
	return m.exceeded
}

// finish returns an error if a load that is measured uses more memory than it may.
func (m *loadMeter) finish() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.measures && m.exceeded == nil {
		m.exceeded = m.check()
	}
	return m.exceeded
}

// check returns an error if the load uses more memory than it may. The first time it
// collects garbage, so that earlier garbage does not count.
func (m *loadMeter) check() error {
	m.pending = 0
	if !m.measures {
		m.measures = true
		runtime.GC()
		inUse := heapInUse()
		m.before = inUse - min(inUse, m.texts)
	}
	if m.used() <= m.next {
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
