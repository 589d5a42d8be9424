package metrics

import (
	"cmp"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/authz"
)

// Label values of what a request does not have.
const (
	none  = "none"  // it was answered before this was known
	other = "other" // a registry beyond maxRegistries
)

// maxRegistries is how many names of registries become label values in the life of a process.
const maxRegistries = 100

// labels are the labels of a counter of decisions.
type labels struct {
	registry, operation, action, source string
	decision                            authz.Outcome
}

// labelsOf returns the labels of a result. A client chooses none of the texts: the policy
// directory names the registries, and the others are those of this program.
func labelsOf(r *authz.Result) labels {
	return labels{cmp.Or(r.Registry, none), cmp.Or(r.Operation, none), cmp.Or(r.Action(), none), cmp.Or(r.Source, none), r.Decision}
}

// decisions counts decisions by their labels.
type decisions struct {
	vector *prometheus.CounterVec

	mu         sync.RWMutex // guards what follows
	counters   map[labels]prometheus.Counter
	registries map[string]bool // those that are label values
}

func newDecisions() *decisions {
	return &decisions{
		vector: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "extauthz_decisions_total",
			Help: "Answered checks, by registry, operation of the registry, action that determined the decision, decision, and source of the credential.",
		}, []string{"registry", "operation", "action", "source", "decision"}),
		counters:   make(map[labels]prometheus.Counter),
		registries: make(map[string]bool),
	}
}

// counter returns the counter with these labels. Finding it in the vector takes longer.
func (d *decisions) counter(l labels) prometheus.Counter {
	d.mu.RLock()
	counter, found := d.counters[l]
	d.mu.RUnlock()
	if found {
		return counter
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l.registry = d.bounded(l.registry)
	if counter, found = d.counters[l]; !found {
		counter = d.vector.WithLabelValues(l.registry, l.operation, l.action, l.source, l.decision.String())
		d.counters[l] = counter
	}
	return counter
}

// bounded returns the label value of a registry.
func (d *decisions) bounded(registry string) string {
	if !d.registries[registry] {
		if len(d.registries) >= maxRegistries {
			return other
		}
		d.registries[registry] = true
	}
	return registry
}
