package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"extauthz/decisionlog"
	"extauthz/diag"
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
		func() error { return c.checkSignin(ctx) },
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
		return diag.Problemf("--policies is missing").WithRemedy("give the policy directory")
	case c.cacheSize < 1:
		return diag.Problemf("--cache-size %d is too small", c.cacheSize).WithRemedy("give at least 1")
	case c.pollInterval < minPollInterval:
		return diag.Problemf("--poll-interval %v is too short", c.pollInterval).WithRemedy(fmt.Sprintf("give at least %v", minPollInterval))
	case c.maxConnections < 1:
		return diag.Problemf("--max-connections %d is too small", c.maxConnections).WithRemedy("give at least 1")
	case c.drainDelay < 0:
		return diag.Problemf("--drain-delay %v is negative", c.drainDelay).WithRemedy("give 0s or more")
	case c.drainTimeout < 0:
		return diag.Problemf("--drain-timeout %v is negative", c.drainTimeout).WithRemedy("give 0s or more")
	case c.decisionsBuffer < 1:
		return diag.Problemf("--decision-log-buffer %d is too small", c.decisionsBuffer).WithRemedy("give at least 1")
	case c.decisionsFile == "":
		return diag.Problemf("--decision-log-file is empty").WithRemedy("give a file, or - for standard output")
	}
	return c.checkRotation()
}

// The smallest limits on a file of the decision log. A file should contain many batches.
const (
	minLogSize = 1 << 20
	minLogAge  = time.Minute
)

func (c *config) checkRotation() error {
	r := &c.rotation
	switch {
	case r.size > 0 && r.size < minLogSize:
		return diag.Problemf("--decision-log-max-size %d bytes is too small", r.size).WithRemedy("give at least 1MiB, or leave it out")
	case r.age != 0 && r.age < minLogAge:
		return diag.Problemf("--decision-log-max-age %v is too short", r.age).WithRemedy(fmt.Sprintf("give at least %v, or 0s for no limit", minLogAge))
	case r.keep < 0:
		return diag.Problemf("--decision-log-keep %d is negative", r.keep).WithRemedy("give a number of files, or 0 to keep all")
	case r.keep > 0 && r.size == 0 && r.age == 0:
		return diag.Problemf("--decision-log-keep is set, but the file is never renamed").WithRemedy("give --decision-log-max-size or --decision-log-max-age too")
	case (r.size > 0 || r.age > 0) && c.decisionsFile == decisionlog.StandardOutput && c.decisions != decisionlog.None:
		return diag.Problemf("--decision-log-max-size and --decision-log-max-age are about a file, but decisions go to standard output").WithRemedy("give --decision-log-file")
	}
	return nil
}

func (c *config) checkTLS() error {
	switch {
	case c.tls.Key != "" && c.tls.Cert == "":
		return diag.Problemf("--tls-key is set without --tls-cert").WithRemedy("give both or neither")
	case c.tls.Cert != "" && c.tls.Key == "":
		return diag.Problemf("--tls-cert is set without --tls-key").WithRemedy("give both or neither")
	case c.tls.ClientCA != "" && c.tls.Cert == "":
		return diag.Problemf("--tls-client-ca is set without --tls-cert").WithRemedy("give --tls-cert and --tls-key too, or leave it out")
	}
	return nil
}

func (c *config) checkDecisionLog(set flagNames) error {
	if c.decisions != decisionlog.None {
		return nil
	}
	if c.decisionsRequired {
		return diag.Problemf("--decision-log-required cannot be combined with --decision-log none").WithRemedy("choose all or denied, or leave out --decision-log-required")
	}
	for _, name := range []string{"decision-log-file", "decision-log-buffer", "decision-log-max-size", "decision-log-max-age"} {
		if set[name] {
			return diag.Problemf("--%s cannot be combined with --decision-log none", name).WithRemedy("choose all or denied, or leave out --" + name)
		}
	}
	return nil
}

