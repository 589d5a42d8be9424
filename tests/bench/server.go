package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"extauthz/tests/bench/result"
)

// The servers that are compared.
const (
	noop    = result.Base // generated types, allows everything
	hand    = "no-op by hand"
	sidecar = "sidecar"
	before  = "before" // the sidecar of an earlier commit
)

// A program is what a server is started from.
type program struct {
	name    string
	decides bool                                                            // it decides by policies; others allow everything
	command func(listen, metrics, policies string, flags []string) []string // listen is as in extauthz serve
	probe   string                                                          // path that responds with 200 when the server is ready
}

// noopProgram returns the no-op server that decodes checks in the given way.
func noopProgram(name, binary, decode string) *program {
	return &program{name: name, probe: "/", command: func(listen, metrics, _ string, _ []string) []string {
		return []string{binary, "-listen", strings.TrimPrefix(listen, unixScheme), "-metrics", metrics, "-decode", decode}
	}}
}

// sidecarProgram returns extauthz.
func sidecarProgram(name, binary string) *program {
	return &program{name: name, decides: true, probe: "/readyz", command: func(listen, metrics, policies string, flags []string) []string {
		return slices.Concat([]string{
			binary, "serve", "--policies", policies, "--listen", listen, "--admin-listen", metrics, "--pprof",
		}, flags)
	}}
}

// A setting is how a sidecar is started. Other servers ignore the flags.
type setting struct {
	environment, flags []string
	tcp                bool // it listens on a TCP port instead of a unix socket
}

// withoutLog is the setting of a sidecar that writes no decision log.
var withoutLog = setting{flags: []string{"--decision-log", "none", "--log-level", "warn"}}

// A server is a running ext_authz server.
type server struct {
	*program
	*process
	socket string // file of the unix socket; "" with a TCP port
	target string // for gRPC
	admin  string // URL of its metrics and probes
}

// start starts a server and waits until it is ready. Dir is a folder for its socket and log.
func (p *program) start(dir, policies string, with setting) (*server, error) {
	admin, err := freeAddress()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, fmt.Sprintf("%s-%d", strings.ReplaceAll(p.name, " ", "-"), time.Now().UnixNano()))
	s := &server{program: p, socket: file + ".sock", admin: "http://" + admin}
	listen := unixScheme + s.socket
	s.target = listen
	if with.tcp {
		if listen, err = freeAddress(); err != nil {
			return nil, err
		}
		s.socket, s.target = "", "passthrough:///"+listen
	}
	if s.process, err = launch(file+".log", with.environment, p.command(listen, admin, policies, with.flags)...); err != nil {
		return nil, err
	}
	return s, s.ready(http.DefaultClient, s.admin+p.probe)
}

// unixScheme begins the address of a unix socket.
const unixScheme = "unix://"

// awaitShadow waits until the sidecar has loaded its shadow policies, if it has any.
func (s *server) awaitShadow(ctx context.Context, any bool) error {
	for any {
		text, err := get(ctx, http.DefaultClient, s.admin+"/metrics")
		if err != nil {
			return err
		}
		if any = !strings.Contains(text, "\nextauthz_shadow_policy_last_reload_success 1\n"); any {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return ctx.Err()
}

// counters are metrics of a server that increase.
type counters struct {
	allocations, bytes, hits, misses float64
}

// The names of the counters in the metrics.
var (
	allocationsMetric = regexp.MustCompile(`(?m)^go_memstats_mallocs_total (\S+)$`)
	bytesMetric       = regexp.MustCompile(`(?m)^go_memstats_alloc_bytes_total (\S+)$`)
	hitsMetric        = regexp.MustCompile(`(?m)^extauthz_decision_cache_hits_total (\S+)$`)
	missesMetric      = regexp.MustCompile(`(?m)^extauthz_decision_cache_misses_total (\S+)$`)
)

// counters reads the server's metrics. What it does not have is zero.
func (s *server) counters(ctx context.Context) (counters, error) {
	text, err := get(ctx, http.DefaultClient, s.admin+"/metrics")
	value := func(metric *regexp.Regexp) float64 {
		found := metric.FindStringSubmatch(text)
		if found == nil {
			return 0
		}
		n, _ := strconv.ParseFloat(found[1], 64) // a metric is a number
		return n
	}
	return counters{value(allocationsMetric), value(bytesMetric), value(hitsMetric), value(missesMetric)}, err
}
