package directory

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// A Notifier turns the file system events of some directories into one signal. A
// goroutine reads both channels of fsnotify, because fsnotify's Add and Remove block
// while an error waits to be read.
type Notifier struct {
	changed chan struct{} // buffers one signal
	watcher *fsnotify.Watcher
	watched map[string]fs.FileInfo // the directories, as they were when last added
	route   atomic.Pointer[route]
}

// NewNotifier returns a notifier that watches nothing yet. It fails if the system has no
// more inotify instances.
func NewNotifier() (*Notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &Notifier{changed: make(chan struct{}, 1), watcher: w, watched: map[string]fs.FileInfo{}}
	n.route.Store(&route{})
	go n.collect()
	return n, nil
}

func (n *Notifier) collect() {
	for {
		select {
		case event, open := <-n.watcher.Events:
			if !open {
				return
			}
			if n.isRelevant(event) {
				n.signal()
			}
		case _, open := <-n.watcher.Errors:
			if !open {
				return
			}
			n.signal() // events may have been lost
		}
	}
}

func (n *Notifier) signal() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// Changed returns a channel that receives a value after a change that may affect the
// content of the directories.
func (n *Notifier) Changed() <-chan struct{} { return n.changed }

// Follow watches the directories that r's directory has now, and those on the route to
// it. It reports whether one of them was not watched before: it is new, another directory
// has its name now, or it was removed and created again, possibly with the same inode.
// Changes in it until now caused no signal. With an error some directory is not watched.
func (n *Notifier) Follow(r *Reader) (fresh bool, err error) {
	dirs, route := r.watched()
	return n.watch(dirs, route)
}

// watch makes dirs the watched directories. It adds every path again, so that its watch
// follows the directory that exists now. In the directories of the route, only events
// about its links count.
func (n *Notifier) watch(dirs []string, r route) (fresh bool, err error) {
	required, err := distinct(dirs, r)
	n.route.Store(&r)
	alive := map[string]bool{}
	for _, dir := range n.watcher.WatchList() {
		alive[dir] = true
	}
	for dir, info := range required {
		err = errors.Join(err, n.watcher.Add(dir))
		before, known := n.watched[dir]
		fresh = fresh || !known || !alive[dir] || !os.SameFile(before, info)
	}
	for dir := range n.watched {
		if required[dir] == nil {
			_ = n.watcher.Remove(dir) // fails if the directory was removed, and its watch with it
		}
	}
	n.watched = required
	return fresh, err
}

// distinct returns the directories that exist, each by the first of its names: the system
// has one watch for a directory, and two names (of a bind mount, for example) would take
// it from each other. It removes a directory that has a second name from the route,
// because its events may have either name: all of them count.
func distinct(dirs []string, r route) (found map[string]fs.FileInfo, err error) {
	type id struct{ device, inode uint64 }
	found, names := map[string]fs.FileInfo{}, map[id]string{}
	for _, dir := range dirs {
		info, statErr := os.Stat(dir)
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		s := stampOf(info)
		first, seen := names[id{s.device, s.inode}]
		if seen && first != dir {
			delete(r, first)
			delete(r, dir)
			continue
		}
		names[id{s.device, s.inode}], found[dir] = dir, info
	}
	return found, err
}

// Close ends watching.
func (n *Notifier) Close() { n.watcher.Close() }

// isRelevant reports whether an event may change the content: anything except a change of
// mode, and on the route to the policy directory only a change of the route.
func (n *Notifier) isRelevant(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	names := (*n.route.Load())[filepath.Dir(e.Name)]
	return names == nil || slices.Contains(names, e.Name)
}

// watched returns the directories whose events report a change: those on the route to the
// reader's directory, the directory with the "..data" link, and the tree. Each path is
// absolute and without links, so that no directory has two names.
func (r *Reader) watched() (dirs []string, to route) {
	to = routeTo(r.dir)
	below := r.directories()
	for _, dir := range below {
		delete(to, dir) // all events in it count
	}
	return slices.AppendSeq(below, maps.Keys(to)), to
}

// directories returns the directory and all directories below it that can be listed.
func (r *Reader) directories() []string {
	base, err := filepath.EvalSymlinks(r.dir)
	if err != nil {
		return nil
	}
	l := r.lastListing()
	if l == nil {
		root, err := resolveRoot(r.dir)
		if err != nil {
			return []string{base}
		}
		l, _ = list(root, r.layout, nil) // also useful with an error
	}
	return append([]string{base}, slices.Sorted(maps.Keys(l.directories))...)
}
