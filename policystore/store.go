package policystore

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"extauthz/decision"
	"extauthz/identity/oidc"
	"extauthz/policystore/directory"
)

// Options are the settings of a [Store].
type Options struct {
	Dir        string           // the policy directory
	Decision   decision.Options // for the engine of each snapshot
	Poll       time.Duration    // how often content is compared without an event; at least a second
	LoadMemory uint64           // bytes of heap memory that a load may use; 0 is no bound
	Debounce   time.Duration    // how long files must rest after an event; 0 is 100 ms
	Logger     *slog.Logger     // logs every change, and the errors that a Watcher meets; nil discards
}

// A Store holds the last good snapshot of a policy directory. Readers never
// wait for a reload.
type Store struct {
	options  Options
	kept     *persistent
	snapshot atomic.Pointer[Snapshot]
	trigger  chan struct{} // holds one signal at most
	again    atomic.Bool   // content that took too much memory is tried once more

	reader    *directory.Reader
	reads     atomic.Uint64 // how often the directory was read, counted as each read begins
	reloading sync.Mutex    // one reload at a time; guards attempt
	attempt   attempt

	mu     sync.Mutex // guards status
	status Status
}

// attempt is the last content that was tried, and what came of it.
type attempt struct {
	digest   string
	err      error
	tooLarge bool // err is that of a load that used more memory than it may
}

// Status tells how reloading goes.
type Status struct {
	Generation uint64    // of the snapshot in force; 0 before the first
	Digest     string    // of the snapshot in force
	LastReload time.Time // when content was last tried
	LastError  error     // of the last try; nil where it was good
	Failures   uint64    // tries that failed
}

// New returns a store without a snapshot; [Store.Reload] loads the first.
func New(o Options) *Store {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Debounce <= 0 {
		o.Debounce = 100 * time.Millisecond
	}
	o.Poll = max(o.Poll, time.Second)
	l := newPersistent(oidc.NewKeyCache(oidc.KeyCacheOptions{Logger: o.Logger}))
	l.loadMemory = o.LoadMemory
	return &Store{options: o, kept: l, trigger: make(chan struct{}, 1), reader: directory.NewReader(o.Dir, layout(o.LoadMemory))}
}

// Snapshot returns the snapshot in force, nil before the first good one.
func (s *Store) Snapshot() *Snapshot { return s.snapshot.Load() }

// Status returns how reloading goes.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// KeySets tells how it stands with the keys that are fetched from URLs, ordered
// by URL.
func (s *Store) KeySets() []oidc.KeySetStatus { return s.kept.keys.Status() }

// Reload reads the directory and puts it in force if it is good and not the
// content in force already. On an error the snapshot in force stays. Content
// that failed before is not tried or counted again, unless it took too much memory
// and Trigger was called since: what requests used meanwhile may have counted.
func (s *Store) Reload() error { return s.reload((*directory.Reader).Read) }

// reloadChanged is Reload but for files and directories that the file system says
// are the same as when they were last read: those are not read again.
func (s *Store) reloadChanged() error { return s.reload((*directory.Reader).ReadChanged) }

func (s *Store) reload(read func(*directory.Reader) (*directory.Tree, error)) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	s.reads.Add(1)
	t, err := read(s.reader)
	if err != nil {
		return s.failed(attempt{err: err})
	}
	again := s.again.Swap(false) && s.attempt.tooLarge
	if t.Digest == s.attempt.digest && !again {
		return s.attempt.err
	}
	snapshot, err := compile(t, s.options.Decision, s.kept)
	if err != nil {
		var tooLarge memoryError
		return s.failed(attempt{t.Digest, err, errors.As(err, &tooLarge)})
	}
	s.succeeded(snapshot)
	return nil
}

func (s *Store) failed(a attempt) error {
	s.attempt = a
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.LastReload = time.Now()
	s.status.LastError = a.err
	s.status.Failures++
	return a.err
}

// maxFindings bounds the warnings about one snapshot.
const maxFindings = 20

func (s *Store) succeeded(next *Snapshot) {
	s.attempt = attempt{digest: next.Digest}
	next.LoadedAt = time.Now()
	s.mu.Lock()
	s.status.LastReload, s.status.LastError = next.LoadedAt, nil
	if s.status.Digest != next.Digest {
		s.status.Generation++
		s.status.Digest = next.Digest
		next.Generation = s.status.Generation
		s.snapshot.Store(next)
	}
	s.mu.Unlock()
	s.kept.keys.Keep(next.principals.keySets)
	s.options.Logger.Info("policy directory in force",
		"dir", s.options.Dir, "digest", next.Digest, "generation", s.Status().Generation, "summary", next.Summary)
	for _, finding := range next.Findings[:min(len(next.Findings), maxFindings)] {
		s.options.Logger.Warn("suspicious policy", "finding", next.names.Locate(finding).Error())
	}
}
