package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// loopbackAddress returns addr with its host resolved to an address that only
// this machine reaches. A host that also has other addresses is refused.
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

// loopbackHost tells whether a Host header names this machine as itself. A
// page whose own name was made to resolve to a loopback address (DNS
// rebinding) sends that name, and is thus told apart.
func loopbackHost(header string) bool {
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	if len(host) == len("localhost") && strings.EqualFold(host, "localhost") { // as ASCII: a long s has two bytes
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
