package lint

import (
	"encoding/json"
	"io"
)

// jsonFinding is a finding as JSON has it.
type jsonFinding struct {
	Source   string `json:"source"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}

// WriteJSON writes {"findings": [...]}, whose items have source, line, column,
// severity, code and message.
func WriteJSON(w io.Writer, findings []Finding) error {
	list := make([]jsonFinding, 0, len(findings))
	for _, f := range findings {
		list = append(list, jsonFinding{f.Source, f.Line, f.Column, f.Severity.String(), f.Code, f.Message})
	}
	return writeIndented(w, map[string]any{"findings": list})
}

func writeIndented(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}
