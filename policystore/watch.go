package policystore

import (
	"context"
	"time"

	"extauthz/policystore/directory"
)

// patience bounds how long writes that never rest can put off a reload, as a
// multiple of the debounce time.
const patience = 5

// Watch reloads whenever the directory changes, until ctx ends. It listens to
// file system events where the system gives them, and compares content every
// Poll in any case: network file systems send no events, and some mounts lose
// them.
func (s *Store) Watch(ctx context.Context) {
	w := watch{store: s}
	var err error
	if w.notifier, err = directory.NewNotifier(); err != nil {
		s.options.Logger.Warn("no file system events; policies are compared by polling only", "error", err, "poll", s.options.Poll.String())
	} else {
		defer w.notifier.Close()
	}
	w.run(ctx)
}

// Trigger makes Watch reload now. It does not wait for that.
func (s *Store) Trigger() {
	select {
	case s.trigger <- struct{}{}:
	default:
	}
}

// watch is one run of [Store.Watch].
type watch struct {
	store    *Store
	notifier *directory.Notifier // nil where the system has no events to give
	deaf     bool                // some directory could not be watched, and that is logged
	reported string              // the error that was logged last; "" since a good reload
}

func (w *watch) run(ctx context.Context) {
	poll := time.NewTicker(w.store.options.Poll)
	defer poll.Stop()
	w.reload((*Store).Reload)
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

// changed is the notifier's signal; without a notifier it never comes.
func (w *watch) changed() <-chan struct{} {
	if w.notifier == nil {
		return nil
	}
	return w.notifier.Changed()
}

// rest waits until no event came for the debounce time, but not for ever.
func (w *watch) rest(ctx context.Context) {
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
// end of Watch have their turn however fast directories are made.
const rounds = 10

// reload loads the directory, and again as long as a directory in it is new, and
// so may have changed unseen since it was read.
func (w *watch) reload(load func(*Store) error) {
	for range rounds {
		w.report(load(w.store))
		if !w.follow() {
			return
		}
	}
	w.store.Trigger()
}

// follow moves the watches to the directories that are there now. It tells whether
// one of them is new.
func (w *watch) follow() (fresh bool) {
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

// report logs an error once, until it changes or goes.
func (w *watch) report(err error) {
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
		consequence = "every request is refused until it is mended"
	}
	w.store.options.Logger.Error("policy directory refused; "+consequence, "dir", w.store.options.Dir, "error", err)
}
