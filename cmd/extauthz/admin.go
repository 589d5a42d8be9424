package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"extauthz/identity/oidc"
	"extauthz/policystore"
)

// admin contains what the HTTP listeners serve.
type admin struct {
	ready   *readiness
	store   *policystore.Store
	metrics http.Handler
}

// probeHandler serves probes and metrics, which other machines may read.
func (a *admin) probeHandler() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", a.metrics)
	return mux
}

// handler serves everything, to this machine only.
func (a *admin) handler(profiles bool) http.Handler {
	mux := a.probeHandler()
	mux.HandleFunc("GET /snapshot", a.snapshot)
	if profiles {
		mux.HandleFunc("GET /debug/pprof/{$}", listProfiles)
		mux.HandleFunc("GET /debug/pprof/{name}", serveProfile)
	}
	return loopbackOnly(mux)
}

// loopbackOnly rejects requests whose Host header is not a loopback address. A web page
// could make a browser on this machine send such requests.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackHost(r.Host) {
			http.Error(w, "the Host header must name a loopback address", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopbackHost reports whether a Host header is localhost or a loopback address. A web
// page whose host name resolves to a loopback address (DNS rebinding) sends its own name.
func loopbackHost(header string) bool {
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	if len(host) == len("localhost") && strings.EqualFold(host, "localhost") { // only ASCII: EqualFold also accepts a long s, which has two bytes
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

func (a *admin) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := a.ready.err(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// snapshotView is the JSON form of /snapshot.
type snapshotView struct {
	Digest     string               `json:"digest"` // "" before the first snapshot
	Generation uint64               `json:"generation"`
	LoadedAt   *time.Time           `json:"loadedAt"`
	Counts     *policystore.Summary `json:"counts"`
	BreakGlass []string             `json:"breakGlass"` // the names of the break-glass policies in force
	Issuers    []issuerView         `json:"issuers"`
	LastReload *time.Time           `json:"lastReload"`
	LastError  string               `json:"lastError"` // "" if the last reload succeeded
	Failures   uint64               `json:"failures"`
}

func (a *admin) snapshot(w http.ResponseWriter, _ *http.Request) {
	status := a.store.Status()
	view := snapshotView{Failures: status.Failures}
	if !status.LastReload.IsZero() {
		view.LastReload = &status.LastReload
	}
	if status.LastError != nil {
		view.LastError = status.LastError.Error()
	}
	if s := a.store.Snapshot(); s != nil {
		view.Digest, view.Generation, view.LoadedAt, view.Counts = s.Digest, s.Generation, &s.LoadedAt, &s.Summary
		view.BreakGlass = s.BreakGlass
		view.Issuers = viewIssuers(s.Issuers(), a.store.KeySets())
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(view) // fails only if the client has closed the connection
}

// newHTTPServer returns a server that limits the resources of one client. WriteTimeout is
// longer than a CPU profile, which takes 30 seconds by default.
func newHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// issuerView is an issuer in the JSON form of /snapshot.
type issuerView struct {
	policystore.IssuerStatus
	Keys *keySetView `json:"keys,omitempty"` // of an issuer whose keys are at a URL
}

// keySetView describes the keys at a URL.
type keySetView struct {
	Usable     int        `json:"usable"`
	LastLoaded *time.Time `json:"lastLoaded"` // null before the first success
	LastError  string     `json:"lastError"`  // "" if the last fetch succeeded
	Failures   uint64     `json:"failures"`
}

// viewIssuers joins issuers and the state of their keys.
func viewIssuers(issuers []policystore.IssuerStatus, sets []oidc.KeySetStatus) []issuerView {
	views := make([]issuerView, len(issuers))
	for i, issuer := range issuers {
		views[i].IssuerStatus = issuer
		for _, set := range sets {
			if set.URL != issuer.JWKS {
				continue
			}
			views[i].Keys = &keySetView{Usable: set.Keys, LastError: set.LastError, Failures: set.Failures}
			if !set.Loaded.IsZero() {
				views[i].Keys.LastLoaded = &set.Loaded
			}
		}
	}
	return views
}
