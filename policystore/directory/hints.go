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
	changed := *l
	changed.files = slices.Clone(l.files)
	isChanged := false
	for _, onDisk := range paths {
		path, found := strings.CutPrefix(onDisk, l.prefix)
		if !found || isHidden(path) {
			continue
		}
		i := l.findFile(path)
		if i < 0 {
			return nil
		}
		now, isRegular, err := statusOf(onDisk, true)
		after := file{now, l.files[i].path}
		if err != nil || !changed.accepts(after, isRegular) {
			return nil
		}
		changed.size += after.size - changed.files[i].size
		changed.files[i], isChanged = after, true
	}
	if !isChanged || changed.checkTotals("") != nil {
		return nil
	}
	changed.unchanged = make([]bool, len(l.files))
	for i, before := range l.files {
		changed.unchanged[i] = before.unchanged(changed.files[i].stamp, l.begun)
	}
	return &changed
}
