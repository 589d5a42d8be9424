package policystore

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/session"
	"extauthz/policystore/directory"
	"extauthz/upstream"
)

// Options are the settings of a [Store].
type Options struct {
	Dir        string           // the policy directory
	Source     Source           // of the trees to compile; nil reads Dir
	Decision   decision.Options // for the engine of each snapshot
	Poll       time.Duration    // how often content is compared without an event; at least a second
	LoadMemory uint64           // bytes of heap memory that a load may use; 0 means any amount
	Processors int              // that compile policies before the first snapshot; 0 means one
	Debounce   time.Duration    // how long files must be unchanged after an event; 0 means 100 ms
	Sessions   *session.Store   // the keys of session tokens; nil has none
	Logger     *slog.Logger     // logs every change, and the errors that a Watcher finds; nil discards

	// Inspect returns the probable mistakes in one policy. It is called when the policy is
	// compiled, and not again while its text is unchanged. Several goroutines may call it at the
	// same time. nil finds none.
	Inspect func(*iam.Document, *iam.Policy) diag.List
	// Review returns the probable mistakes in a snapshot, which are logged when it is put in
	// force. [Contents] contains those of Inspect. nil finds none.
	Review func(*Snapshot) diag.List
}

// A Source returns the current content of a policy directory. [directory.Reader] is the
// source for a directory on disk. Another source, such as one for policies in an OCI
// artifact, builds trees with [directory.NewTree] from texts by slash-separated path. It
// must never mix two generations of files in a tree, must limit their size, and must
// leave out files that are not part of a policy directory. If file names differ from the
// paths in the tree, it sets the tree's Names. Its errors consist of diagnostics, as far as
// they are about files. A [Watcher] polls a source that is not a directory.Reader; call
// [Store.Trigger] after a change that need not wait for that.
type Source interface {
	// Read returns the content without relying on earlier reads.
	Read() (*directory.Tree, error)
	// ReadChanged returns the content after an event. It may reuse what is unchanged
	// according to metadata.
	ReadChanged() (*directory.Tree, error)
}

// A Store holds the last good snapshot of a policy directory. Readers never wait for a
// reload.
type Store struct {
	options  Options
	kept     *persistent
	snapshot atomic.Pointer[Snapshot]
	trigger  chan struct{} // buffers one signal
	again    atomic.Bool   // content that used too much memory is loaded once more

	reads     atomic.Uint64 // how often the source was read, counted when each read begins
	reloading sync.Mutex    // one reload at a time; guards attempt
	attempt   attempt

	mu     sync.Mutex // guards status
	status Status
}

// An attempt is the last content that was loaded, and the result.
type attempt struct {
	digest string
	err    error
	class  FailureClass // of err
}

// Status is the state of reloading.
type Status struct {
	Generation uint64    // of the snapshot in force; 0 before the first
	Digest     string    // of the snapshot in force
	LastReload time.Time // when content was last loaded
	LastError  error     // of that load; nil if it succeeded
	Failures   uint64    // loads that failed

	LastSuccess time.Time // when the content was last read and is in force, changed or not
	LastFailure time.Time // when it was last read and is not

	FailureClass FailureClass // of the last load that failed; "" before the first
}

// New returns a store without a snapshot. [Store.Reload] loads the first.
func New(o Options) *Store {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Debounce <= 0 {
		o.Debounce = 100 * time.Millisecond
	}
	if o.Source == nil {
		o.Source = directory.NewReader(o.Dir, layout(o.LoadMemory))
	}
	o.Poll = max(o.Poll, time.Second)
	kept := newPersistent(oidc.NewKeyCache(oidc.KeyCacheOptions{Logger: o.Logger}))
	kept.realms = upstream.NewRealms()
	kept.loadMemory, kept.processors = o.LoadMemory, o.Processors
	kept.inspect, kept.sessions = o.Inspect, o.Sessions.Keys
	return &Store{options: o, kept: kept, trigger: make(chan struct{}, 1)}
}

