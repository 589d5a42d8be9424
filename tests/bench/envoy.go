package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"extauthz/tests/bench/drive"
	"extauthz/tests/bench/result"
	"extauthz/tests/bench/workload"
	"extauthz/tests/envoybin"
	"extauthz/tests/stack"
)

const (
	throughEnvoy = "through Envoy" // the workload; its CPU time is that of Envoy and the server
	bareEnvoy    = "bare Envoy"    // the server of a request that Envoy does not have checked

	// documented is the no-op server behind Envoy's ext_authz filter as Envoy's documentation
	// configures it.
	documented = "no-op, filter as documented"

	envoyCallers  = 16  // connections of clients, each with its own certificate
	envoyRequests = 512 // distinct requests of each
)

// A proxy is an Envoy in front of an ext_authz server.
type proxy struct {
	name    string
	program *program      // nil without checks
	change  func(any) any // of the Envoy configuration; nil leaves the example as it is

	*process // of Envoy
	server   *server
	address  string
	callers  []*drive.Caller
}

// compareEnvoy measures whole requests through a real Envoy with the settings of
// examples/mtls: bare, with each server, and with the ext_authz filter of Envoy's documentation.
func (b *bench) compareEnvoy() (err error) {
	if !b.wanted(throughEnvoy) {
		return nil
	}
	upstream, err := drive.NewUpstream()
	if err != nil {
		return err
	}
	defer upstream.Close()
	proxies, err := b.proxies(upstream.Addr().String())
	defer func() {
		for _, p := range proxies {
			err = errors.Join(err, p.close())
		}
	}()
	if err != nil {
		return err
	}
	for round := range b.rounds {
		b.progress("through Envoy, round %d of %d", round+1, b.rounds)
		for _, i := range b.random.Perm(len(proxies)) {
			if err := b.measureEnvoy(proxies[i]); err != nil {
				return fmt.Errorf("%s, %s: %w", throughEnvoy, proxies[i].name, err)
			}
		}
	}
	return nil
}

// proxies starts an Envoy for each server, and those with which they are compared.
func (b *bench) proxies(upstream string) (all []*proxy, err error) {
	envoy, err := envoybin.Find(b.ctx, stack.Cache(), envoybin.OnlyPinned, b.out)
	if err != nil {
		return nil, err
	}
	policies, err := b.policies(workload.Spread, usualStatements)
	if err != nil {
		return nil, err
	}
	for _, p := range b.arrangements() {
		if p.program != nil {
			if p.server, err = b.start(p.program, b.folder(policies), withoutLog); err != nil {
				return all, err
			}
		}
		b.run.Declare(throughEnvoy, p.name, result.CPU)
		if err := b.startEnvoy(p, envoy, upstream); err != nil {
			return all, err
		}
		p.callers = b.newCallers(policies)
		all = append(all, p)
	}
	return all, nil
}

// arrangements returns the proxies that are compared. They have not been started.
func (b *bench) arrangements() (all []*proxy) {
	for _, program := range b.programs {
		all = append(all, &proxy{name: program.name, program: program})
	}
	return append(all,
		&proxy{name: documented, program: b.programs[0], change: asDocumented},
		&proxy{name: bareEnvoy, change: withoutChecks},
	)
}

// newCallers returns clients of the first teams.
func (b *bench) newCallers(policies *workload.Policies) (all []*drive.Caller) {
	traffic := b.traffic(policies, workload.Certificate)
	traffic.Checks = min(traffic.Checks, envoyRequests)
	for team, certificate := range b.callers.Certificates(envoyCallers, policies.Teams) {
		all = append(all, &drive.Caller{Certificate: certificate, Requests: traffic.HTTP(team)})
	}
	return all
}

// startEnvoy starts Envoy for a proxy and waits until it is ready.
func (b *bench) startEnvoy(p *proxy, envoy *envoybin.Envoy, upstream string) error {
	dir, err := os.MkdirTemp(b.dir, "envoy-")
	if err != nil {
		return err
	}
	if err := b.callers.Authority.WriteServer(dir); err != nil {
		return err
	}
	if p.address, err = freeAddress(); err != nil {
		return err
	}
	wiring := stack.Wiring{Listener: p.address, Registry: upstream, Admin: filepath.Join(dir, "admin.sock"), Certs: dir}
	if p.server != nil {
		wiring.Socket = p.server.socket
	}
	config, err := envoyConfig(wiring, p.change)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		return err
	}
	p.process, err = launch(filepath.Join(dir, "log"), nil, envoy.Command([]string{b.dir}, "--config-path", file,
		"--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")...)
	if err != nil {
		return err
	}
	return p.ready(overSocket(wiring.Admin), "http://envoy/ready")
}

// close ends Envoy and the connections to it.
func (p *proxy) close() error {
	for _, c := range p.callers {
		c.Close()
	}
	return p.stop()
}

// measureEnvoy measures one proxy once.
func (b *bench) measureEnvoy(p *proxy) error {
	allowsAll := p.server == nil || !p.server.decides
	if err := drive.HTTP(b.ctx, p.address, p.callers, allowsAll, b.slot/4).Err(); err != nil {
		return err
	}
	envoy, server, err := p.times()
	if err != nil {
		return err
	}
	tally := drive.HTTP(b.ctx, p.address, p.callers, allowsAll, b.slot)
	envoyLater, serverLater, err := p.times()
	if err = errors.Join(err, tally.Err()); err != nil {
		return err
	}
	n := float64(tally.Checks)
	b.run.Add(throughEnvoy, p.name, result.CPU, micros(envoyLater-envoy+serverLater-server)/n)
	b.run.Add(throughEnvoy, p.name, result.EnvoyCPU, micros(envoyLater-envoy)/n)
	b.run.Add(throughEnvoy, p.name, result.P50, micros(tally.Latency.Quantile(0.5)))
	b.run.Add(throughEnvoy, p.name, result.P99, micros(tally.Latency.Quantile(0.99)))
	b.run.Add(throughEnvoy, p.name, result.Throughput, n/tally.Took.Seconds())
	return nil
}

// times returns the CPU times of Envoy and of the server.
func (p *proxy) times() (envoy, server time.Duration, err error) {
	if envoy, err = p.cpu(); err == nil && p.server != nil {
		server, err = p.server.cpu()
	}
	return envoy, server, err
}

// freeAddress returns a loopback address at which nothing listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// overSocket returns a client that connects to a unix socket for every address.
func overSocket(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
}
