package directory

import (
	"maps"
	"path/filepath"
	"slices"
)

// watched returns the directories whose events report a change: those on the way to the
// reader's directory, the directory that holds the "..data" link, and the tree. Each is
// absolute and without links, so that no directory has two names.
func (r *Reader) watched() (dirs []string, way waypoints) {
	way = wayTo(r.dir)
	inside := r.inside()
	for _, dir := range inside {
		delete(way, dir) // everything in it counts
	}
	return slices.AppendSeq(inside, maps.Keys(way)), way
}

// inside returns the directory and all directories below it that can be listed.
func (r *Reader) inside() []string {
	base, err := filepath.EvalSymlinks(r.dir)
	if err != nil {
		return nil
	}
	l := r.listed()
	if l == nil {
		root, err := resolveRoot(r.dir, r.name)
		if err != nil {
			return []string{base}
		}
		l, _ = scan(root, r.name, r.layout, nil) // as far as it goes
	}
	return append([]string{base}, slices.Sorted(maps.Keys(l.directories))...)
}