// Snapshot returns the snapshot in force, nil before the first good one.
func (s *Store) Snapshot() *Snapshot { return s.snapshot.Load() }

// Status returns the state of reloading.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// KeySets returns the state of the key sets that are fetched from URLs, ordered by URL.
func (s *Store) KeySets() []oidc.KeySetStatus { return s.kept.keys.Status() }

// Passwords returns the state of the queue of passwords to check.
func (s *Store) Passwords() basic.Status { return s.kept.passwords.Status() }

// Realms returns the state of the realms that issue tokens for registries, ordered by URL.
func (s *Store) Realms() []upstream.RealmStatus { return s.kept.realms.Status() }

// Reload reads the content and puts it in force, unless it has a fault or is already in
// force. The error consists of all faults that do not follow from others, at most
// [diag.MaxFaults] (see [diag.Of]). With an error the snapshot in force stays. Content
// that failed before is not loaded or counted again, unless it used too much memory and
// Trigger was called since: memory that requests used in the meantime may have counted.
func (s *Store) Reload() error { return s.reload(s.options.Source.Read) }

// reloadChanged is Reload without reading again what is unchanged according to the source.
func (s *Store) reloadChanged() error { return s.reload(s.options.Source.ReadChanged) }

func (s *Store) reload(read func() (*directory.Tree, error)) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	s.reads.Add(1)
	t, err := read()
	if err != nil {
		return s.failed(attempt{err: err, class: Unreadable})
	}
	again := s.again.Swap(false) && s.attempt.class == OutOfMemory
	if t.Digest == s.attempt.digest && !again {
		s.unchanged()
		return s.attempt.err
	}
	snapshot, err := compile(t, s.options.Decision, s.kept)
	if err != nil {
		return s.failed(attempt{t.Digest, err, classOf(err)})
	}
	s.succeeded(snapshot)
	return nil
}

// unchanged records that the content is the one that was loaded last.
func (s *Store) unchanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.attempt.err == nil {
		s.status.LastSuccess = now
	} else {
		s.status.LastFailure = now
	}
}

func (s *Store) failed(a attempt) error {
	s.attempt = a
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.status.LastReload, s.status.LastFailure = now, now
	s.status.LastError, s.status.FailureClass = a.err, a.class
	s.status.Failures++
	return a.err
}

// maxFindings limits the warnings about one snapshot.
const maxFindings = 20

func (s *Store) succeeded(compiled *Snapshot) {
	s.attempt = attempt{digest: compiled.Digest}
	s.publish(compiled)
	s.kept.keys.Keep(compiled.callers.keySets)
	s.kept.realms.Keep(compiled.upstreams.credentials())
	s.options.Logger.Info("policy directory in force",
		"dir", s.options.Dir, "digest", compiled.Digest, "generation", s.Status().Generation, "summary", compiled.Summary)
	if len(compiled.BreakGlass) > 0 {
		s.options.Logger.Warn("break-glass policies are in force; remove their files from managed/ when the emergency is over", "policies", compiled.BreakGlass)
	}
	s.logFindings(compiled)
}

func (s *Store) logFindings(compiled *Snapshot) {
	if s.options.Review == nil {
		return
	}
	findings := s.options.Review(compiled)
	for _, finding := range findings[:min(len(findings), maxFindings)] {
		s.options.Logger.LogAttrs(context.Background(), slog.LevelWarn, "suspicious policy", finding.LogAttrs()...)
	}
}

// publish puts a snapshot in force, unless one of the same content is.
func (s *Store) publish(compiled *Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.status.LastReload, s.status.LastSuccess, s.status.LastError = now, now, nil
	if s.status.Digest == compiled.Digest {
		return
	}
	s.status.Generation++
	s.status.Digest = compiled.Digest
	next := *compiled
	next.Generation, next.LoadedAt = s.status.Generation, now
	s.snapshot.Store(&next)
}
