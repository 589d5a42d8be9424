package observability

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"extauthz/tests/stack"
)

// A labelSet has the values of each label of a metric.
type labelSet map[string]map[string]bool

func (l labelSet) add(label, value string) {
	if l[label] == nil {
		l[label] = map[string]bool{}
	}
	l[label][value] = true
}

// metrics are what was served: the labels of each metric, by its name in queries.
type metrics map[string]labelSet

// newMetrics returns the metrics that Prometheus adds, with their labels.
func newMetrics() metrics {
	return metrics{"up": {"job": nil, "instance": nil}, "ALERTS": {"alertname": nil, "alertstate": {"firing": true}}}
}

// add adds the metrics of a scrape.
func (m metrics) add(t *testing.T, scrape string) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(scrape))
	if err != nil || len(families) < 10 {
		t.Fatalf("%d metrics, error %v", len(families), err)
	}
	for name, family := range families {
		for _, series := range family.GetMetric() {
			names := []string{name}
			if series.GetHistogram() != nil {
				names = []string{name + "_bucket", name + "_sum", name + "_count"}
			}
			for _, n := range names {
				if m[n] == nil {
					m[n] = labelSet{"job": nil, "instance": nil}
				}
				for _, label := range series.GetLabel() {
					m[n].add(label.GetName(), label.GetValue())
				}
			}
			if series.GetHistogram() != nil {
				m[name+"_bucket"].add("le", "+Inf")
			}
		}
	}
}

// record adds a recorded metric: its labels are among those of the metrics in its expression.
func (m metrics) record(r *rule, used []*metricsql.MetricExpr) {
	labels := labelSet{}
	for _, u := range used {
		maps.Copy(labels, m[nameOf(u)])
	}
	m[r.Record] = labels
}

// nameOf returns the name of a metric in an expression.
func nameOf(e *metricsql.MetricExpr) string {
	for _, f := range e.LabelFilterss[0] {
		if f.Label == "__name__" {
			return f.Value
		}
	}
	return ""
}

// TestServed checks that extauthz and Envoy serve every metric in the rules, with every label
// and value that the rules select.
func TestServed(t *testing.T) {
	served := newMetrics()
	// Envoy counts requests that it forwards without a check only if its configuration says so.
	open := start(t, strings.NewReplacer("failure_mode_allow: false", "failure_mode_allow: true"), serverCertificate(t)...)
	if got := open.request(t, "GET", "/v2/", ""); got != 200 {
		t.Errorf("status %d of an Envoy that forwards without an answer, want 200", got)
	}
	served.add(t, open.extauthzMetrics(t))
	served.add(t, open.envoyMetrics(t))
	sys := start(t, strings.NewReplacer())
	sys.everyDecision(t)
	served.add(t, sys.extauthzMetrics(t))
	if got := sys.killed(t); got != 503 {
		t.Errorf("status %d without extauthz, want 503", got)
	}
	served.add(t, sys.envoyMetrics(t))

	checked := 0
	for _, r := range readRules(t) {
		checked += checkRule(t, &r, served)
	}
	if checked < 25 {
		t.Errorf("%d metrics in the rules, want at least 25", checked)
	}
}

// checkRule checks the metrics and labels of a rule, and returns how many metrics it has.
func checkRule(t *testing.T, r *rule, served metrics) int {
	t.Helper()
	e, err := metricsql.Parse(r.Expr)
	if err != nil {
		t.Fatalf("%s: %v", r.name(), err)
	}
	var used []*metricsql.MetricExpr
	var grouped []string
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			used = append(used, e)
			checkFilters(t, r, e, served[nameOf(e)])
		case *metricsql.AggrFuncExpr:
			grouped = append(grouped, e.Modifier.Args...)
		case *metricsql.BinaryOpExpr:
			grouped = append(append(grouped, e.GroupModifier.Args...), e.JoinModifier.Args...)
		}
	})
	for _, label := range grouped {
		if !slices.ContainsFunc(used, func(e *metricsql.MetricExpr) bool { _, has := served[nameOf(e)][label]; return has }) {
			t.Errorf("%s: no metric in it has the label %s", r.name(), label)
		}
	}
	if r.Record != "" {
		served.record(r, used)
	}
	return len(used)
}

// checkFilters checks that the metric of an expression has the labels and values that it
// selects.
func checkFilters(t *testing.T, r *rule, e *metricsql.MetricExpr, labels labelSet) {
	t.Helper()
	if labels == nil {
		t.Errorf("%s: metric %s is not served", r.name(), nameOf(e))
		return
	}
	for _, f := range e.LabelFilterss[0] {
		if f.Label == "__name__" {
			continue
		}
		for value := range strings.SplitSeq(f.Value, "|") {
			if !labels[f.Label][value] {
				t.Errorf("%s: %s with %s=%q is not served; it has %v", r.name(), nameOf(e), f.Label, value, labels[f.Label])
			}
		}
	}
}

// checkDocumented checks that a page names every metric of extauthz in a scrape with its labels.
func checkDocumented(t *testing.T, page, scrape string) {
	t.Helper()
	served := metrics{}
	served.add(t, scrape)
	checked := 0
	for name, labels := range served {
		if !strings.HasPrefix(name, "extauthz_") || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count") {
			continue
		}
		checked++
		name = strings.TrimSuffix(name, "_bucket") // of a histogram
		documented, _, _ := strings.Cut(page[strings.Index(page, "`"+name)+1:], "`")
		_, list, _ := strings.Cut(strings.TrimSuffix(documented, "}"), "{")
		for _, l := range slices.Sorted(maps.Keys(labels)) {
			if !slices.Contains(append(strings.Split(list, ","), "job", "instance", "le"), l) {
				t.Errorf("%s has the label %s, and the page says %q", name, l, documented)
			}
		}
		if before, _, _ := strings.Cut(documented, "{"); before != name {
			t.Errorf("%s is not on the page", name)
		}
	}
	if checked < 25 {
		t.Errorf("%d metrics, want at least 25", checked)
	}
}

// TestMetricNames has promtool check the names, types and help texts of the metrics after
// requests of every outcome, and checks that all of them are documented.
func TestMetricNames(t *testing.T) {
	sys := start(t, strings.NewReplacer(), serverCertificate(t)...)
	sys.breakGlass(t)
	eventually(t, "the break-glass policy is in force", func() bool {
		return strings.Contains(sys.extauthzMetrics(t), `extauthz_break_glass_policy_info{policy="break-glass-oncall"} 1`)
	})
	busy := start(t, strings.NewReplacer()) // whose Envoy uses no TLS
	busy.everyDecision(t)
	page, err := os.ReadFile(filepath.Join(stack.Root(), "cmd", "extauthz", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, scrape := range []string{sys.extauthzMetrics(t), busy.extauthzMetrics(t)} {
		if out := promtool(t, scrape, "check", "metrics"); out != "" {
			t.Error(out)
		}
		checkDocumented(t, string(page), scrape)
	}
	if !strings.Contains(sys.Log(stack.Extauthz), "break-glass policies are in force") {
		t.Errorf("the log has no warning: %s", sys.Log(stack.Extauthz))
	}
}
