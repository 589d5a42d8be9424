package policystore

import (
	"context"
	"log/slog"
	"time"

	"extauthz/diag"
	"extauthz/policystore/directory"
)

// maxDebounces limits how long continuous writes can delay a reload, in debounce times.
const maxDebounces = 5

// A Watcher reloads a store when its policy directory changes. It listens to file system
// events if the system has them, and always compares the content every Poll: network file
// systems send no events, and some mounts lose them.
type Watcher struct {
	store     *Store
	notifier  *directory.Notifier // nil without events
	noEvents  error               // why a notifier does not exist; nil if the source is not a directory
	reads     uint64              // of the store, when the watcher began to listen
	unwatched bool                // a directory cannot be watched, and that was logged
	reported  string              // the error that was logged last; "" since a successful reload
}

// NewWatcher returns a watcher that listens to file system events from now on, so that it
// misses no change after the next [Store.Reload]. It reads no file. [Watcher.Run] reloads;
// [Watcher.Close] ends a watcher that does not run.
func (s *Store) NewWatcher() *Watcher {
	w := &Watcher{store: s, reads: s.reads.Load()}
	if s.reader() == nil {
		return w
	}
	if w.notifier, w.noEvents = directory.NewNotifier(); w.noEvents == nil {
		_, _ = w.notifier.Follow(s.reader()) // Run follows again, and reports the error
	}
	return w
}

// reader returns the source if it is a directory on disk, which has events.
func (s *Store) reader() *directory.Reader {
	reader, _ := s.options.Source.(*directory.Reader)
	return reader
}

// Close ends listening. It may be called more than once.
func (w *Watcher) Close() {
	if w.notifier != nil {
		w.notifier.Close()
	}
}

// Run reloads the store when the directory changes, until ctx ends. If the store was
// reloaded since NewWatcher, Run does not read the directory before its first change. Its
// goroutine keeps its thread, which has a low priority so that a reload delays decisions less.
func (w *Watcher) Run(ctx context.Context) {
	defer w.Close()
	lowerPriority()
	if w.noEvents != nil {
		w.store.options.Logger.Warn("file system events are unavailable; changes are found by polling only", "error", w.noEvents, "poll", w.store.options.Poll.String())
	}
	poll := time.NewTicker(w.store.options.Poll)
	defer poll.Stop()
	w.begin()
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			w.reload((*Store).Reload)
		case <-w.store.trigger:
			w.reload((*Store).Reload)
		case <-w.changed():
			w.debounce(ctx)
			w.reload((*Store).reloadChanged)
		}
	}
}

// begin loads the directory, unless the store did so since the watcher began to listen:
// then it only reports the result, and reloads if a directory is new since.
func (w *Watcher) begin() {
	if w.store.reads.Load() == w.reads {
		w.reload((*Store).Reload)
		return
	}
	w.report(w.store.Status().LastError)
	if w.follow() {
		w.reload((*Store).reloadChanged)
	}
}

// Trigger makes the running [Watcher] reload now. It does not wait for the reload.
func (s *Store) Trigger() {
	s.again.Store(true)
	s.signal()
}

// signal makes the running Watcher reload.
func (s *Store) signal() {
	select {
	case s.trigger <- struct{}{}:
	default:
	}
}

// changed returns the notifier's channel, nil without a notifier.
func (w *Watcher) changed() <-chan struct{} {
	if w.notifier == nil {
		return nil
	}
	return w.notifier.Changed()
}

// debounce waits until no event occurred for the debounce time, up to a limit.
func (w *Watcher) debounce(ctx context.Context) {
	debounce := w.store.options.Debounce
	limit := time.After(maxDebounces * debounce)
	for {
		select {
		case <-w.changed():
		case <-time.After(debounce):
			return
		case <-limit:
			return
		case <-ctx.Done():
			return
		}
	}
}

// maxLoads limits how often the directory is loaded in a row, so that polling and the end
// of Run are not delayed if directories are created continuously.
const maxLoads = 10

// reload loads the directory, and again as long as a directory in it is new: files in it
// may have changed unnoticed since it was read.
func (w *Watcher) reload(load func(*Store) error) {
	for range maxLoads {
		w.report(load(w.store))
		if !w.follow() {
			return
		}
	}
	w.store.signal()
}

// follow watches the directories that exist now, and reports whether one of them is new.
func (w *Watcher) follow() (fresh bool) {
	if w.notifier == nil {
		return false
	}
	fresh, err := w.notifier.Follow(w.store.reader())
	if err != nil && !w.unwatched {
		w.store.options.Logger.Warn("a directory cannot be watched; its changes are found by polling", "error", err)
	}
	w.unwatched = err != nil
	return fresh
}

// report logs an error and each of its faults once, until it changes or a reload
// succeeds.
func (w *Watcher) report(err error) {
	if err == nil {
		w.reported = ""
		return
	}
	if w.reported == err.Error() {
		return
	}
	w.reported = err.Error()
	consequence := "the last good snapshot stays in force"
	if w.store.Snapshot() == nil {
		consequence = "no policies are in force until it is fixed" // those of the store: they may be shadow policies
	}
	logger := w.store.options.Logger
	logger.Error("policy directory refused; "+consequence, "dir", w.store.options.Dir, "error", err)
	for _, fault := range diag.Of(err) {
		if fault.File != "" {
			logger.LogAttrs(context.Background(), slog.LevelError, "fault in a policy file", fault.LogAttrs()...)
		}
	}
}
