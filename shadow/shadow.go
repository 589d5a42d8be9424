package shadow

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"extauthz/authz"
)

// Timeout is the limit on the time of a decision, most of which is for a password or for the
// keys of an issuer.
const Timeout = 5 * time.Second

const (
	workers   = 4
	queueSize = 4096
	// maxWaiting is the limit on the text of the requests in the queue and in the workers, in
	// bytes. Those of usual size reach queueSize first.
	maxWaiting = 16 << 20
	outcomes   = int(authz.Allowed) + 1
	// maxLogged is the limit on the differences that are logged in a second.
	maxLogged = 100
)

// Options are the settings of a Shadow.
type Options struct {
	// Decide decides a request by the other policies. It must not return nil.
	Decide func(context.Context, *authz.CheckRequest) *authz.Result
	// Loaded reports whether the other policies are loaded. Until then nothing is decided.
	Loaded func() bool
	// Logger logs the differences, at most 100 in a second.
	Logger *slog.Logger
}

// A Shadow decides requests a second time. It is safe for concurrent use.
type Shadow struct {
	options Options
	queue   chan job
	waiting atomic.Int64    // bytes
	ctx     context.Context // of all decisions; ended by Close
	end     context.CancelFunc
	workers sync.WaitGroup

	decisions [outcomes][outcomes]atomic.Uint64 // by the decision in force, and the other
	dropped   atomic.Uint64
	log       limiter
}

// A job is a request with the decision in force.
type job struct {
	request *authz.CheckRequest
	size    int64 // in bytes
	answer  answer
}

// answer is what is compared and logged of a result.
type answer struct {
	id, principal, registry, repository, action, reason, digest string
	decision                                                    authz.Outcome
}

// New returns a Shadow whose workers run until Close.
func New(o Options) *Shadow {
	s := &Shadow{options: o, queue: make(chan job, queueSize)}
	s.ctx, s.end = context.WithCancel(context.Background())
	for range workers {
		s.workers.Go(s.work)
	}
	return s
}

// Submit queues a request with its result for a second decision. It retains neither.
func (s *Shadow) Submit(r *authz.CheckRequest, result *authz.Result) {
	defer func() {
		if recover() != nil {
			s.dropped.Add(1)
		}
	}()
	if !s.options.Loaded() || !isComparable(r, result) {
		return
	}
	size := sizeOf(r)
	if s.waiting.Add(size) > maxWaiting {
		s.waiting.Add(-size)
		s.dropped.Add(1)
		return
	}
	select {
	case s.queue <- job{r.Clone(), size, newAnswer(result)}:
	default:
		s.waiting.Add(-size)
		s.dropped.Add(1)
	}
}

// sizeOf returns the size of the text that the client of a request chooses, in bytes.
func sizeOf(r *authz.CheckRequest) int64 {
	n := len(r.Method) + len(r.Path) + len(r.Host) + len(r.SNI) + len(r.Principal) + len(r.Certificate)
	for i := range r.Headers {
		n += len(r.Headers[i].Name) + len(r.Headers[i].Value)
	}
	return int64(n)
}

// isComparable reports whether a second decision says anything: not on a check that could not
// be read or decided, nor on a credential that was not valid.
func isComparable(r *authz.CheckRequest, result *authz.Result) bool {
	failed := result.Decision == authz.Unauthenticated && result.Principal == "" && result.Source != ""
	return r.Unreadable == "" && result.Decision != authz.Unavailable503 && !failed
}

func newAnswer(r *authz.Result) answer {
	return answer{
		id: r.ID, principal: r.Principal, registry: r.Registry, repository: r.Repository, action: r.Action(), reason: r.Reason, digest: r.Digest,
		decision: r.Decision,
	}
}

func (s *Shadow) work() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case j := <-s.queue:
			s.decide(j)
			s.waiting.Add(-j.size)
		}
	}
}

// decide decides a request and compares the decisions.
func (s *Shadow) decide(j job) {
	second := s.second(j.request)
	s.decisions[j.answer.decision][second.decision].Add(1)
	if second.decision != j.answer.decision {
		s.logDifference(&j.answer, &second)
	}
}

// second returns the second decision.
func (s *Shadow) second(r *authz.CheckRequest) (a answer) {
	defer func() {
		if fault := recover(); fault != nil {
			a = answer{decision: authz.Unavailable503, reason: fmt.Sprintf("panic while deciding the request: %v", fault)}
		}
	}()
	ctx, cancel := context.WithTimeout(s.ctx, Timeout)
	defer cancel()
	return newAnswer(s.options.Decide(ctx, r))
}

func (s *Shadow) logDifference(first, second *answer) {
	unlogged, allowed := s.log.allow(time.Now())
	if !allowed {
		return
	}
	message := "the shadow policies decide otherwise"
	if second.decision == authz.Unavailable503 {
		message = "the shadow policies did not decide"
	}
	attributes := []slog.Attr{
		slog.String("decisionId", first.id), slog.String("registry", first.registry), slog.String("principal", first.principal), slog.String("repository", first.repository),
		slog.String("decision", first.decision.String()), slog.String("action", first.action), slog.String("reason", first.reason),
		slog.String("shadowDecision", second.decision.String()), slog.String("shadowAction", second.action), slog.String("shadowReason", second.reason),
		slog.String("digest", first.digest), slog.String("shadowDigest", second.digest),
	}
	if second.principal != first.principal {
		attributes = append(attributes, slog.String("shadowPrincipal", second.principal))
	}
	if unlogged > 0 {
		attributes = append(attributes, slog.Uint64("notLogged", unlogged))
	}
	s.options.Logger.LogAttrs(context.Background(), slog.LevelWarn, message, attributes...)
}

// Decisions returns how many requests got one decision by the policies in force and another or
// the same by the shadow policies.
func (s *Shadow) Decisions(inForce, shadow authz.Outcome) uint64 {
	return s.decisions[inForce][shadow].Load()
}

// Dropped returns the number of requests that were not decided because the queue was full.
func (s *Shadow) Dropped() uint64 { return s.dropped.Load() }

// Close ends the workers and discards the queue. It waits for the decisions in progress, which
// end early, for at most a second.
func (s *Shadow) Close() {
	s.end()
	ended := make(chan struct{})
	go func() {
		s.workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Second):
	}
}

// A limiter limits events to maxLogged in a second.
type limiter struct {
	mu        sync.Mutex
	second    int64
	events    int
	exceeding uint64 // since the last event that was allowed
}

// allow reports whether an event is within the limit. If it is, allow returns how many were not
// since the last one.
func (l *limiter) allow(now time.Time) (before uint64, allowed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := now.Unix(); s != l.second {
		l.second, l.events = s, 0
	}
	if l.events >= maxLogged {
		l.exceeding++
		return 0, false
	}
	l.events++
	before, l.exceeding = l.exceeding, 0
	return before, true
}
