package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// logLine is a line of the decision log.
type logLine struct {
	Msg, Decision string
	DecisionID    string
	DryRun        bool
	Actions       []struct {
		Action, Resource, Decision string
		Statements                 []struct{ Effect, Policy, Sid string }
	}
}

// decisions returns the lines of the decision log.
func (sys *system) decisions(t *testing.T) (all []logLine) {
	t.Helper()
	for line := range strings.Lines(sys.Log(stack.Extauthz)) {
		var d logLine
		if json.Unmarshal([]byte(line), &d) == nil && d.Msg == "decision" {
			all = append(all, d)
		}
	}
	return all
}

// nextDecision waits for the line after the first before lines.
func (sys *system) nextDecision(t *testing.T, before int) logLine {
	t.Helper()
	for deadline := time.Now().Add(busy); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if all := sys.decisions(t); len(all) > before {
			return all[before]
		}
	}
	t.Fatal("no line in the decision log")
	return logLine{}
}

func (d logLine) is(t *testing.T, decision string) {
	t.Helper()
	if d.Decision != decision {
		t.Errorf("logged %+v, want %s", d, decision)
	}
}

// isDeniedBy checks that the last action is that of the case, and that only the Deny of the
// case matched, or none.
func (d logLine) isDeniedBy(t *testing.T, c exportedCase) {
	t.Helper()
	if len(d.Actions) == 0 {
		t.Fatalf("logged no action: %+v", d)
	}
	last := d.Actions[len(d.Actions)-1]
	var denies []string
	for _, s := range last.Statements {
		if s.Effect == "Deny" {
			file, _, _ := strings.Cut(s.Policy, ":")
			denies = append(denies, file+" "+s.Sid)
		}
	}
	decision, want := "implicitDeny", []string(nil)
	if c.by != "" {
		decision, want = "explicitDeny", []string{c.by}
	}
	if last.Action != c.action || last.Resource != c.on || last.Decision != decision || fmt.Sprint(denies) != fmt.Sprint(want) {
		t.Errorf("logged %+v, want %s of %s on %s by %q", last, decision, c.action, c.on, want)
	}
}
