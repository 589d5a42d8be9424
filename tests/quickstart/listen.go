package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"extauthz/decision"
	"extauthz/policystore"
)

// usual is the address at which Envoy listens by default.
const usual = "127.0.0.1:8080"

// listenAddress is the address at which Envoy listens.
type listenAddress struct {
	bind  netip.AddrPort // the address that Envoy binds
	reach string         // HOST:PORT by which clients on this machine reach it
}

// parseListen parses a value of LISTEN: HOST:PORT, or a part of it. The host may be a name. By
// default, only this machine can reach the registry, because its passwords are public. Port 0
// chooses a free port. The error says what to type instead.
func parseListen(ctx context.Context, given string) (listenAddress, error) {
	host, port, err := splitListen(given)
	if err != nil {
		return listenAddress{}, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return listenAddress{}, invalid(given, fmt.Sprintf("%q is not a port from 0 to 65535", port), usual)
	}
	ip, err := resolve(ctx, host)
	if err != nil {
		return listenAddress{}, invalid(given, err.Error(), net.JoinHostPort("127.0.0.1", port))
	}
	bind, err := free(netip.AddrPortFrom(ip, uint16(number)))
	if err != nil {
		return listenAddress{}, unusable(given, bind, err)
	}
	return listenAddress{bind, reachedBy(host, bind)}, nil
}

// splitListen splits HOST:PORT, and completes a value that lacks the host or is only a port.
func splitListen(given string) (host, port string, err error) {
	switch {
	case given == "":
		given = usual
	case strings.Contains(given, "/"):
		return "", "", invalid(given, "it is not HOST:PORT", usual)
	case strings.Trim(given, "0123456789") == "":
		given = ":" + given
	}
	if bare := withoutPort(given); bare != "" {
		return "", "", invalid(given, "it has no port", net.JoinHostPort(bare, "8080"))
	}
	if host, port, err = net.SplitHostPort(given); err != nil {
		return "", "", invalid(given, "it is not HOST:PORT", usual)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return host, port, nil
}

// withoutPort returns the host of a value without a port, or "" for any other value.
func withoutPort(given string) (host string) {
	bare := strings.TrimSuffix(strings.TrimPrefix(given, "["), "]")
	if _, err := netip.ParseAddr(bare); err == nil {
		return bare
	}
	if host, found := strings.CutSuffix(given, ":"); found {
		return cmp.Or(strings.Trim(host, "[]"), "127.0.0.1")
	}
	if !strings.Contains(given, ":") {
		return given
	}
	return ""
}

// resolve returns the address of a host, IPv4 if it has one.
func resolve(ctx context.Context, host string) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap(), nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("the host name %s does not resolve to an address", host)
	}
	for _, ip := range found {
		if ip = ip.Unmap(); ip.Is4() {
			return ip, nil
		}
	}
	return found[0], nil
}

// free returns the address, in which it replaces port 0 by a free port. It returns an error if
// nothing can listen there.
func free(address netip.AddrPort) (netip.AddrPort, error) {
	l, err := net.Listen("tcp", address.String())
	if err != nil {
		return address, err
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	return netip.AddrPortFrom(address.Addr(), uint16(port)), nil
}

// reachedBy returns the HOST:PORT that clients on this machine use for the address.
func reachedBy(host string, bind netip.AddrPort) string {
	port := strconv.Itoa(int(bind.Port()))
	switch ip := bind.Addr(); {
	case ip == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case ip == netip.IPv6Unspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

// unusable returns the error for an address at which nothing can listen.
func unusable(given string, address netip.AddrPort, err error) error {
	host := address.Addr().String()
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return invalid(given, fmt.Sprintf("another program listens on %s; stop it, if that is an earlier make run", address), another(address))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return invalid(given, host+" is not an address of this machine", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(address.Port()))))
	case errors.Is(err, syscall.EACCES):
		return invalid(given, fmt.Sprintf("only root may listen on port %d", address.Port()), net.JoinHostPort(host, "8080"))
	}
	return invalid(given, err.Error(), usual)
}

// served returns an error if the policies do not list the host of the address. Then extauthz
// would reject every request.
func served(policies, given string, address listenAddress) error {
	snapshot, err := policystore.Load(policies, decision.Options{CacheSize: 1})
	if err != nil {
		return fmt.Errorf("%s: %w", policies, err)
	}
	if _, err := snapshot.Registry("quickstart", address.reach); err != nil {
		reason := fmt.Sprintf("%v; add it to the hosts in %s, or use another", err, filepath.Join(policies, "registries.yaml"))
		return invalid(given, reason, net.JoinHostPort("127.0.0.1", strconv.Itoa(int(address.bind.Port()))))
	}
	return nil
}

// another returns the next free address on the same host.
func another(taken netip.AddrPort) string {
	for port := max(taken.Port(), 1023) + 1; port != 0; port++ {
		if next, err := free(netip.AddrPortFrom(taken.Addr(), port)); err == nil {
			return next.String()
		}
	}
	return net.JoinHostPort(taken.Addr().String(), "0")
}

// invalid returns the error for a value of LISTEN.
func invalid(given, reason, instead string) error {
	return fmt.Errorf("LISTEN=%s: %s; type make run LISTEN=%s", given, reason, instead)
}
