package diag

import (
	"cmp"
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
	list, more := parts(err)
	return counted{list, more}.all()
}

// parts returns the diagnostics that an error consists of, and how many faults it only
// counts. An error always has at least one: otherwise code that drops what is faulty could
// take it for success.
func parts(err error) (list List, more int) {
	if list, more = unwrap(err); err != nil && len(list) == 0 && more == 0 {
		return List{{Problem: cmp.Or(err.Error(), "an error without a description")}}, 0
	}
	return list, more
}

func unwrap(err error) (list List, more int) {
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := e.(type) { //nolint:errorlint // the loop unwraps
		case Diagnostic:
			return List{e}, 0
		case List:
			return e, 0
		case counted:
			return e.List, e.more
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				l, n := unwrap(part)
				list, more = append(list, l...), more+n
			}
			return list, more
		}
	}
	if err == nil {
		return nil, 0
	}
	return List{{Problem: err.Error()}}, 0
}

// counted is a list of faults, and the number of those that it leaves out.
type counted struct {
	List
	more int
}

// all returns the list with an entry about the faults that it leaves out, if any.
func (c counted) all() List {
	if c.more == 0 {
		return c.List
	}
	return append(slices.Clip(c.List), New(Position{}, fmt.Sprintf("%d more faults are not shown", c.more), "fix these first"))
}

// Error returns the text of each diagnostic, a line each.
func (c counted) Error() string { return c.all().Error() }

// Faults collects faults. The zero value is ready for use. It takes memory for a
// bounded number of faults.
type Faults struct {
	list List
	more int // faults that were only counted
}

// Add adds the diagnostics of an error, and reports whether there were any.
func (f *Faults) Add(err error) bool {
	found, more := parts(err)
	f.list, f.more = append(f.list, found...), f.more+more
	if len(f.list) > 10*MaxFaults {
		f.reduce()
	}
	return len(found) > 0
}

// reduce sorts the faults, and only counts those after the first MaxFaults.
func (f *Faults) reduce() {
	f.list = f.list.Sorted()
	if n := len(f.list) - MaxFaults; n > 0 {
		f.list, f.more = f.list[:MaxFaults:MaxFaults], f.more+n
	}
}

// Err returns nil if nothing was added, the diagnostic if there is one, and otherwise an
// error that consists of the first [MaxFaults] in order, and a last one that counts the
// rest. [Of] returns them. Added to other Faults, the counts are summed.
func (f *Faults) Err() error {
	f.reduce()
	switch {
	case len(f.list) == 0:
		return nil
	case f.more > 0:
		return counted{f.list, f.more}
	case len(f.list) == 1:
		return f.list[0]
	}
	return f.list
}

// Wrap returns the faults of an error about a value at a position, with prefix before each
// problem. Diagnostics that have a position already keep it.
func Wrap(at Position, prefix string, err error) error {
	return rewrite(err, func(d *Diagnostic) {
		if d.Position == (Position{}) {
			d.Position = at
		}
		d.Problem = prefix + d.Problem
	})
}

// WrapString returns the faults of an error about the text of a JSON string. Their positions
// count from the beginning of that text. The string begins at a position in a file, and
// element is its name.
func WrapString(at Position, element string, err error) error {
	return rewrite(err, func(d *Diagnostic) { d.Source = Source{File: at.File, Element: element, Start: at.InFile()} })
}

// rewrite returns the faults of an error after a change to each.
func rewrite(err error, change func(*Diagnostic)) error {
	list, more := parts(err)
	faults := Faults{more: more}
	for _, d := range list {
		change(&d)
		faults.Add(d)
	}
	return faults.Err()
}
