package metrics

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/authz"
)

// TestRegistriesAreBounded checks that the registries of many policy directories become a
// limited number of label values, and that every decision is counted.
func TestRegistriesAreBounded(t *testing.T) {
	d := newDecisions()
	const names = maxRegistries + 20
	for range 3 {
		for i := range names {
			d.counter(labelsOf(&authz.Result{Registry: fmt.Sprint("r", i), Decision: authz.Allowed})).Inc()
		}
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(d.vector)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, series := range families[0].GetMetric() {
		got[text(series.GetLabel())] = series.GetCounter().GetValue()
	}
	if len(got) != maxRegistries+1 || len(d.counters) != maxRegistries+1 {
		t.Errorf("%d series and %d counters, want %d", len(got), len(d.counters), maxRegistries+1)
	}
	if n, rest := got["none allowed none r0 none"], got["none allowed none other none"]; n != 3 || rest != 60 {
		t.Errorf("%v decisions of the first registry and %v of those beyond the limit, want 3 and 60", n, rest)
	}
}

// TestLabelsOf checks the labels of results that lack what the labels name.
func TestLabelsOf(t *testing.T) {
	for _, c := range []struct {
		name   string
		result *authz.Result
		want   labels
	}{
		{"nothing is known", authz.Unavailable("test"), labels{none, none, none, none, authz.Unavailable503}},
		{"no credential", &authz.Result{Registry: "main", Decision: authz.Unauthenticated}, labels{"main", none, none, none, authz.Unauthenticated}},
		{"an allowed pull", pull(), labels{"main", "GetManifest", "ecr:BatchGetImage", "basic", authz.Allowed}},
	} {
		if got := labelsOf(c.result); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
