package directory

import (
	"errors"
	"maps"
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

	mu      sync.Mutex // guards what follows
	watched watched
	watches int      // how many watches there are, if the system removed none
	twins   []string // the names of directories that have several
}

// NewNotifier returns a notifier that watches nothing yet. It fails if the system has no
// more inotify instances.
func NewNotifier() (*Notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &Notifier{changed: make(chan struct{}, 1), watcher: w, watched: watched{&listing{}, map[string]stamp{}}}
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

// follows reports whether the notifier watches the folders of a listing.
func (n *Notifier) follows(l *listing) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.watched.listing.sharesFolders(l)
}

// add watches a directory that will be read now.
func (n *Notifier) add(dir string, now stamp) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watched.others[dir] != now && n.watcher.Add(dir) == nil { // otherwise Follow tries again, and returns the error
		n.watched.others[dir] = now
	}
}

// watch makes dirs and the folders of a listing the watched directories. Without a listing, it
// still watches the directories that the reader read. In the directories of the route, only
// events about its links count.
func (n *Notifier) watch(dirs []string, l *listing, r route) (fresh bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	around, err := statusesOf(dirs)
	paths := n.watcher.WatchList()
	if l != nil && err == nil && len(paths) == n.watches && n.watched.equal(l, around) {
		n.watched = newWatched(l, around)
		n.direct(r)
		return false, nil
	}
	before := n.watched
	if n.watched = newWatched(l, around); l == nil {
		n.watched.keep(before, paths)
	}
	fresh, watchErr := n.update(before, paths, r)
	return fresh, errors.Join(err, watchErr)
}

// update watches the directories that it is to watch now, and no others. It adds each that may be
// another directory than when it was added, so that its watch follows the directory that exists
// now. paths are those that have a watch.
func (n *Notifier) update(before watched, paths []string, r route) (fresh bool, err error) {
	alive := make(map[string]bool, len(paths))
	for _, dir := range paths {
		alive[dir] = true
	}
	names, twins := n.watched.names()
	n.watches, n.twins = len(names), twins
	n.direct(r)
	for i, dir := range n.watched.all() {
		if names[dir.id()] != dir.path {
			continue
		}
		then, known := before.stampOf(dir.path, i)
		known = known && alive[dir.path]
		delete(alive, dir.path)
		if known && then == dir.stamp {
			continue
		}
		if addErr := n.watcher.Add(dir.path); addErr != nil {
			err = errors.Join(err, addErr)
		} else if !known || then.id() != dir.id() {
			fresh = true
		}
	}
	for dir := range alive {
		_ = n.watcher.Remove(dir) // fails if the directory was removed, and its watch with it
	}
	return fresh, err
}

// direct makes a route that of the notifier, without the directories in which all events count:
// the folders of the tree, and directories that have several names, because the events may have
// any of them.
func (n *Notifier) direct(r route) {
	maps.DeleteFunc(r, func(dir string, _ []string) bool { return n.watched.listing.has(dir) || slices.Contains(n.twins, dir) })
	n.route.Store(&r)
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
