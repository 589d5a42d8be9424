package policytest

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"extauthz/diag"
	"extauthz/identity"
)

// WriteTo writes a line for each test, more lines about those that fail, and the numbers
// of tests that passed and failed.
func (all Results) WriteTo(w io.Writer) (int64, error) {
	var text strings.Builder
	for i := range all {
		r := &all[i]
		if r.Passed() {
			fmt.Fprintf(&text, "ok    %s\n", r.Test.ID())
			continue
		}
		at := diag.File(r.Test.File).At(diag.Point{Line: int32(r.Test.Line)})
		fmt.Fprintf(&text, "FAIL  %s: %s\n", at, r.Test.Name)
		for _, line := range r.failure() {
			fmt.Fprintf(&text, "      %s\n", line)
		}
	}
	failed := all.Failed()
	fmt.Fprintf(&text, "%d passed, %d failed\n", len(all)-failed, failed)
	n, err := io.WriteString(w, text.String())
	return int64(n), err
}

// failure describes in lines why the test did not pass.
func (r *Result) failure() []string {
	lines := []string{r.Test.request()}
	if r.Err != nil {
		return append(lines, "cannot be run: "+r.Err.Error())
	}
	lines = append(lines, "- expected "+r.Test.expected(), "+ got      "+r.Actual.actual())
	if r.Actual.Reason != "" {
		lines = append(lines, "  "+r.Actual.Reason)
	}
	for _, s := range r.Actual.Matched {
		lines = append(lines, "  decided by "+s.Label)
	}
	for _, statement := range r.Actual.Nearest {
		lines = append(lines, "  nearest is "+statement)
	}
	return lines
}

// request describes the request and the caller.
func (t *Test) request() string {
	if t.Action != "" {
		return fmt.Sprintf("%s on %s by %s", t.Action, t.Resource, t.caller())
	}
	return fmt.Sprintf("%s %s by %s", unquoted(t.Method), unquoted(t.Path), t.caller())
}

func (t *Test) caller() string {
	switch {
	case t.Credential == nil && t.Anonymous:
		return "an anonymous caller"
	case t.Credential == nil:
		return unquoted(t.Principal)
	case t.Credential.Kind == identity.TokenClaims && t.Credential.User != "":
		return fmt.Sprintf("user %s with a token of %s", quote(t.Credential.User), quote(t.Credential.Name))
	case t.Credential.Kind == identity.TokenClaims:
		return "the holder of a token of " + quote(t.Credential.Name)
	}
	return fmt.Sprintf("%s %s", t.Credential.Kind, quote(t.Credential.Name))
}

func quote(text string) string { return strconv.Quote(text) }

// unquoted returns the text, quoted if it contains characters that need an escape.
func unquoted(text string) string {
	if quoted := quote(text); quoted[1:len(quoted)-1] != text {
		return quoted
	}
	return text
}
