package observability

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/bounded"
	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// A rule is a recording or alerting rule.
type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// name returns the name of the alert or of the recorded metric.
func (r *rule) name() string { return r.Record + r.Alert }

// example returns the path of a file of the example.
func example(name string) string {
	return filepath.Join(stack.Root(), "examples", "observability", name)
}

// readRules returns all rules, in order.
func readRules(t *testing.T) (all []rule) {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	readYAML(t, "rules.yaml", &file)
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 20 {
		t.Fatalf("%d rules, want at least 20", len(all))
	}
	return all
}

// readAlerts returns the alerting rules.
func readAlerts(t *testing.T) []rule {
	t.Helper()
	return slices.DeleteFunc(readRules(t), func(r rule) bool { return r.Alert == "" })
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(example(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// promtool runs promtool with an input and returns what it prints.
func promtool(t *testing.T, input string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	prerequisite.Check(t, err)
	command := exec.Command(path, args...)
	command.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := bounded.Run(t.Context(), bounded.Scale(time.Minute), command); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, &out)
	}
	return out.String()
}

// TestRules has promtool check the rules and run their tests.
func TestRules(t *testing.T) {
	promtool(t, "", "check", "rules", example("rules.yaml"))
	promtool(t, "", "test", "rules", example("rules_test.yaml"))
}

// TestEveryAlertIsTested checks that the tests of the rules have a time at which each alert
// fires and one at which it does not.
func TestEveryAlertIsTested(t *testing.T) {
	var file struct {
		Tests []struct {
			Alerts []struct {
				Name string `yaml:"alertname"`
				Want []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	readYAML(t, "rules_test.yaml", &file)
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, alert := range test.Alerts {
			if len(alert.Want) > 0 {
				fires[alert.Name] = true
			} else {
				rests[alert.Name] = true
			}
		}
	}
	for _, alert := range readAlerts(t) {
		if !fires[alert.Alert] || !rests[alert.Alert] {
			t.Errorf("%s: tested to fire: %v, not to fire: %v", alert.Alert, fires[alert.Alert], rests[alert.Alert])
		}
	}
}

// TestRunbook checks that each alert has a severity, a summary and a link to a section of the
// page, and that each section below "What each alert means" is about an alert.
func TestRunbook(t *testing.T) {
	page, err := os.ReadFile(example("README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, runbook, found := strings.Cut(string(page), "\n## What each alert means\n")
	if !found {
		t.Fatal("the page has no runbook")
	}
	sections := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(runbook, -1) {
		sections[heading[1]] = true
	}
	for _, alert := range readAlerts(t) {
		if !sections[alert.Alert] {
			t.Errorf("%s has no section", alert.Alert)
		}
		delete(sections, alert.Alert)
		if link := alert.Annotations["runbook_url"]; link != "README.md#"+strings.ToLower(alert.Alert) {
			t.Errorf("%s links to %q", alert.Alert, link)
		}
		if alert.Annotations["summary"] == "" || !slices.Contains([]string{"critical", "warning"}, alert.Labels["severity"]) {
			t.Errorf("%s: summary %q, labels %v", alert.Alert, alert.Annotations["summary"], alert.Labels)
		}
	}
	for section := range sections {
		t.Errorf("section %s is about no alert", section)
	}
}
