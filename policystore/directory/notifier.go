package directory

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// A Notifier turns the file system events of some directories into one signal. A
// goroutine reads both channels of fsnotify, because fsnotify's Add and Remove block
// while an error waits to be read.
type Notifier struct {
	changed chan struct{} // buffers one signal
	watcher *fsnotify.Watcher
	route   atomic.Pointer[route]
	hints   hints // the paths in events

	mu      sync.Mutex             // guards what follows
	watched map[string]stamp       // the directories, as they were when last added
	names   map[directoryID]string // of the directories
}

// A directoryID identifies a directory whatever its name.
type directoryID struct{ device, inode uint64 }

func (s *stamp) id() directoryID { return directoryID{s.device, s.inode} }

// NewNotifier returns a notifier that watches nothing yet. It fails if the system has no
// more inotify instances.
func NewNotifier() (*Notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &Notifier{changed: make(chan struct{}, 1), watcher: w, watched: map[string]stamp{}, names: map[directoryID]string{}}
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
				n.hints.add(event.Name)
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
// it. From then on, r watches a directory before it reads it. Follow reports whether one was
// not watched when it was read: it is new, another directory has its name now, or it was
// removed and created again, possibly with the same inode. Changes in it until now caused no
// signal. With an error some directory is not watched.
func (n *Notifier) Follow(r *Reader) (fresh bool, err error) {
	l := r.follow(n)
	dirs, to := r.around()
	return n.watch(dirs, l, to)
}

// add watches a directory that will be read now.
func (n *Notifier) add(dir string, now stamp) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if first, seen := n.names[now.id()]; seen && first != dir || n.watched[dir] == now {
		return
	}
	if n.watcher.Add(dir) == nil { // otherwise Follow tries again, and returns the error
		n.watched[dir], n.names[now.id()] = now, dir
	}
}

// watch makes dirs and the folders of a listing the watched directories. It adds each
// that may be another directory than when it was added, so that its watch follows the
// directory that exists now. Without a listing, it still watches the directories that the
// reader read. In the directories of the route, only events about its links count.
func (n *Notifier) watch(dirs []string, l *listing, r route) (fresh bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	watched := n.watcher.WatchList()
	if l != nil && n.watches(dirs, l) && len(watched) == len(n.watched) {
		n.route.Store(&r)
		return false, nil
	}
	alive := make(map[string]bool, len(watched))
	for _, dir := range watched {
		alive[dir] = true
	}
	required, err := n.distinct(dirs, l, r, alive)
	n.route.Store(&r)
	for dir, now := range required {
		before, known := n.watched[dir]
		if known && alive[dir] && before == now {
			continue
		}
		err = errors.Join(err, n.watcher.Add(dir))
		fresh = fresh || !known || !alive[dir] || before.id() != now.id()
	}
	for dir := range n.watched {
		if _, found := required[dir]; !found {
			_ = n.watcher.Remove(dir) // fails if the directory was removed, and its watch with it
		}
	}
	n.watched = required
	return fresh, err
}

// watches reports whether dirs and the folders of a listing are the watched directories,
// unchanged.
func (n *Notifier) watches(dirs []string, l *listing) bool {
	all := 0
	has := func(dir string, now stamp) bool {
		all++
		return n.watched[dir] == now
	}
	for f := range l.root.all() {
		if !has(f.onDisk, f.stamp) {
			return false
		}
	}
	for _, dir := range dirs {
		now, _, err := statusOf(dir, true)
		if err != nil || dir != l.absolute && !has(dir, now) {
			return false
		}
	}
	return all == len(n.watched)
}

// distinct returns the directories that exist, each by the first of its names: the system
// has one watch for a directory, and two names (of a bind mount, for example) would take
// it from each other. It removes a directory that has a second name from the route,
// because its events may have either name: all of them count.
func (n *Notifier) distinct(dirs []string, l *listing, r route, alive map[string]bool) (found map[string]stamp, err error) {
	found, n.names = make(map[string]stamp, len(n.watched)), make(map[directoryID]string, len(n.watched))
	add := func(dir string, now stamp) {
		first, seen := n.names[now.id()]
		if seen && first != dir {
			delete(r, first)
			delete(r, dir)
			return
		}
		n.names[now.id()], found[dir] = dir, now
	}
	for _, dir := range dirs {
		info, statErr := os.Stat(dir)
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		add(dir, stampOf(info))
	}
	if l == nil {
		for dir, now := range n.watched {
			if alive[dir] {
				add(dir, now)
			}
		}
		return found, err
	}
	for f := range l.root.all() {
		delete(r, f.onDisk) // all events in it count
		add(f.onDisk, f.stamp)
	}
	return found, err
}

// Close ends watching.
func (n *Notifier) Close() { n.watcher.Close() }

// isRelevant reports whether an event may change the content, or the mode of a file with
// secrets: on the route to the policy directory only a change of the route.
func (n *Notifier) isRelevant(e fsnotify.Event) bool {
	names := (*n.route.Load())[filepath.Dir(e.Name)]
	return names == nil || slices.Contains(names, e.Name)
}

// around returns the directories outside the tree whose events report a change: the
// directory with the "..data" link, and those on the route to it. Each path is absolute and
// without links, so that no directory has two names.
func (r *Reader) around() (dirs []string, to route) {
	to = routeTo(r.dir)
	if base, err := filepath.EvalSymlinks(r.dir); err == nil {
		dirs = append(dirs, base)
		delete(to, base) // all events in it count
	}
	return slices.AppendSeq(dirs, maps.Keys(to)), to
}
