package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"extauthz/tests/bench/drive"
	"extauthz/tests/bench/result"
	"extauthz/tests/bench/stats"
	"extauthz/tests/bench/workload"
)

// The load of a server. Envoy has a connection for each of its worker threads.
const (
	connections = 2
	streams     = 16   // on each connection, of a closed loop
	openRate    = 2000 // checks per second of an open loop
)

// A scenario is a load under which servers are compared.
type scenario struct {
	name       string
	statements int
	credential workload.Credential
	fresh      bool // no decision is in the cache
	logged     bool // the sidecar logs every decision to a file
	uncached   bool // the sidecar has a cache of one decision
	shadow     bool // the sidecar decides every check a second time, by the same policies

	environment string // of the sidecar; "" for no addition
	traces      string // the part of the checks whose traces the sidecar sends; "" if traces are off
	tcp         bool   // the sidecar listens on a TCP port
	open        bool   // open loop instead of closed
}

// The scenarios that others refer to.
const (
	hits     = "hits"
	openLoop = "open loop"

	usualStatements = 11_000
	manyStatements  = 100_000
)

// scenarios returns the wanted loads, in the order of the tables.
func (b *bench) scenarios() []scenario {
	all := []scenario{
		{name: hits, statements: usualStatements, credential: workload.Certificate},
		{name: "misses", statements: usualStatements, credential: workload.Certificate, fresh: true},
		{name: "hits, if there were no cache", statements: usualStatements, credential: workload.Certificate, uncached: true},
		{name: "password", statements: usualStatements, credential: workload.Password},
		{name: "token", statements: usualStatements, credential: workload.Token},
		{name: "decision log", statements: usualStatements, credential: workload.Certificate, logged: true},
		{name: openLoop, statements: usualStatements, credential: workload.Certificate, open: true},
		{name: "open loop, GOMAXPROCS=1", statements: usualStatements, credential: workload.Certificate, open: true, environment: "GOMAXPROCS=1"},
		{name: "open loop, TCP", statements: usualStatements, credential: workload.Certificate, open: true, tcp: true},
		{name: "hits, TCP", statements: usualStatements, credential: workload.Certificate, tcp: true},
		{name: "hits, GOGC=50", statements: usualStatements, credential: workload.Certificate, environment: "GOGC=50"},
		{name: "hits, GOGC=400", statements: usualStatements, credential: workload.Certificate, environment: "GOGC=400"},
		{name: "hits, shadow policies", statements: usualStatements, credential: workload.Certificate, shadow: true},
		{name: "hits, traces of 1 %", statements: usualStatements, credential: workload.Certificate, traces: "0.01"},
		{name: "hits, all traces", statements: usualStatements, credential: workload.Certificate, traces: "1"},
		{name: "hits, 100,000 statements", statements: manyStatements, credential: workload.Certificate},
		{name: "misses, 100,000 statements", statements: manyStatements, credential: workload.Certificate, fresh: true},
	}
	return slices.DeleteFunc(all, func(s scenario) bool { return !b.wanted(s.name) || b.run.Quick && s.statements > usualStatements })
}

// A contest is a server under a scenario.
type contest struct {
	scenario
	server *server
	load   *drive.Load

	latencies []stats.Histogram // one of each round
}

// compareServers measures every server under every scenario, in rounds. The order of the
// scenarios is random. The servers follow each other under each scenario, in random order, so
// that their ratios depend little on what else the machine does.
func (b *bench) compareServers() error {
	contests, err := b.contests()
	if err != nil || len(contests) == 0 {
		return err
	}
	for _, c := range slices.Concat(contests...) {
		b.run.Declare(c.name, c.server.name, result.CPU)
	}
	for round := range b.rounds {
		b.progress("round %d of %d", round+1, b.rounds)
		for _, i := range b.random.Perm(len(contests)) {
			for _, j := range b.random.Perm(len(contests[i])) {
				c := contests[i][j]
				if err := b.measure(c); err != nil {
					return fmt.Errorf("%s, %s: %w", c.name, c.server.name, err)
				}
			}
		}
	}
	for _, c := range slices.Concat(contests...) {
		if c.name == openLoop || c.name == hits {
			b.run.Latencies = append(b.run.Latencies, curve(c))
		}
	}
	return nil
}

// contests starts the servers and generates the loads. It returns a list for each scenario.
func (b *bench) contests() (all [][]*contest, err error) {
	servers, checks := map[string]*server{}, map[string][]workload.Check{}
	for _, s := range b.scenarios() {
		var contests []*contest
		place := fmt.Sprint(s.statements)
		policies, err := b.policies(workload.Spread, s.statements)
		if err != nil {
			return nil, err
		}
		kind := place + string(s.credential)
		if checks[kind] == nil {
			if checks[kind], err = b.traffic(policies, s.credential).Generate(); err != nil {
				return nil, err
			}
		}
		for _, p := range b.programsFor(s) {
			with := b.settingOf(p, s, b.folder(policies))
			key := fmt.Sprint(p.name, with)
			if p.decides {
				key += place
			}
			if servers[key] == nil {
				if servers[key], err = b.start(p, b.folder(policies), with); err != nil {
					return nil, err
				}
				if err := servers[key].awaitShadow(b.ctx, s.shadow && p.decides); err != nil {
					return nil, err
				}
			}
			contests = append(contests, &contest{scenario: s, server: servers[key], load: &drive.Load{Checks: checks[kind], Fresh: s.fresh, AllowsAll: !p.decides}})
		}
		all = append(all, contests)
	}
	return all, nil
}

