package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// WriteText writes a line for each diagnostic:
// file:line:column: severity: code: message.
func WriteText(w io.Writer, l List) error {
	for _, d := range l {
		if _, err := fmt.Fprintln(w, d.Text()); err != nil {
			return err
		}
	}
	return nil
}

// jsonDiagnostic is a diagnostic as JSON contains it.
type jsonDiagnostic struct {
	Source   string `json:"source"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Pointer  string `json:"pointer,omitempty"`
}

// WriteJSON writes {"findings": [...]}, whose items have source, line, column,
// severity, code and message, and pointer if it is known.
func WriteJSON(w io.Writer, l List) error {
	list := make([]jsonDiagnostic, 0, len(l))
	for _, d := range l {
		at := d.InFile()
		list = append(list, jsonDiagnostic{d.File, int(at.Line), int(at.Column), d.Severity.String(), d.Code, d.inFileMessage(), d.pointer()})
	}
	return writeIndented(w, map[string]any{"findings": list})
}

func writeIndented(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// LogAttrs returns the attributes of a log line about the diagnostic: file, line,
// column, code, pointer, problem and remedy, each if it is known.
func (d Diagnostic) LogAttrs() []slog.Attr {
	var attrs []slog.Attr
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	add("file", d.File)
	if at := d.InFile(); at.Line > 0 {
		attrs = append(attrs, slog.Int("line", int(at.Line)))
		if at.Column > 0 {
			attrs = append(attrs, slog.Int("column", int(at.Column)))
		}
	}
	add("code", d.Code)
	add("pointer", d.pointer())
	add("problem", d.locate(d.Problem, d.Point.String()))
	add("remedy", d.Remedy)
	return attrs
}
