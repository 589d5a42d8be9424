package policystore

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestWatchADirectoryMadeAgain writes a file in a directory that was removed and
// made again, after it was read and before it is watched: the file system gives it
// the inode of the one before.
func TestWatchADirectoryMadeAgain(t *testing.T) {
	s, dir := newStore(t, small())
	notifier, err := newNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer notifier.close()
	w := watch{store: s, dir: dir, notifier: notifier}
	w.reload((*Store).Reload)

	managed := filepath.Join(dir, "managed")
	if err := os.RemoveAll(managed); err != nil {
		t.Fatal(err)
	}
	files(t, dir, small())
	for slices.Contains(notifier.watcher.WatchList(), managed) {
		time.Sleep(time.Millisecond)
	}
	writes := 0
	w.reload(func(s *Store) error {
		err := s.Reload()
		if writes++; writes == 1 {
			files(t, dir, map[string]string{"managed/late.json": pullOnly})
		}
		return err
	})
	want, err := Load(dir, options())
	if err != nil || s.Snapshot() == nil || s.Snapshot().Digest != want.Digest {
		t.Errorf("loaded %d times, and what is in force is not what is there (%v)", writes, err)
	}
}