// settingOf returns how a server is started under a scenario with the policies in a folder.
func (b *bench) settingOf(p *program, s scenario, policies string) setting {
	with := withoutLog
	switch {
	case !p.decides:
		return setting{}
	case s.logged:
		with.flags = []string{"--decision-log", "all", "--decision-log-file", filepath.Join(b.dir, p.name+".decisions"), "--log-level", "warn"}
	case s.uncached:
		with.flags = append(slices.Clone(with.flags), "--cache-size", "1")
	case s.shadow:
		with.flags = append(slices.Clone(with.flags), "--shadow-policies", policies)
	case s.environment != "":
		with.environment = []string{s.environment}
	case s.traces != "":
		with.environment = b.tracing(s.traces)
	case s.tcp:
		with.tcp = true
	}
	return with
}

// programsFor returns the servers that are compared under a scenario. Settings of the sidecar
// are compared with the no-op server as it is.
func (b *bench) programsFor(s scenario) []*program {
	if s.environment != "" || s.traces != "" || s.tcp || s.shadow {
		return slices.DeleteFunc(slices.Clone(b.programs), func(p *program) bool { return p.name != noop && p.name != sidecar })
	}
	if b.opa == nil || !s.forOPA() {
		return b.programs
	}
	return append(slices.Clone(b.programs), b.opa)
}

// forOPA reports whether OPA-Envoy can be measured under a scenario. Its rules are those of
// certificates and the usual policies.
func (s *scenario) forOPA() bool {
	return s.credential == workload.Certificate && s.statements == usualStatements && !s.logged && !s.uncached &&
		s.environment == "" && s.traces == "" && !s.tcp && !s.shadow
}

// traffic returns the checks of callers with a kind of credential.
func (b *bench) traffic(p *workload.Policies, kind workload.Credential) *workload.Traffic {
	return &workload.Traffic{Policies: p, Callers: b.callers, Credential: kind, Seed: b.run.Seed, Checks: b.checks}
}

// measure runs a contest once and adds its measurements to the run.
func (b *bench) measure(c *contest) error {
	tally, usage, err := b.use(c.server, func(ctx context.Context, client *drive.Client) *drive.Tally {
		if c.open {
			return client.Open(ctx, c.load, openRate, 4*b.slot, b.random.Uint64())
		}
		return client.Closed(ctx, c.load, streams, b.slot)
	}, c.load)
	if err != nil {
		return err
	}
	c.latencies = append(c.latencies, tally.Latency)
	b.add(c.name, c.server, tally, usage)
	return nil
}

// A usage is what a server used during a load.
type usage struct {
	cpu time.Duration
	counters
}

// warmRounds is how often every check is answered before a measurement. A cache may keep only
// decisions that were needed twice.
const warmRounds = 2

// use sends a load to a server after the checks of warm were answered, and measures what the
// server used for it. An answer that is wrong or missing is an error.
func (b *bench) use(s *server, send func(context.Context, *drive.Client) *drive.Tally, warm *drive.Load) (*drive.Tally, *usage, error) {
	client, err := drive.Dial(s.target, connections, &b.sequence)
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	for range warmRounds {
		if err := client.Once(b.ctx, warm, streams).Err(); err != nil {
			return nil, nil, err
		}
	}
	earlier, err := s.counters(b.ctx)
	if err != nil {
		return nil, nil, err
	}
	began, err := s.cpu()
	if err != nil {
		return nil, nil, err
	}
	tally := send(b.ctx, client)
	ended, err := s.cpu()
	if err != nil {
		return nil, nil, err
	}
	later, err := s.counters(b.ctx)
	if err != nil {
		return nil, nil, err
	}
	return tally, &usage{ended - began, counters{
		later.allocations - earlier.allocations, later.bytes - earlier.bytes,
		later.hits - earlier.hits, later.misses - earlier.misses,
	}}, tally.Err()
}

// add adds the measurements of a load to the run.
func (b *bench) add(name string, s *server, t *drive.Tally, u *usage) {
	n := float64(t.Checks)
	b.run.Add(name, s.name, result.CPU, micros(u.cpu)/n)
	b.run.Add(name, s.name, result.P50, micros(t.Latency.Quantile(0.5)))
	b.run.Add(name, s.name, result.P99, micros(t.Latency.Quantile(0.99)))
	b.run.Add(name, s.name, result.Throughput, n/t.Took.Seconds())
	b.run.Add(name, s.name, result.Answer, t.PullBytes())
	if u.allocations > 0 {
		b.run.Add(name, s.name, result.Allocations, u.allocations/n)
		b.run.Add(name, s.name, result.Bytes, u.bytes/n)
	}
	if all := u.hits + u.misses; all > 0 {
		b.run.Add(name, s.name, result.HitRatio, u.hits/all)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// curve returns the points of a distribution that a chart shows: the median of each quantile
// over all rounds, so that a round that something else disturbed does not determine it.
func curve(c *contest) result.Curve {
	points := result.Curve{Workload: c.name, Server: c.server.name}
	for _, share := range []float64{0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999} {
		var rounds []float64
		for i := range c.latencies {
			rounds = append(rounds, micros(c.latencies[i].Quantile(share)))
		}
		points.Points = append(points.Points, result.Point{Share: share, Micros: stats.Summarize(rounds).Median})
	}
	return points
}

// newRandom returns the random numbers of a run.
func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }
