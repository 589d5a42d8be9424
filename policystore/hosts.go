package policystore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// find returns the registry of a request. Envoy's configuration names it; the
// Host header, which is the client's word, must agree, and chooses alone only
// among registries whose operator says that Envoy routes by it.
func (all registries) find(name, host string) (*Registry, error) {
	if shown := withoutUser(host); !validPort(shown) {
		return nil, fmt.Errorf("host %q has a port that is not a number from 0 to 65535", shown)
	}
	if name != "" {
		r := all[name]
		switch {
		case r == nil:
			return nil, fmt.Errorf("context_extensions name registry %q, which registries.yaml does not have", name)
		case !r.serves(host):
			return nil, r.errNotServed(host)
		}
		return r, nil
	}
	for _, r := range all {
		if r.byHost && r.serves(host) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("context_extensions name no registry, and no registry is chosen by host %q", withoutUser(host))
}

// Host is the first host name that registries.yaml gives the registry.
func (r *Registry) Host() string { return r.hosts[0] }

// serves reports whether host is one of the registry's. A host that registries.yaml
// gives without a port means every port. One with a port means this port alone; with
// port 443 or 80 it also means no port, because clients leave out the default port of
// https and http (RFC 9110, section 4.2). A host whose port is empty or not a number is
// not served: servers disagree about it.
func (r *Registry) serves(host string) bool {
	name, port, ok := splitHost(lowerASCII(host))
	has := func(host string) bool { return slices.Contains(r.hosts, host) }
	switch {
	case !ok:
		return false
	case port == "":
		return has(name) || has(name+":443") || has(name+":80")
	}
	return has(name) || has(name+":"+port)
}

// errNotServed says that a host is not the registry's, and whether only its port is
// another one.
func (r *Registry) errNotServed(host string) error {
	host = withoutUser(host)
	name, _, _ := splitHost(lowerASCII(host))
	for _, h := range r.hosts {
		if own, port, _ := splitHost(h); own == name {
			return fmt.Errorf("host %q is not a host of registry %q, which has that host with port %s alone; a host without a port in registries.yaml means every port", host, r.Name, port)
		}
	}
	return fmt.Errorf("host %q is not a host of registry %q", host, r.Name)
}

// sharedHost is a host that both registries serve, "" for none.
func (r *Registry) sharedHost(other *Registry) string {
	for _, pair := range [...][2]*Registry{{r, other}, {other, r}} {
		for _, h := range pair[0].hosts {
			name, _, _ := splitHost(h)
			switch {
			case pair[1].serves(h):
				return h
			case pair[0].serves(name) && pair[1].serves(name):
				return name
			}
		}
	}
	return ""
}

// splitHost splits a Host header into a name, or an IPv6 address in brackets, and
// a port, which is "" if there is none. It reports whether the port, if any, is a
// number from 0 to 65535.
func splitHost(host string) (name, port string, ok bool) {
	end := strings.IndexByte(host, ':')
	if strings.HasPrefix(host, "[") {
		end = strings.IndexByte(host, ']') + 1
	}
	if end < 0 || end == len(host) {
		return host, "", true
	}
	name = host[:end]
	port, ok = strings.CutPrefix(host[end:], ":")
	return name, port, ok && isPort(port)
}

// validPort reports whether host has a valid port or none.
func validPort(host string) bool {
	_, _, ok := splitHost(host)
	return ok
}

// isPort reports whether text is a port in decimal digits.
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil && len(text) <= len("65535")
}

// lowerASCII returns text with the letters A to Z in lower case. Other letters
// stay, even if Unicode has a lower case for them: a host name is ASCII (RFC 1123,
// section 2.1), and the Kelvin sign is not a k.
func lowerASCII(text string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, text)
}

// withoutUser cuts off what stands before an @, where a client may have put a
// password.
func withoutUser(host string) string {
	return host[strings.LastIndexByte(host, '@')+1:]
}
