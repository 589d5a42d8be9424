package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/denialmessage"
	"extauthz/diag"
	"extauthz/envoy"
	"extauthz/identity/session"
	"extauthz/lint"
	"extauthz/metrics"
	"extauthz/policystore"
	"extauthz/signin"
)

func serveUsage() command {
	return command{
		name: "serve", summary: "authorize Envoy's requests with the policies in a directory",
		usage:       []string{"--policies DIR"},
		example:     "--policies policies --decision-log-file decisions.log",
		environment: true,
		flags:       new(config).declare, run: serve,
	}
}

// serve authorizes Envoy's requests until a stop signal. It checks all flags before it
// loads files, and loads all files before it opens the log and the listeners.
func serve(in *invocation) error {
	c, err := readConfig(in)
	if err != nil {
		return err
	}
	stop := stopSignals()
	logger := slog.New(slog.NewJSONHandler(in.stderr, &slog.HandlerOptions{Level: c.logLevel}))
	traces, err := newTraces(newTraceEnvironment(in.env), logger)
	if err != nil {
		return err
	}
	s, err := load(c, logger)
	if err != nil {
		return inputError{err}
	}
	s.traces = traces
	defer s.watch.Close()
	defer s.shadow.close()
	if err := s.open(in); err != nil {
		return err
	}
	return s.run(stop)
}

// readConfig parses the flags and the environment, and checks them.
func readConfig(in *invocation) (*config, error) {
	c, flags := new(config), newFlags()
	c.declare(flags)
	set, err := parse(flags, in)
	if err != nil {
		return nil, err
	}
	return c, c.check(context.Background(), set)
}

// load loads the certificates and policies.
func load(c *config, logger *slog.Logger) (*sidecar, error) {
	s := &sidecar{config: c, logger: logger}
	if c.recipients != "" {
		recipients, err := readRecipients(c.recipients)
		if err != nil {
			return nil, diag.Wrap(diag.Position{}, "--message-recipients: ", err)
		}
		s.messages = denialmessage.NewEncoder(recipients)
	}
	if c.messageKey != "" {
		keys, err := readMessageKeys(c.messageKey)
		if err != nil {
			return nil, diag.Wrap(diag.Position{}, "--message-key: ", err)
		}
		s.readers = keys
	}
	if c.tls.Cert != "" {
		config, err := c.tls.Config(func(err error) {
			logger.Error("the changed certificate was rejected; the last valid one remains in use", "error", err)
		})
		if err != nil {
			return nil, diag.Problemf("--tls-cert, --tls-key, --tls-client-ca: %v", err).WithRemedy("give PEM files that can be read")
		}
		s.tls = config
	}
	if c.sessionKeys != "" {
		keys, err := session.Open(c.sessionKeys, logger)
		if err != nil {
			return nil, inDirectory(c.sessionKeys, err)
		}
		s.keys = keys
	}
	memory := limitMemory(cgroupFiles)
	s.store = policystore.New(policystore.Options{
		LoadMemory: uint64(cmp.Or(c.loadMemory, memory)),
		Processors: runtime.GOMAXPROCS(0),
		Dir:        c.policies,
		Decision:   decision.Options{CacheSize: c.cacheSize, Stats: &s.cache},
		Poll:       c.pollInterval,
		Sessions:   s.keys,
		Logger:     logger,
		Inspect:    lint.Inspect,
		Review:     lint.Snapshot,
	})
	s.ready = &readiness{snapshot: s.store.Snapshot}
	s.watch = s.store.NewWatcher()
	if err := s.store.Reload(); err != nil && !c.wait {
		s.watch.Close()
		return nil, inDirectory(c.policies, err)
	}
	s.shadow = newShadow(c, uint64(cmp.Or(c.loadMemory, memory)), s.keys, logger)
	return s, nil
}

// open opens the decision log and the listeners, and builds the servers.
func (s *sidecar) open(in *invocation) (err error) {
	if s.sink, err = s.openDecisionLog(in.stdout); err != nil {
		return fmt.Errorf("--decision-log-file: %w", err)
	}
	if s.listeners, err = openListeners(s.config); err != nil {
		return errors.Join(err, s.sink.Close())
	}
	s.listeners.limit(s.config, s.logger)
	s.log = decisionlog.New(decisionlog.Options{
		Writer:   s.sink,
		Mode:     s.config.decisions,
		Buffer:   s.config.decisionsBuffer,
		Required: s.config.decisionsRequired,
	})
	build := readBuild()
	m := metrics.New(metrics.Sources{
		Store: s.store, Cache: &s.cache, Log: s.log, ClosedConnections: s.listeners.closedByLimit, CertificateExpiry: s.certificateExpiry,
		Version: build.Version, Revision: build.Revision, Shadow: s.shadow.metrics(), Traces: s.traces.metrics(),
	})
	checker := &authz.Checker{Snapshots: s.store.Snapshot, OmitReasons: s.config.decisions != decisionlog.All, Messages: s.messages}
	s.server = envoy.NewServer(envoy.ServerOptions{
		Authorization: &envoy.Service{
			Begin: s.traces.begin(), Decide: s.shadow.decide(checker.Check), Record: s.log.Record, Observe: s.traces.observe(m.Observe),
			Metadata: s.config.metadata, Logger: s.logger,
		},
		TLS: s.tls,
	})
	s.openHTTP(&admin{ready: s.ready, store: s.store, metrics: m.Handler()})
	s.openSignin(checker, m)
	return nil
}

// openDecisionLog opens the sink of the decision log.
func (s *sidecar) openDecisionLog(stdout io.Writer) (*decisionlog.File, error) {
	r := &s.config.rotation
	return decisionlog.OpenFile(s.config.decisionsFile, stdout, decisionlog.Rotation{
		Size: uint64(r.size), Age: r.age, Keep: r.keep,
		Report: func(err error) { s.logger.Error("the decision log's file was not rotated as configured", "error", err) },
	})
}

// openSignin builds the server at which callers sign in, if its listener is open.
func (s *sidecar) openSignin(checker *authz.Checker, m *metrics.Metrics) {
	if s.listeners.signin == nil {
		return
	}
	options := signin.Options{
		SignIn: checker.SignIn, CallECR: checker.CallECR, CallSTS: checker.CallSTS,
		Keys: s.keys.Keys, Record: s.log.Record, Observe: m.ObserveSignIn, Logger: s.logger,
	}
	if s.readers != nil {
		options.Decode = s.decodeMessage
	}
	handler := signin.New(options)
	server := newHTTPServer(handler, s.logger)
	server.MaxHeaderBytes = 32 << 10 // a token of 8 KiB in HTTP Basic, and other headers
	s.http = append(s.http, httpService{Server: server, listener: s.listeners.signin, drains: true})
}

// certificateExpiry returns when the certificate of Envoy's port expires, and false without
// TLS.
func (s *sidecar) certificateExpiry() (time.Time, bool) {
	if s.tls == nil {
		return time.Time{}, false
	}
	expiry, err := envoy.Expiry(s.tls)
	return expiry, err == nil
}

// openHTTP builds the HTTP servers of the listeners that are open.
func (s *sidecar) openHTTP(a *admin) {
	if s.listeners.admin != nil {
		s.http = append(s.http, httpService{Server: newHTTPServer(a.handler(s.config.pprof), s.logger), listener: s.listeners.admin})
	}
	if s.listeners.probe != nil {
		s.http = append(s.http, httpService{Server: newHTTPServer(a.probeHandler(), s.logger), listener: s.listeners.probe})
	}
}
