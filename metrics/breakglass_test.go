package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/decision"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// TestBreakGlass checks that break-glass policies are counted, and that their names have a
// limited number of series.
func TestBreakGlass(t *testing.T) {
	for _, n := range []int{0, 1, maxBreakGlassNames + 3} {
		var names []string
		files := map[string]string{"registries.yaml": "registries:\n- {name: a, hosts: [h], account: \"123456789012\", region: eu-central-1}\n"}
		for i := range n {
			names = append(names, fmt.Sprintf("break-glass-%02d", i))
			files["managed/"+names[i]+".json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:ListImages","Resource":"*"}}`
		}
		files["principals.yaml"] = "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [" + strings.Join(names, ", ") + "]}\n"
		dir := t.TempDir()
		directorytest.Write(t, dir, files)
		store := policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 16}})
		if err := store.Reload(); err != nil {
			t.Fatal(err)
		}
		count, got := gatherBreakGlass(t, store)
		if want := names[:min(n, maxBreakGlassNames)]; count != float64(n) || !slices.Equal(got, want) {
			t.Errorf("%d policies: count %v, names %q, want %q", n, count, got, want)
		}
	}
}

func gatherBreakGlass(t *testing.T, store *policystore.Store) (count float64, names []string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&collector{sources(store, newLog(t))})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "extauthz_break_glass_policies":
				count = m.GetGauge().GetValue()
			case "extauthz_break_glass_policy_info":
				found[m.GetLabel()[0].GetValue()] = true
			}
		}
	}
	return count, slices.Sorted(maps.Keys(found))
}
