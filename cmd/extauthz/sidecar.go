package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/denialmessage"
	"extauthz/envoy"
	"extauthz/identity/session"
	"extauthz/policystore"
)

// sidecar contains the parts of the running program.
type sidecar struct {
	config *config
	logger *slog.Logger

	tls   *tls.Config // nil means plain text
	store *policystore.Store
	watch *policystore.Watcher // of store, from before its first load
	cache decision.Stats
	keys  *session.Store // of session tokens; nil without --session-keys
	ready *readiness

	messages *denialmessage.Encoder // nil without recipients
	readers  denialmessage.Keys     // nil without --message-key
	shadow   *shadowPolicies        // nil without --shadow-policies
	traces   *traces                // nil unless the environment configures an exporter

	sink      *decisionlog.File
	log       *decisionlog.Log
	listeners listeners
	server    *envoy.Server
	http      []httpService
}

// httpService is an HTTP server and its listener.
type httpService struct {
	*http.Server
	listener net.Listener
	drains   bool // its requests in progress are finished before it stops
}

// logTimeout is the longest time to write the rest of the decision log.
const logTimeout = time.Second

// firstSnapshotPoll is how often a sidecar that has no policies yet checks whether they
// are loaded.
const firstSnapshotPoll = 50 * time.Millisecond

// run serves until a stop signal arrives, then drains and returns nil. If a part fails
// first, it returns that error.
func (s *sidecar) run(stop <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	failed := s.start(ctx)
	s.listeners.announce(s.logger, s.config.tls.ClientCA != "")
	select {
	case err := <-failed:
		ctx, cancel := context.WithTimeout(ctx, s.config.drainTimeout)
		defer cancel()
		s.stop(ctx)
		return err
	case signal := <-stop:
		s.logger.Info("stopping", "signal", signal.String())
	}
	s.drain(stop)
	return nil
}

// start starts every part. If a part fails, its error is sent on the channel.
func (s *sidecar) start(ctx context.Context) <-chan error {
	failed := make(chan error, 1+len(s.http))
	ended := func(part string, err error) {
		if ctx.Err() == nil {
			failed <- fmt.Errorf("%s ended: %w", part, err)
		}
	}
	onHangup(ctx, s.store.Trigger)
	onHangup(ctx, s.shadow.trigger)
	onHangup(ctx, s.reopenLog)
	go tuneCollector(ctx, serveGrowth)
	go debug.FreeOSMemory() // compiling policies takes memory that deciding by them does not need
	go s.watch.Run(ctx)
	if s.keys != nil {
		onHangup(ctx, func() { _ = s.keys.Reload() }) // which logs the error
		go s.keys.Run(ctx)
	}
	go s.shadow.run(ctx)
	go func() { ended("the gRPC server", s.server.Serve(s.listeners.checks)) }()
	for _, h := range s.http {
		go func() { ended("the HTTP server", h.Serve(h.listener)) }()
	}
	go s.serveWhenReady(ctx)
	return failed
}

// serveWhenReady sets gRPC health to SERVING after the first snapshot.
func (s *sidecar) serveWhenReady(ctx context.Context) {
	tick := time.NewTicker(firstSnapshotPoll)
	defer tick.Stop()
	for s.store.Snapshot() == nil {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	s.server.SetServing(true)
}

// reopenLog opens the decision log's file again. It logs when decisions go to the new
// file, because from then on the renamed file is complete.
func (s *sidecar) reopenLog() {
	if s.config.decisionsFile == decisionlog.StandardOutput {
		return
	}
	if err := s.sink.Reopen(); err != nil {
		s.logger.Error("the decision log was not opened again; the old file remains in use", "error", err)
		return
	}
	s.logger.Info("the decision log was opened again", "file", s.config.decisionsFile)
}

// drain serves for the drain delay while /readyz fails. Then it waits for the calls in
// progress. A second stop signal ends both.
func (s *sidecar) drain(stop <-chan os.Signal) {
	draining, hurry := context.WithCancelCause(context.Background())
	defer hurry(nil)
	go func() {
		select {
		case signal := <-stop:
			hurry(fmt.Errorf("second signal: %v", signal))
		case <-draining.Done():
		}
	}()
	s.ready.stopping.Store(true)
	select {
	case <-time.After(s.config.drainDelay):
	case <-draining.Done():
	}
	ctx, cancel := context.WithTimeout(draining, s.config.drainTimeout)
	defer cancel()
	s.stop(ctx)
}

// stop stops every part. It waits for calls in progress until ctx ends, and writes the
// rest of the decision log.
func (s *sidecar) stop(ctx context.Context) {
	if err := s.server.Drain(ctx); err != nil {
		s.logger.Warn("calls in progress were interrupted", "error", err)
	}
	for _, h := range s.http {
		if h.drains {
			_ = h.Shutdown(ctx) // Close ends what remains
		}
	}
	logging, cancel := context.WithTimeout(context.Background(), logTimeout)
	defer cancel()
	if err := s.log.Close(logging); err != nil {
		s.logger.Error("the decision log is incomplete", "error", err)
	} else if err := s.sink.Close(); err != nil {
		s.logger.Error("the decision log was not closed", "error", err)
	}
	s.traces.close(s.logger)
	for _, h := range s.http {
		if err := h.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			s.logger.Warn("an HTTP listener was not closed", "error", err)
		}
	}
	s.logger.Info("stopped", "decisionsLost", s.log.Lost())
}

// stopSignals returns a channel that receives SIGTERM and SIGINT, which no longer end the
// process by themselves. A write to a standard output without a reader no longer ends it
// either. It fails instead.
func stopSignals() <-chan os.Signal {
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	signal.Ignore(syscall.SIGPIPE)
	return stop
}

// onHangup calls do after each SIGHUP until ctx ends. A slow call delays no other part.
func onHangup(ctx context.Context, do func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-hangup:
				do()
			case <-ctx.Done():
				return
			}
		}
	}()
}

// readiness reports whether the process accepts requests: from the first snapshot until a
// stop signal.
type readiness struct {
	snapshot func() *policystore.Snapshot
	stopping atomic.Bool
}

// err returns why the process is not ready, nil if it is.
func (r *readiness) err() error {
	switch {
	case r.stopping.Load():
		return errors.New("stopping")
	case r.snapshot() == nil:
		return errors.New("no policies are loaded yet")
	}
	return nil
}
