package policystore

import (
	"context"
	"log/slog"
	"time"

	"extauthz/diag"
	"extauthz/policystore/directory"
)

// patience bounds how long writes that never rest can put off a reload, as a
// multiple of the debounce time.
const patience = 5

// A Watcher reloads a store's directory whenever it changes. It listens to file
// system events where the system gives them, and compares content every Poll in any
// case: network file systems send no events, and some mounts lose them.
type Watcher struct {
	store    *Store
	notifier *directory.Notifier // nil where the system has no events to give
	silent   error               // why there is no notifier
	reads    uint64              // of the store, when the watcher began to listen
	deaf     bool                // some directory could not be watched, and that is logged
	reported string              // the error that was logged last; "" since a good reload
}

// NewWatcher returns a watcher that listens to file system events from now on, so that
// it misses no change after the next [Store.Reload]. It reads no file.
// [Watcher.Run] reloads; [Watcher.Close] ends a watcher that does not run.
func (s *Store) NewWatcher() *Watcher {
	w := &Watcher{store: s, reads: s.reads.Load()}
	if w.notifier, w.silent = directory.NewNotifier(); w.silent == nil {
		_, _ = w.notifier.Follow(s.reader) // Run follows again, and reports the error
	}
	return w
}

// Close ends the listening. It may be called more than once.
func (w *Watcher) Close() {
	if w.notifier != nil {
		w.notifier.Close()
	}
}

// Run reloads whenever the directory changes, until ctx ends. If the store was reloaded
// since NewWatcher, Run does not read the directory before its first change.
func (w *Watcher) Run(ctx context.Context) {
	defer w.Close()
	if w.silent != nil {
		w.store.options.Logger.Warn("no file system events; policies are compared by polling only", "error", w.silent, "poll", w.store.options.Poll.String())
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
			w.rest(ctx)
			w.reload((*Store).reloadChanged)
		}
	}
}

// begin loads the directory, unless that was done since the watcher began to listen:
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

// Trigger makes the running [Watcher] reload now. It does not wait for that.
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

// changed is the notifier's signal; without a notifier it never comes.
func (w *Watcher) changed() <-chan struct{} {
	if w.notifier == nil {
		return nil
	}
	return w.notifier.Changed()
}

// rest waits until no event came for the debounce time, but not for ever.
func (w *Watcher) rest(ctx context.Context) {
	debounce := w.store.options.Debounce
	limit := time.After(patience * debounce)
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

// rounds bounds how often the directory is loaded in a row, so that the poll and the
// end of Run have their turn however fast directories are made.
const rounds = 10

// reload loads the directory, and again as long as a directory in it is new, and
// so may have changed unseen since it was read.
func (w *Watcher) reload(load func(*Store) error) {
	for range rounds {
		w.report(load(w.store))
		if !w.follow() {
			return
		}
	}
	w.store.signal()
}

// follow moves the watches to the directories that are there now. It tells whether
// one of them is new.
func (w *Watcher) follow() (fresh bool) {
	if w.notifier == nil {
		return false
	}
	fresh, err := w.notifier.Follow(w.store.reader)
	if err != nil && !w.deaf {
		w.store.options.Logger.Warn("a directory cannot be watched; its changes are found by polling", "error", err)
	}
	w.deaf = err != nil
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
		consequence = "every request is refused until it is fixed"
	}
	logger := w.store.options.Logger
	logger.Error("policy directory refused; "+consequence, "dir", w.store.options.Dir, "error", err)
	for _, fault := range diag.Of(err) {
		if fault.File != "" {
			logger.LogAttrs(context.Background(), slog.LevelError, "fault in a policy file", fault.LogAttrs()...)
		}
	}
}
