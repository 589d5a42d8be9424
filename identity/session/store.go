package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"extauthz/diag"
)

// Limits of a folder of keys.
const (
	maxKeys    = 64
	maxKeyFile = 16 << 10 // bytes
)

// pollInterval is how often the folder is read. It has a few small files, so that this
// costs little and needs no file system events.
const pollInterval = time.Second

// A Store has the keys of a folder, and reads them again when they change.
type Store struct {
	dir    string
	logger *slog.Logger
	keys   atomic.Pointer[Keys]

	mu       sync.Mutex // guards reported, and one reload at a time
	reported string     // the error that was logged last; "" since a success
}

// Open reads the keys in a folder. The folder may be empty: then no token is signed or
// accepted until it has a key. The error consists of all faults.
func Open(dir string, logger *slog.Logger) (*Store, error) {
	s := &Store{dir: dir, logger: logger}
	keys, err := load(dir)
	if err != nil {
		return nil, err
	}
	s.keys.Store(keys)
	if keys.Len() == 0 {
		s.warnEmpty()
	}
	return s, nil
}

// Keys returns the current keys. A nil Store has none.
func (s *Store) Keys() *Keys {
	if s == nil {
		return nil
	}
	return s.keys.Load()
}

// Run reads the folder again until ctx ends.
func (s *Store) Run(ctx context.Context) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = s.Reload() // which logs the error
		}
	}
}

// Reload reads the folder now. If it has a fault, the last good keys stay in use, and the
// fault is logged once.
func (s *Store) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := load(s.dir)
	if err != nil {
		if s.reported != err.Error() {
			s.reported = err.Error()
			s.logger.Error("session keys refused; the last good ones stay in use", "dir", s.dir, "error", err)
		}
		return err
	}
	s.reported = ""
	if before := s.keys.Load(); string(before.jwks) == string(next.jwks) && before.sameTimes(next) {
		return nil
	}
	s.keys.Store(next)
	if next.Len() == 0 {
		s.warnEmpty()
	} else {
		s.logger.Info("session keys in use", "dir", s.dir, "keys", next.Len(), "signer", next.Signer(time.Now()))
	}
	return nil
}

func (s *Store) warnEmpty() {
	s.logger.Warn("the folder has no session key, so that no caller can sign in; create one with extauthz session-key", "dir", s.dir)
}

// sameTimes reports whether the keys, which are the same, sign from the same times.
func (k *Keys) sameTimes(other *Keys) bool {
	for i := range k.ordered {
		if !k.ordered[i].signsFrom.Equal(other.ordered[i].signsFrom) {
			return false
		}
	}
	return true
}

// load reads the keys in a folder. It skips names that begin with a dot, as Kubernetes
// uses them in volumes.
func load(dir string) (*Keys, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, diag.Problemf("the folder of session keys cannot be read: %v", err).WithRemedy("create it, and give the process access")
	}
	files := map[string][]byte{}
	var faults diag.Faults
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		if len(files) == maxKeys {
			return nil, diag.Problemf("the folder has more than %d session keys", maxKeys).WithRemedy("remove those whose sessions have ended")
		}
		files[name], err = readKey(dir, name)
		faults.Add(err)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return ParseKeys(files)
}

// readKey reads a key file that others may not read and only its owner may change. Its
// group may read it, because a volume of Kubernetes has a group and not an owner.
func readKey(dir, name string) ([]byte, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe does not block
	if err != nil {
		return nil, fault(name, "the file cannot be opened", "give the process access, or remove it")
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		return nil, fault(name, "this is not a regular file", "keep only key files in the folder")
	case info.Mode().Perm()&0o027 != 0:
		return nil, fault(name, fmt.Sprintf("the mode %#o lets others read the key, or its group change it", info.Mode().Perm()), "use chmod 0600, or defaultMode: 0440 of a Kubernetes volume")
	case info.Size() > maxKeyFile:
		return nil, fault(name, "the file is too large for a key", "keep only key files in the folder")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fault(name, "the file cannot be read", "give the process access, or remove it")
	}
	return text, nil
}
