package directory

import (
	"maps"
	"path/filepath"
	"slices"
)

// watched are the directories whose events tell of a change: those on the way to the
// reader's directory, the directory that holds the "..data" link, and the tree.
func (r *Reader) watched() (dirs []string, way waypoints) {
	dir, err := filepath.Abs(r.dir)
	if err != nil {
		return nil, nil // the working directory is gone, and nothing can be read either
	}
	way = wayTo(dir)
	inside := r.inside(dir)
	for _, dir := range inside {
		delete(way, dir) // everything in it counts
	}
	return slices.AppendSeq(inside, maps.Keys(way)), way
}

// inside are the directory and all directories below it that can be listed.
func (r *Reader) inside(dir string) []string {
	base, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil
	}
	l := r.listed()
	if l == nil {
		root, err := resolveRoot(dir)
		if err != nil {
			return []string{base}
		}
		l, _ = scan(root, r.layout, nil) // as far as it goes
	}
	return append([]string{base}, slices.Sorted(maps.Keys(l.directories))...)
}
