package diag

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxFaults is how many faults of one directory are reported. What is beyond them is
// counted.
const MaxFaults = 100

// A List is any number of diagnostics.
type List []Diagnostic

// Sorted returns the diagnostics in order, each once.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	slices.SortFunc(sorted, Diagnostic.Compare)
	return slices.Compact(sorted)
}

// Error returns the text of each diagnostic, a line each.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Reaches reports whether a diagnostic is at least as severe as limit.
func (l List) Reaches(limit Severity) bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity <= limit })
}

// Of returns the diagnostics that an error consists of: a Diagnostic, a List, several
// errors joined by [errors.Join], or an error that wraps one of these. Another error
// becomes a diagnostic without a position. Of(nil) is empty.
func Of(err error) List {
	if err == nil {
		return nil
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := e.(type) { //nolint:errorlint // the loop unwraps
		case Diagnostic:
			return List{e}
		case List:
			return e
		case interface{ Unwrap() []error }:
			var list List
			for _, part := range e.Unwrap() {
				list = append(list, Of(part)...)
			}
			return list
		}
	}
	return List{{Problem: err.Error()}}
}

// Faults collects faults. The zero value is ready for use.
type Faults struct{ list List }

// Add adds the diagnostics of an error, and reports whether there were any.
func (f *Faults) Add(err error) bool {
	found := Of(err)
	f.list = append(f.list, found...)
	return len(found) > 0
}

// Err returns nil if nothing was added, the diagnostic if there is one, and a sorted
// List of at most [MaxFaults] otherwise, whose last entry counts the rest.
func (f *Faults) Err() error {
	sorted := f.list.Sorted()
	switch more := len(sorted) - MaxFaults; {
	case len(sorted) == 0:
		return nil
	case len(sorted) == 1:
		return sorted[0]
	case more > 0:
		return append(sorted[:MaxFaults:MaxFaults], New(Position{}, fmt.Sprintf("%d more faults are not shown", more), "fix these first"))
	}
	return sorted
}
