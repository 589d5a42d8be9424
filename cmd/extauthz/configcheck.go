package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"extauthz/decisionlog"
	"extauthz/envoy"
)

// minPollInterval is the shortest interval that puts no load on the disk.
const minPollInterval = time.Second

// check rejects flags that are out of range or exclude each other. It opens nothing. It
// replaces the admin address by its resolved form.
func (c *config) check(ctx context.Context, set flagNames) error {
	for _, rule := range [...]func() error{
		c.checkRanges,
		c.checkTLS,
		func() error { return c.checkDecisionLog(set) },
		func() error { return c.checkListen(set) },
		func() error { return c.checkAdmin(ctx) },
		c.checkProbe,
		c.checkSharedAddresses,
		c.checkPolicyDirectory,
	} {
		if err := rule(); err != nil {
			return inputError{err}
		}
	}
	return nil
}

func (c *config) checkRanges() error {
	switch {
	case c.policies == "":
		return errors.New("--policies is missing; give the policy directory")
	case c.cacheSize < 1:
		return fmt.Errorf("--cache-size %d is too small; give at least 1", c.cacheSize)
	case c.pollInterval < minPollInterval:
		return fmt.Errorf("--poll-interval %v is too short; give at least %v", c.pollInterval, minPollInterval)
	case c.maxConnections < 1:
		return fmt.Errorf("--max-connections %d is too small; give at least 1", c.maxConnections)
	case c.drainDelay < 0:
		return fmt.Errorf("--drain-delay %v is negative; give 0s or more", c.drainDelay)
	case c.drainTimeout < 0:
		return fmt.Errorf("--drain-timeout %v is negative; give 0s or more", c.drainTimeout)
	case c.decisionsBuffer < 1:
		return fmt.Errorf("--decision-log-buffer %d is too small; give at least 1", c.decisionsBuffer)
	case c.decisionsFile == "":
		return errors.New("--decision-log-file is empty; give a file, or - for standard output")
	}
	return nil
}

func (c *config) checkTLS() error {
	switch {
	case c.tls.Key != "" && c.tls.Cert == "":
		return errors.New("--tls-key without --tls-cert; give both or neither")
	case c.tls.Cert != "" && c.tls.Key == "":
		return errors.New("--tls-cert without --tls-key; give both or neither")
	case c.tls.ClientCA != "" && c.tls.Cert == "":
		return errors.New("--tls-client-ca without --tls-cert; give --tls-cert and --tls-key too, or leave it out")
	}
	return nil
}

func (c *config) checkDecisionLog(set flagNames) error {
	if c.decisions != decisionlog.None {
		return nil
	}
	if c.decisionsRequired {
		return errors.New("--decision-log-required with --decision-log none; choose all or denied, or leave it out")
	}
	for _, name := range []string{"decision-log-file", "decision-log-buffer"} {
		if set[name] {
			return fmt.Errorf("--%s with --decision-log none; choose all or denied, or leave it out", name)
		}
	}
	return nil
}

func (c *config) checkListen(set flagNames) error {
	a, err := envoy.ParseAddress(c.listen)
	if err != nil {
		return fmt.Errorf("--listen %w", err)
	}
	if set["socket-mode"] && a.Network != "unix" {
		return fmt.Errorf("--socket-mode with --listen %s; it is for a unix socket, leave it out", c.listen)
	}
	return nil
}

func (c *config) checkAdmin(ctx context.Context) error {
	if c.adminListen == "" {
		if c.pprof {
			return errors.New("--pprof without an admin listener; give --admin-listen a loopback address")
		}
		return nil
	}
	if err := checkTCP(c.adminListen); err != nil {
		return fmt.Errorf("--admin-listen %w", err)
	}
	addr, err := loopbackAddress(ctx, c.adminListen)
	if err != nil {
		return fmt.Errorf("--admin-listen %s: %w; use %s, and --probe-listen for probes and metrics from elsewhere",
			c.adminListen, err, defaultAdminListen)
	}
	c.adminListen = addr
	return nil
}

func (c *config) checkProbe() error {
	if c.probeListen == "" {
		return nil
	}
	if err := checkTCP(c.probeListen); err != nil {
		return fmt.Errorf("--probe-listen %w", err)
	}
	return nil
}

// checkTCP rejects an address that is not TCP.
func checkTCP(addr string) error {
	a, err := envoy.ParseAddress(addr)
	if err == nil && a.Network != "tcp" {
		return fmt.Errorf("%q is a unix socket; write HOST:PORT", addr)
	}
	return err
}

// checkSharedAddresses rejects two listeners with the same address.
func (c *config) checkSharedAddresses() error {
	taken := map[string]string{}
	for _, l := range []struct{ flag, addr string }{
		{"--listen", c.listen}, {"--admin-listen", c.adminListen}, {"--probe-listen", c.probeListen},
	} {
		if _, port, err := net.SplitHostPort(l.addr); l.addr == "" || (err == nil && port == "0") {
			continue
		}
		if other, found := taken[l.addr]; found {
			return fmt.Errorf("%s and %s are both %s; give each a different address", other, l.flag, l.addr)
		}
		taken[l.addr] = l.flag
	}
	return nil
}

// checkPolicyDirectory rejects files that serve writes in the policy directory, because
// each write would count as a change of the policies.
func (c *config) checkPolicyDirectory() error {
	for _, written := range []struct{ flag, path string }{
		{"--decision-log-file", strings.TrimPrefix(c.decisionsFile, decisionlog.StandardOutput)},
		{"--listen", socketFile(c.listen)},
	} {
		if written.path != "" && within(c.policies, written.path) {
			return fmt.Errorf("%s %s is inside the policy directory %s; use a path outside it, because each write would trigger a reload", written.flag, written.path, c.policies)
		}
	}
	return nil
}

// socketFile returns the file of a unix socket's address, "" for another address.
func socketFile(addr string) string {
	if a, err := envoy.ParseAddress(addr); err == nil && a.Network == "unix" {
		return a.Address
	}
	return ""
}

// within reports whether the name of path is below dir.
func within(dir, path string) bool {
	dir, errDir := filepath.Abs(dir)
	path, errPath := filepath.Abs(path)
	below, err := filepath.Rel(dir, path)
	return errDir == nil && errPath == nil && err == nil && filepath.IsLocal(below)
}

// loopbackAddress returns addr with its host resolved to a loopback address. It rejects a
// host that also has other addresses.
func loopbackAddress(ctx context.Context, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", err
	}
	for _, ip := range ips {
		if ip = ip.Unmap(); !ip.IsLoopback() {
			return "", fmt.Errorf("%s is not a loopback address", ip)
		}
	}
	return net.JoinHostPort(ips[0].Unmap().String(), port), nil
}
