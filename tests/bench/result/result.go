package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"extauthz/tests/bench/stats"
)

// Base is the server that others are compared with: it uses the generated types and decides
// nothing.
const Base = "no-op"

// The metrics.
const (
	CPU         = "CPU"         // of the server, µs for each check
	P50         = "p50"         // latency in µs
	P99         = "p99"         // latency in µs
	Allocations = "allocations" // for each check
	Bytes       = "bytes"       // allocated for each check
	Answer      = "answer"      // bytes of an answer that allows a pull
	Throughput  = "throughput"  // checks per second
	HitRatio    = "hits"        // share of decisions that were in the cache
	EnvoyCPU    = "Envoy CPU"   // of Envoy alone, µs for each request
	InForce     = "in force"    // ms from a change or the start to the policies being in force
	TotalCPU    = "total CPU"   // of the server, in ms, for all of a start or a change
	Started     = "started"     // MiB of memory right after the start
	Idle        = "idle"        // MiB of memory two seconds after the start, without load
	Resident    = "resident"    // MiB of memory after a load
	Peak        = "peak"        // MiB of memory at most
	Share       = "share"       // percent of the CPU time of a profile
)

// A Run is the measurements of one run.
type Run struct {
	Date      time.Time `json:"date"`
	Commit    string    `json:"commit"`
	Before    string    `json:"before,omitempty"` // what the server "before" was built from
	Go        string    `json:"go"`
	System    string    `json:"system"`
	Quick     bool      `json:"quick"`
	Seed      uint64    `json:"seed"`
	Series    []*Series `json:"series"`
	Latencies []Curve   `json:"latencies"`
}

// A Series is one metric of a server under a workload, with a value for each round.
type Series struct {
	Workload string    `json:"workload"`
	Server   string    `json:"server"`
	Metric   string    `json:"metric"`
	Values   []float64 `json:"values"`
}

// A Curve is the distribution of a server's latencies under a workload.
type Curve struct {
	Workload string  `json:"workload"`
	Server   string  `json:"server"`
	Points   []Point `json:"points"`
}

// A Point is a latency that the given share of checks does not exceed.
type Point struct {
	Share  float64 `json:"share"`
	Micros float64 `json:"micros"`
}

// Add adds a value for the current round.
func (r *Run) Add(workload, server, metric string, value float64) {
	s := r.Declare(workload, server, metric)
	s.Values = append(s.Values, value)
}

// Declare adds a series without values, unless it exists, and returns it. Tables have the
// order in which series were added.
func (r *Run) Declare(workload, server, metric string) *Series {
	s := r.find(workload, server, metric)
	if s == nil {
		s = &Series{Workload: workload, Server: server, Metric: metric}
		r.Series = append(r.Series, s)
	}
	return s
}

// Values returns the values of a series, nil if it does not exist.
func (r *Run) Values(workload, server, metric string) []float64 {
	if s := r.find(workload, server, metric); s != nil {
		return s.Values
	}
	return nil
}

func (r *Run) find(workload, server, metric string) *Series {
	for _, s := range r.Series {
		if s.Workload == workload && s.Server == server && s.Metric == metric {
			return s
		}
	}
	return nil
}

// Ratio returns the spread of a series in relation to the base, and whether both exist.
func (r *Run) Ratio(workload, server, metric string) (stats.Spread, bool) {
	ratios := stats.Ratios(r.Values(workload, server, metric), r.Values(workload, Base, metric))
	return stats.Summarize(ratios), len(ratios) > 0
}

// Workloads returns the workloads in the order in which they were first measured.
func (r *Run) Workloads() []string { return r.distinct(func(s *Series) string { return s.Workload }) }

func (r *Run) distinct(of func(*Series) string) (names []string) {
	for _, s := range r.Series {
		if name := of(s); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Write writes the run to a file.
func (r *Run) Write(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// Read reads a run from a file.
func Read(file string) (*Run, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r, d := new(Run), json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("%s: %w; give a file that make bench wrote", file, err)
	}
	return r, nil
}
