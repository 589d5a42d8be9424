package prerequisite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// recorder records how a test was ended.
type recorder struct {
	testing.TB
	how string
}

func (r *recorder) Helper()      {}
func (r *recorder) Fatal(...any) { r.how = "failed" }
func (r *recorder) Skip(...any)  { r.how = "skipped" }

func TestCheck(t *testing.T) {
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
		e := &recorder{TB: t}
		Check(e, c.missing)
		if e.how != c.want {
			t.Errorf("CI=%s, missing %v: %q, want %q", c.ci, c.missing, e.how, c.want)
		}
	}
}
