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
			return nil, fmt.Errorf("host %q is not a host of registry %q", withoutUser(host), name)
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

// serves reports whether host is one of the registry's. A host that
// registries.yaml gives without a port means every port. A host whose port is
// empty or not a number is not served: servers disagree about it.
func (r *Registry) serves(host string) bool {
	name, port, ok := splitHost(lowerASCII(host))
	return ok && (slices.Contains(r.hosts, name) || port != "" && slices.Contains(r.hosts, name+":"+port))
}

// sharedHost is a host that both registries serve, "" for none.
func (r *Registry) sharedHost(other *Registry) string {
	for _, h := range r.hosts {
		if other.serves(h) {
			return h
		}
	}
	for _, h := range other.hosts {
		if r.serves(h) {
			return h
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
