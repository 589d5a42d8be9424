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
	"sync/atomic"
	"syscall"
	"time"

	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/envoy"
	"extauthz/policystore"
)

// sidecar is the running program's parts.
type sidecar struct {
	config *config
	logger *slog.Logger

	tls   *tls.Config // nil: plain text
	store *policystore.Store
	watch *policystore.Watcher // of store, from before its first load
	cache decision.Stats
	ready *readiness

	sink      *logFile
	log       *decisionlog.Log
	listeners listeners
	server    *envoy.Server
	http      []httpService
}

// httpService is an HTTP server and where it listens.
type httpService struct {
	*http.Server
	listener net.Listener
}

// logTimeout bounds how long writing the rest of the decision log may take.
const logTimeout = time.Second

// firstSnapshotPoll is how often a sidecar that waits for its first policies
// looks whether they have come.
const firstSnapshotPoll = 50 * time.Millisecond

// run serves until a stop signal comes, then drains and returns nil. If a part
// fails before, its error is returned.
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

// start starts every part; one that ends by itself says so on the channel.
func (s *sidecar) start(ctx context.Context) <-chan error {
	failed := make(chan error, 1+len(s.http))
	ended := func(part string, err error) {
		if ctx.Err() == nil {
			failed <- fmt.Errorf("%s ended: %w", part, err)
		}
	}
	onHangup(ctx, s.store.Trigger)
	onHangup(ctx, s.reopenLog)
	go s.watch.Run(ctx)
	go func() { ended("the gRPC server", s.server.Serve(s.listeners.checks)) }()
	for _, h := range s.http {
		go func() { ended("the HTTP server", h.Serve(h.listener)) }()
	}
	go s.serveWhenReady(ctx)
	return failed
}

// serveWhenReady turns gRPC health to SERVING upon the first good snapshot.
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

// reopenLog opens the decision log's file again, and says when decisions go into
// the new one: from then on the renamed file is whole.
func (s *sidecar) reopenLog() {
	if s.config.decisionsFile == standardOutput {
		return
	}
	if err := s.sink.reopen(); err != nil {
		s.logger.Error("decision log not opened again; the old file stays", "error", err)
		return
	}
	s.logger.Info("decision log opened again", "file", s.config.decisionsFile)
}

// drain goes on serving, not ready any more, for the drain delay; then it lets
// calls under way end. A second stop signal cuts both short.
func (s *sidecar) drain(stop <-chan os.Signal) {
	patient, hurry := context.WithCancelCause(context.Background())
	defer hurry(nil)
	go func() {
		select {
		case signal := <-stop:
			hurry(fmt.Errorf("second signal: %v", signal))
		case <-patient.Done():
		}
	}()
	s.ready.stopping.Store(true)
	select {
	case <-time.After(s.config.drainDelay):
	case <-patient.Done():
	}
	ctx, cancel := context.WithTimeout(patient, s.config.drainTimeout)
	defer cancel()
	s.stop(ctx)
}

// stop ends every part: calls under way may end while ctx lasts, and what was
// decided is logged.
func (s *sidecar) stop(ctx context.Context) {
	if err := s.server.Drain(ctx); err != nil {
		s.logger.Warn("calls under way were cut off", "error", err)
	}
	logging, cancel := context.WithTimeout(context.Background(), logTimeout)
	defer cancel()
	if err := s.log.Close(logging); err != nil {
		s.logger.Error("decision log not written to its end", "error", err)
	} else if err := s.sink.close(); err != nil {
		s.logger.Error("decision log not closed", "error", err)
	}
	for _, h := range s.http {
		if err := h.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			s.logger.Warn("HTTP listener not closed", "error", err)
		}
	}
	s.logger.Info("stopped", "decisionsLost", s.log.Lost())
}

// stopSignals returns a channel that gets SIGTERM and SIGINT. From now on they
// no longer end the process by themselves, and neither does a write to a
// standard output that nobody reads any more: it fails instead.
func stopSignals() <-chan os.Signal {
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	signal.Ignore(syscall.SIGPIPE)
	return stop
}

// onHangup calls do after each SIGHUP until ctx ends. One that takes long holds
// up only itself.
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

// readiness tells whether requests should be sent here: from the first good
// snapshot until the process is told to stop.
type readiness struct {
	snapshot func() *policystore.Snapshot
	stopping atomic.Bool
}

// err is nil if the process is ready, else why it is not.
func (r *readiness) err() error {
	switch {
	case r.stopping.Load():
		return errors.New("stopping")
	case r.snapshot() == nil:
		return errors.New("no policies are loaded yet")
	}
	return nil
}
