package needed

import (
	"context"
	"errors"
	"fmt"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// ended keeps how a test was ended.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper()      {}
func (e *ended) Fatal(...any) { e.how = "failed" }
func (e *ended) Skip(...any)  { e.how = "skipped" }

func TestHere(t *testing.T) {
	for _, c := range []struct {
		ci      string
		missing error
		want    string
	}{
		{"true", nil, ""},
		{"", nil, ""},
		{"true", errors.New("no jq"), "failed"},
		{"", errors.New("no jq"), "skipped"},
		{"", fmt.Errorf("npm: %w", context.DeadlineExceeded), "failed"},
	} {
		t.Setenv("CI", c.ci)
		e := &ended{TB: t}
		Here(e, c.missing)
		if e.how != c.want {
			t.Errorf("CI=%s, missing %v: %q, want %q", c.ci, c.missing, e.how, c.want)
		}
	}
}
