package config

import (
	"fmt"
	"slices"

	"extauthz/diag"
	"extauthz/strictyaml"
)

// An entry is one item of a list in a YAML file, or the whole file. It collects the faults
// that decoding did not find.
type entry struct {
	file   *strictyaml.File
	path   []any
	faults diag.Faults
	faulty bool // the entry has a fault, which may be in a value that was not decoded
}

// newEntry returns the entry at a path.
func newEntry(file *strictyaml.File, path ...any) *entry {
	return &entry{file: file, path: path, faulty: file.Faulty(path...)}
}

// at returns the position of a value in the entry.
func (e *entry) at(path ...any) diag.Position {
	return e.file.At(e.in(path)...)
}

// in returns the path in the file of a value in the entry.
func (e *entry) in(path []any) []any { return slices.Concat(e.path, path) }

// knows reports whether the values of all of these keys are known: decoding found no fault
// in them, and none is missing because its key has a fault.
func (e *entry) knows(keys ...string) bool {
	for _, key := range keys {
		if !e.file.IsKnown(e.in([]any{key})...) {
			return false
		}
	}
	return true
}

// fault adds a fault at the value that path leads to in the entry.
func (e *entry) fault(problem, remedy string, path ...any) {
	e.add(diag.New(diag.Position{}, problem, remedy), path...)
}

// add adds the faults of an error, if any, at the value that path leads to in the entry. It
// does not add faults of a value that is unknown, because they follow from another.
func (e *entry) add(err error, path ...any) {
	if err == nil {
		return
	}
	e.faulty = true
	if len(path) == 0 || e.file.IsKnown(e.in(path)...) {
		e.faults.Add(e.file.ErrorAt(err, e.in(path)...))
	}
}

// unique reports items of a list that occur twice.
func (e *entry) unique(what, key string, items []string) {
	seen := map[string]bool{}
	for i, item := range items {
		if seen[item] {
			e.fault(fmt.Sprintf("%s %q is listed twice", what, item), "keep one", key, i)
		}
		seen[item] = true
	}
}
