package config

import (
	"fmt"
	"slices"

	"extauthz/diag"
	"extauthz/strictyaml"
)

// An entry is one item of a list in a YAML file. It collects the faults in the item.
type entry struct {
	file   *strictyaml.File
	path   []any
	faults diag.Faults
	faulty bool
}

// newEntry returns the entry at a path. An entry in which decoding found a fault is
// faulty: to check it further would report more faults of the same cause.
func newEntry(file *strictyaml.File, path ...any) *entry {
	return &entry{file: file, path: path, faulty: file.Faulty(path...)}
}

// at returns the position of a value in the entry.
func (e *entry) at(path ...any) diag.Position {
	return e.file.At(slices.Concat(e.path, path)...)
}

// fault adds a fault at the value that path leads to in the entry.
func (e *entry) fault(problem, remedy string, path ...any) {
	e.add(diag.New(diag.Position{}, problem, remedy), path...)
}

// add adds the faults of an error, if any, at the value that path leads to in the entry.
func (e *entry) add(err error, path ...any) {
	if err != nil {
		e.faulty = true
		e.faults.Add(e.file.ErrorAt(err, slices.Concat(e.path, path)...))
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