func (c *config) checkListen(set flagNames) error {
	a, err := envoy.ParseAddress(c.listen)
	if err != nil {
		return diag.Wrap(diag.Position{}, "--listen ", err)
	}
	if set["socket-mode"] && a.Network != "unix" && socketFile(c.signinListen) == "" {
		return diag.Problemf("--socket-mode is set, but --listen %s is not a unix socket", c.listen).WithRemedy("leave out --socket-mode")
	}
	return nil
}

func (c *config) checkAdmin(ctx context.Context) error {
	if c.adminListen == "" {
		if c.pprof {
			return diag.Problemf("--pprof is set without an admin listener").WithRemedy("give --admin-listen a loopback address")
		}
		return nil
	}
	if err := checkTCP(c.adminListen); err != nil {
		return diag.Wrap(diag.Position{}, "--admin-listen ", err)
	}
	addr, err := loopbackAddress(ctx, c.adminListen)
	if err != nil {
		return diag.Problemf("--admin-listen %s: %v", c.adminListen, err).WithRemedy(fmt.Sprintf("use %s, and --probe-listen for probes and metrics from elsewhere", defaultAdminListen))
	}
	c.adminListen = addr
	return nil
}

func (c *config) checkProbe() error {
	if c.probeListen == "" {
		return nil
	}
	if err := checkTCP(c.probeListen); err != nil {
		return diag.Wrap(diag.Position{}, "--probe-listen ", err)
	}
	return nil
}

// checkSignin rejects an address that other machines can reach, because the listener trusts
// what its peer says about the client's address. Keys do not belong into the policy
// directory, which is in git.
func (c *config) checkSignin(ctx context.Context) error {
	switch {
	case c.signinListen == "" && c.messageKey != "":
		return diag.Problemf("--message-key is set without --signin-listen").WithRemedy("remove it, because messages are read at that listener only")
	case c.signinListen == "":
		return nil
	case c.sessionKeys == "":
		return diag.Problemf("--signin-listen is set without --session-keys").WithRemedy("give a folder with a key, which extauthz session-key creates")
	case within(c.policies, c.sessionKeys):
		return diag.Problemf("--session-keys %s is inside the policy directory %s", c.sessionKeys, c.policies).WithRemedy("use a folder outside it, because private keys must not be in git")
	case c.messageKey != "" && within(c.policies, c.messageKey):
		return diag.Problemf("--message-key %s is inside the policy directory %s", c.messageKey, c.policies).WithRemedy("use a file outside it, because secret keys must not be in git")
	}
	a, err := envoy.ParseAddress(c.signinListen)
	if err != nil {
		return diag.Wrap(diag.Position{}, "--signin-listen ", err)
	}
	if a.Network == "unix" {
		return nil
	}
	if c.signinListen, err = loopbackAddress(ctx, c.signinListen); err != nil {
		return diag.Problemf("--signin-listen %s: %v", a.Address, err).WithRemedy("use a loopback address or a unix socket, which only Envoy can reach")
	}
	return nil
}

// checkTCP rejects an address that is not TCP.
func checkTCP(addr string) error {
	a, err := envoy.ParseAddress(addr)
	if err == nil && a.Network != "tcp" {
		return diag.Problemf("%q is a unix socket", addr).WithRemedy("write HOST:PORT")
	}
	return err
}

// checkSharedAddresses rejects two listeners with the same address.
func (c *config) checkSharedAddresses() error {
	taken := map[string]string{}
	for _, l := range []struct{ flag, addr string }{
		{"--listen", c.listen}, {"--admin-listen", c.adminListen}, {"--probe-listen", c.probeListen}, {"--signin-listen", c.signinListen},
	} {
		if _, port, err := net.SplitHostPort(l.addr); l.addr == "" || (err == nil && port == "0") {
			continue
		}
		if other, found := taken[l.addr]; found {
			return diag.Problemf("%s and %s are both %s", other, l.flag, l.addr).WithRemedy("give each a different address")
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
		{"--listen", socketFile(c.listen)}, {"--signin-listen", socketFile(c.signinListen)},
	} {
		if written.path != "" && within(c.policies, written.path) {
			return diag.Problemf("%s %s is inside the policy directory %s", written.flag, written.path, c.policies).WithRemedy("use a path outside it, because each write would trigger a reload")
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
