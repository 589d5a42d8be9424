package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity is how much a finding matters.
type Severity uint8

const (
	// Error: the policy does not do what it was written for, or lets in who was
	// never meant. The zero value.
	Error Severity = iota
	// Warning: probably a mistake.
	Warning
	// Suggestion: right as it is, and could be clearer or narrower.
	Suggestion
)

// String gives the word that the formats and flags have.
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

// ParseSeverity reads the word of a severity.
func ParseSeverity(word string) (Severity, error) {
	for _, s := range [...]Severity{Error, Warning, Suggestion} {
		if s.String() == word {
			return s, nil
		}
	}
	return Error, fmt.Errorf("%q is no severity; write error, warning or suggestion", word)
}

// A Finding is something in a policy directory that is probably not meant.
type Finding struct {
	Source string // the file, by its path in the directory
	// Line and Column count from 1; 0 where the finding has no place in the file.
	Line, Column int
	Severity     Severity
	Code         string // has a page, see Explain
	Message      string
}

// String gives "source:line:column: severity: code: message".
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s: %s", f.place(), f.Severity, f.Code, f.Message)
}

// place leaves out what is not known.
func (f Finding) place() string {
	switch {
	case f.Line == 0:
		return f.Source
	case f.Column == 0:
		return fmt.Sprintf("%s:%d", f.Source, f.Line)
	}
	return fmt.Sprintf("%s:%d:%d", f.Source, f.Line, f.Column)
}

// inOrder sorts findings by file and place.
func inOrder(all []Finding) []Finding {
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Code, b.Code), strings.Compare(a.Message, b.Message))
	})
	return all
}

// Reaches tells whether a finding is at least as severe as limit.
func Reaches(all []Finding, limit Severity) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return f.Severity <= limit })
}
