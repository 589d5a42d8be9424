package metrics

import (
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/policystore"
)

// gatherShadow returns the metrics of shadow policies: by name, and with the values of labels.
func gatherShadow(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}

// TestShadow checks the metrics of shadow policies before and after they are loaded.
func TestShadow(t *testing.T) {
	store := policystore.New(policystore.Options{Dir: "../examples/quickstart/policies", Decision: decision.Options{CacheSize: 16}})
	c := &shadowCollector{ShadowSource{
		Store: store, Dropped: func() uint64 { return 3 },
		Decisions: func(inForce, shadow authz.Outcome) uint64 {
			if inForce == authz.Allowed && shadow == authz.ImplicitDeny {
				return 5
			}
			return 0
		},
	}}
	want := map[string]float64{"extauthz_shadow_decisions_total allowed implicitDeny": 5, "extauthz_shadow_dropped_total": 3, "extauthz_shadow_policy_last_reload_success": 0}
	if got := gatherShadow(t, c); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	want["extauthz_shadow_policy_last_reload_success"], want["extauthz_shadow_policy_info "+store.Snapshot().Digest] = 1, 1
	if got := gatherShadow(t, c); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
