package directory

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// A Notifier turns the file system events of some directories into one
// signal. It reads both channels of fsnotify in a goroutine of its own: while
// an error waits to be read, fsnotify's Add and Remove block.
type Notifier struct {
	changed chan struct{} // holds one signal at most
	watcher *fsnotify.Watcher
	watched map[string]fs.FileInfo // the directories, as they were when last added
	only    atomic.Pointer[waypoints]
}

// NewNotifier fails where the system has no more inotify instances to give.
func NewNotifier() (*Notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &Notifier{changed: make(chan struct{}, 1), watcher: w, watched: map[string]fs.FileInfo{}}
	n.only.Store(&waypoints{})
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
			if n.relevant(event) {
				n.signal()
			}
		case _, open := <-n.watcher.Errors:
			if !open {
				return
			}
			n.signal() // events may have been lost: look at the content
		}
	}
}

func (n *Notifier) signal() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// Changed is signalled after what may change the content of the directories.
func (n *Notifier) Changed() <-chan struct{} { return n.changed }

// Follow moves the watches to the directories that r's directory has now, and to
// those on the way to it. It tells whether there is one among them that was not
// watched before, was another directory of the same name, or was removed and made
// again, maybe with the same inode: what happened in it until now went unseen. With
// an error some directory is not watched.
func (n *Notifier) Follow(r *Reader) (fresh bool, err error) {
	dirs, way := r.watched()
	return n.watch(dirs, way)
}

// watch makes dirs the directories watched. Every path is added again,
// which is how its watch follows the directory that is there now. In the directories of
// the way only what is on it counts.
func (n *Notifier) watch(dirs []string, way waypoints) (fresh bool, err error) {
	wanted, err := distinct(dirs, way)
	n.only.Store(&way)
	alive := map[string]bool{}
	for _, dir := range n.watcher.WatchList() {
		alive[dir] = true
	}
	for dir, info := range wanted {
		err = errors.Join(err, n.watcher.Add(dir))
		before, known := n.watched[dir]
		fresh = fresh || !known || !alive[dir] || !os.SameFile(before, info)
	}
	for dir := range n.watched {
		if wanted[dir] == nil {
			_ = n.watcher.Remove(dir) // fails if the directory is gone, and its watch with it
		}
	}
	n.watched = wanted
	return fresh, err
}

// distinct returns the directories that exist, each by the first of its names: the
// system has one watch for a directory, which two names (of a bind mount, say) would
// take from each other. A directory of the way that has a second name is removed from
// way, because its events may have either name: all of them count.
func distinct(dirs []string, way waypoints) (wanted map[string]fs.FileInfo, err error) {
	type id struct{ device, inode uint64 }
	wanted, names := map[string]fs.FileInfo{}, map[id]string{}
	for _, dir := range dirs {
		info, statErr := os.Stat(dir)
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		s := stampOf(info)
		first, seen := names[id{s.device, s.inode}]
		if seen && first != dir {
			delete(way, first)
			delete(way, dir)
			continue
		}
		names[id{s.device, s.inode}], wanted[dir] = dir, info
	}
	return wanted, err
}

// Close ends the watching.
func (n *Notifier) Close() { n.watcher.Close() }

// relevant tells whether an event may change the content: anything but a change of
// mode, and on the way to the policy directory only what concerns the way.
func (n *Notifier) relevant(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	names := (*n.only.Load())[filepath.Dir(e.Name)]
	return names == nil || slices.Contains(names, e.Name)
}
