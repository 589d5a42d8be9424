package policystore

import (
	"log/slog"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestWatchWithoutInotify checks that changes are found by polling, and that this is logged,
// if no inotify instances are left.
func TestWatchWithoutInotify(t *testing.T) {
	if !directorytest.HasLimit(t, "max_inotify_instances", "0") {
		return
	}
	dir := t.TempDir()
	directorytest.Write(t, dir, small())
	var log lines
	s := New(Options{Dir: dir, Decision: options(), Poll: time.Second, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	end := watching(s)
	eventually(t, "first snapshot", func() bool { return s.Snapshot() != nil })
	if log.count("file system events are unavailable; changes are found by polling only") != 1 {
		t.Errorf("the log does not say that there are no events: %s", log.text.String())
	}
	write(t, dir, "managed/pull.json", pullOnly+"\n")
	eventually(t, "the change, by polling", func() bool { return s.Snapshot().Generation == 2 })
	end()
}
