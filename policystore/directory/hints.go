package directory

import (
	"slices"
	"strings"
	"sync"
)

// maxHints limits how many files are hints. If more change at once, the directory is listed.
const maxHints = 64

// hints are the paths that events named since they were last taken. They may be incomplete
// and wrong: a reader only saves time with them.
type hints struct {
	mu      sync.Mutex
	paths   map[string]bool
	tooMany bool
}

func (h *hints) add(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.paths == nil {
		h.paths = map[string]bool{}
	}
	if h.tooMany = h.tooMany || len(h.paths) >= maxHints; !h.tooMany {
		h.paths[path] = true
	}
}

// take returns the paths, none if they were too many.
func (h *hints) take() (paths []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for path := range h.paths {
		paths = append(paths, path)
	}
	if h.tooMany {
		paths = nil
	}
	h.paths, h.tooMany = nil, false
	return paths
}

// withHints returns the listing with the present stamps of the files that events named, nil
// if something else than the content of known files seems to have changed. It is not known
// whether the other files are unchanged. The listing counts as begun when l was, because the
// names in its directories were read then.
func (l *listing) withHints(paths []string) *listing {
	changed := newListing(l.absolute, l.layout)
	changed.begun, changed.root = l.begun, l.root
	changed.folders, changed.files, changed.size = l.folders, l.files, l.size
	isChanged := false
	for _, onDisk := range paths {
		path, found := strings.CutPrefix(onDisk, strings.TrimSuffix(l.absolute, "/")+"/")
		if !found || isHidden(path) {
			continue
		}
		before := changed.root.find(path)
		now, isRegular, err := statusOf(onDisk, true)
		if before == nil || err != nil || !changed.accepts(file{now, before.place}, isRegular) {
			return nil
		}
		changed.size += now.size - before.size
		changed.root, isChanged = changed.root.with(file{now, before.place}), true
	}
	if !isChanged || changed.checkTotals("") != nil {
		return nil
	}
	return changed
}

// find returns a file by its path, nil if it is not listed.
func (f *folder) find(path string) *file {
	for f != nil {
		if i := slices.IndexFunc(f.files, func(below file) bool { return below.path == path }); i >= 0 {
			return &f.files[i]
		}
		f = f.folder(f.pathToward(path), 0)
	}
	return nil
}

// pathToward returns the path of the folder in f on the way to a path.
func (f *folder) pathToward(path string) string {
	begin := 0
	if f.path != "" {
		begin = len(f.path) + 1
	}
	if begin > len(path) {
		return path
	}
	name, _, _ := strings.Cut(path[begin:], "/")
	return path[:begin+len(name)]
}

// with returns the folder with another stamp of a file that is listed in it or below it.
func (f *folder) with(changed file) *folder {
	g := *f
	if i := slices.IndexFunc(f.files, func(below file) bool { return below.path == changed.path }); i >= 0 {
		g.files = slices.Clone(f.files)
		g.files[i] = changed
		return &g
	}
	next := f.folder(f.pathToward(changed.path), 0)
	g.folders = slices.Clone(f.folders)
	g.folders[slices.Index(f.folders, next)] = next.with(changed)
	return &g
}
