package diag

import (
	"cmp"
	"fmt"
	"strings"
)

// A Diagnostic is one fault, or one thing that is probably a mistake. Diagnostics are
// comparable: two that are equal say the same.
type Diagnostic struct {
	Position
	Severity Severity
	// Code names the kind of diagnostic, such as "unknown-action". It does not change
	// from version to version. "" is a fault that keeps its file from loading.
	Code string
	// Problem says what is wrong. It begins in lower case and has no full stop.
	Problem string
	// Remedy says what to do, in the imperative; "" if Problem says enough.
	Remedy string
	// Pointer is the JSON Pointer (RFC 6901) of the value in its source, "" if unknown.
	Pointer string
	// Identity is the message without the positions that it mentions: it stays the
	// same when lines are added before them. "" means that the message has none.
	Identity string
}

// New returns the diagnostic of a fault.
func New(at Position, problem, remedy string) Diagnostic {
	return Diagnostic{Position: at, Problem: problem, Remedy: remedy}
}

// Problemf returns the diagnostic of a fault whose position is added later, by [Wrap] or by
// the code that read the value from a file.
func Problemf(format string, args ...any) Diagnostic {
	return Diagnostic{Problem: fmt.Sprintf(format, args...)}
}

// WithRemedy returns the diagnostic with a remedy.
func (d Diagnostic) WithRemedy(remedy string) Diagnostic {
	d.Remedy = remedy
	return d
}

// Message returns "problem; remedy".
func (d Diagnostic) Message() string {
	if d.Remedy == "" {
		return d.Problem
	}
	return d.Problem + "; " + d.Remedy
}

// Error returns "file:line:column: problem; remedy".
func (d Diagnostic) Error() string {
	if at := d.Position.String(); at != "" {
		return at + ": " + d.Message()
	}
	return d.Message()
}

// String is Error, and not that of the position.
func (d Diagnostic) String() string { return d.Error() }

// Text returns "file:line:column: severity: code: problem; remedy", as
// `extauthz lint` prints it. A text in a JSON string is described by the position
// of the string in its file.
func (d Diagnostic) Text() string {
	return fmt.Sprintf("%s: %s: %s: %s", at(d.File, d.InFile()), d.Severity, d.Code, d.inFileMessage())
}

// inFileMessage is the message for a reader who knows [Position.InFile] only: of a
// text in a JSON string, it begins with the position in that text.
func (d Diagnostic) inFileMessage() string { return d.locate(d.Message(), d.Point.String()) }

// pointer is Pointer for such a reader: a pointer into a text in a JSON string is unknown.
func (d Diagnostic) pointer() string {
	if d.Element != "" {
		return ""
	}
	return d.Pointer
}

// identity is Identity for such a reader, without that position.
func (d Diagnostic) identity() string { return d.locate(cmp.Or(d.Identity, d.Message()), "") }

func (d Diagnostic) locate(message, point string) string {
	switch {
	case d.Element == "":
		return message
	case point == "":
		return fmt.Sprintf("in %s: %s", d.Element, message)
	}
	return fmt.Sprintf("in %s: %s: %s", d.Element, point, message)
}

// Compare orders diagnostics by position, and then by code and message.
func (d Diagnostic) Compare(e Diagnostic) int {
	return cmp.Or(d.Position.Compare(e.Position), strings.Compare(d.Code, e.Code), strings.Compare(d.Message(), e.Message()), cmp.Compare(d.Severity, e.Severity))
}

// Severity is how much a diagnostic matters.
type Severity uint8

// The severities, from the one that matters most.
const (
	// Error marks what does not load, does not do what it was written for, or allows
	// a caller that it was not meant to allow. It is the zero value.
	Error Severity = iota
	// Warning marks what is probably a mistake.
	Warning
	// Suggestion marks what works and could be clearer or narrower.
	Suggestion
)

// String returns the word that formats and flags use.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Suggestion:
		return "suggestion"
	case Error:
	}
	return "error"
}

// ParseSeverity returns the severity that has a word.
func ParseSeverity(word string) (Severity, error) {
	for _, s := range [...]Severity{Error, Warning, Suggestion} {
		if s.String() == word {
			return s, nil
		}
	}
	return Error, Problemf("%q is not a severity", word).WithRemedy("write error, warning or suggestion")
}
