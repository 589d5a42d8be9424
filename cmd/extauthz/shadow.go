package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/identity/session"
	"extauthz/metrics"
	"extauthz/policystore"
	"extauthz/shadow"
)

// shadowPolicies decide requests a second time. nil decides nothing.
type shadowPolicies struct {
	dir    string
	logger *slog.Logger
	store  *policystore.Store
	watch  *policystore.Watcher
	*shadow.Shadow
}

// shadowMemory is the part of the memory for loading policies that loading shadow policies may
// use, as a divisor.
const shadowMemory = 4

// newShadow returns the shadow policies of the configuration, nil if it has none. They are loaded
// by run. memory is what loading the policies in force may use.
func newShadow(c *config, memory uint64, keys *session.Store, logger *slog.Logger) *shadowPolicies {
	if c.shadow == "" {
		return nil
	}
	logger = logger.With("policies", "shadow")
	s := &shadowPolicies{dir: c.shadow, logger: logger, store: policystore.New(policystore.Options{
		LoadMemory: max(memory/shadowMemory, 1),
		Dir:        c.shadow,
		Decision:   decision.Options{CacheSize: c.cacheSize},
		Poll:       c.pollInterval,
		Sessions:   keys,
		Logger:     logger,
	})}
	s.watch = s.store.NewWatcher()
	checker := authz.Checker{Snapshots: s.store.Snapshot, OmitReasons: true, DecideOnly: true}
	s.Shadow = shadow.New(shadow.Options{
		Decide: checker.Check, Loaded: func() bool { return s.store.Snapshot() != nil }, Logger: logger,
	})
	return s
}

// decide returns a function that decides a request, and submits it to the shadow policies.
func (s *shadowPolicies) decide(check func(context.Context, *authz.CheckRequest) *authz.Result) func(context.Context, *authz.CheckRequest) *authz.Result {
	if s == nil {
		return check
	}
	return func(ctx context.Context, r *authz.CheckRequest) *authz.Result {
		result := check(ctx, r)
		s.Submit(r, result)
		return result
	}
}

// metrics returns what a scrape reads.
func (s *shadowPolicies) metrics() *metrics.ShadowSource {
	if s == nil {
		return nil
	}
	return &metrics.ShadowSource{Store: s.store, Decisions: s.Decisions, Dropped: s.Dropped}
}

// run loads the shadow policies, and again after each change until ctx ends. A fault in them is
// logged and has no other effect, and neither has a panic.
func (s *shadowPolicies) run(ctx context.Context) {
	if s == nil {
		return
	}
	defer func() {
		if fault := recover(); fault != nil {
			s.logger.Error("panic while loading the shadow policies; they are not loaded again", "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
	}()
	if err := s.store.Reload(); err != nil {
		s.logger.Error("the shadow policies cannot be loaded; requests are not decided again until they can", "error", inDirectory(s.dir, err).Error())
	}
	s.watch.Run(ctx)
}

// trigger loads the shadow policies again, even without a change that was noticed.
func (s *shadowPolicies) trigger() {
	if s != nil {
		s.store.Trigger()
	}
}

// close ends the workers and closes the watcher.
func (s *shadowPolicies) close() {
	if s != nil {
		s.watch.Close()
		s.Close()
	}
}
