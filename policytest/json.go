package policytest

import (
	"encoding/json"
	"io"
)

// The JSON form of results.
type (
	jsonReport struct {
		Passed  int          `json:"passed"` // how many tests passed
		Failed  int          `json:"failed"` // how many tests failed
		Results []jsonResult `json:"results"`
	}
	jsonResult struct {
		File     string        `json:"file"`
		Line     int           `json:"line"`
		Name     string        `json:"name"`
		Passed   bool          `json:"passed"`
		Expected jsonExpected  `json:"expected"`
		Actual   *jsonDecision `json:"actual,omitempty"`
		Error    string        `json:"error,omitempty"` // why the test cannot be run
	}
	jsonExpected struct {
		Decision string `json:"decision"`
		Action   string `json:"deniedAction,omitempty"`
		Sid      string `json:"sid,omitempty"`
	}
	jsonDecision struct {
		Decision string   `json:"decision"`
		Action   string   `json:"deniedAction,omitempty"`
		Resource string   `json:"deniedResource,omitempty"`
		Reason   string   `json:"reason,omitempty"`
		Matched  []string `json:"matchedStatements"`
		Nearest  []string `json:"nearestStatements,omitempty"`
	}
)

// WriteJSON writes the numbers of tests that passed and failed, and the result of each test.
func (all Results) WriteJSON(w io.Writer) error {
	failed := all.Failed()
	report := jsonReport{Passed: len(all) - failed, Failed: failed, Results: make([]jsonResult, len(all))}
	for i := range all {
		report.Results[i] = all[i].json()
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

func (r *Result) json() jsonResult {
	out := jsonResult{
		File: r.Test.File, Line: r.Test.Line, Name: r.Test.Name, Passed: r.Passed(),
		Expected: jsonExpected{r.Test.Expect.String(), r.Test.Denied, r.Test.Sid},
	}
	if r.Err != nil {
		out.Error = r.Err.Error()
		return out
	}
	a := &r.Actual
	out.Actual = &jsonDecision{Decision: a.Outcome.String(), Action: a.Action, Resource: a.Resource, Reason: a.Reason, Matched: make([]string, len(a.Matched)), Nearest: a.Nearest}
	for i, s := range a.Matched {
		out.Actual.Matched[i] = s.Label
	}
	return out
}
