package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"extauthz/diag"
)

// validHosts returns the host names of a registry, without those that have a fault.
func (e *registryEntry) validHosts(at *entry) (hosts []string) {
	if len(e.Hosts) == 0 {
		at.fault("the registry has no host", "write the host names that clients use for it", "hosts")
	}
	for i, host := range e.Hosts {
		_, port, ok := splitHost(host)
		switch {
		case !hostName.MatchString(host):
			at.fault(fmt.Sprintf("host %q is not valid", host), "write a lower-case host name or address, with a port only if it matters", "hosts", i)
		case !ok || strings.HasPrefix(port, "0"):
			at.fault(fmt.Sprintf("host %q does not have a valid port", host), "write a port from 1 to 65535, or none, which means every port", "hosts", i)
		default:
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// Find returns the registry of a request. Envoy's configuration may give its name. The
// Host header comes from the client: it must be a host of that registry. Without a name it
// selects a registry, but only one with byHost.
func (all *Registries) Find(name, host string) (*RegistrySettings, error) {
	if shown := withoutUser(host); !validPort(shown) {
		return nil, fmt.Errorf("host %q has a port that is not a number from 0 to 65535", shown)
	}
	if name != "" {
		r := all.Named(name)
		switch {
		case r == nil:
			return nil, fmt.Errorf("context_extensions name registry %q, which registries.yaml does not have", name)
		case !r.Serves(host):
			return nil, r.errNotServed(host)
		}
		return r, nil
	}
	for _, r := range all.List {
		if r.ByHost && r.Serves(host) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("context_extensions name no registry, and no registry is selected by host %q", withoutUser(host))
}

// Named returns the registry with a name, nil if none has it.
func (all *Registries) Named(name string) *RegistrySettings { return all.byName[name] }

// Host returns the registry's first host name.
func (r *RegistrySettings) Host() string { return r.Hosts[0] }

// Serves reports whether host is one of the registry's. A host without a port in
// registries.yaml means every port. A host with a port means this port only; with port 443
// or 80 it also means no port, because clients leave out the default port of https and
// http (RFC 9110, section 4.2). A host whose port is empty or not a number is not served,
// because servers disagree about it.
func (r *RegistrySettings) Serves(host string) bool {
	name, port, ok := splitHost(lowerASCII(host))
	has := func(host string) bool { return slices.Contains(r.Hosts, host) }
	switch {
	case !ok:
		return false
	case port == "":
		return has(name) || has(name+":443") || has(name+":80")
	}
	return has(name) || has(name+":"+port)
}

// errNotServed returns an error about a host that is not the registry's. It describes
// whether only the port differs.
func (r *RegistrySettings) errNotServed(host string) error {
	host = withoutUser(host)
	name, _, _ := splitHost(lowerASCII(host))
	for _, h := range r.Hosts {
		if own, port, _ := splitHost(h); own == name {
			return diag.Problemf("host %q is not a host of registry %q, which has that host with port %s only", host, r.Name, port).
				WithRemedy("to serve it with every port, write it without a port in registries.yaml")
		}
	}
	return fmt.Errorf("host %q is not a host of registry %q", host, r.Name)
}

// sharedHost returns a host that both registries serve, "" if they share none.
func (r *RegistrySettings) sharedHost(other *RegistrySettings) string {
	for _, pair := range [...][2]*RegistrySettings{{r, other}, {other, r}} {
		for _, h := range pair[0].Hosts {
			name, _, _ := splitHost(h)
			switch {
			case pair[1].Serves(h):
				return h
			case pair[0].Serves(name) && pair[1].Serves(name):
				return name
			}
		}
	}
	return ""
}

// splitHost splits a Host header into a name, or an IPv6 address in brackets, and a port,
// which is "" if it has none. It reports whether the port, if any, is a number from 0 to
// 65535.
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

// lowerASCII returns text with the letters A to Z in lower case. Other letters do not
// change, even if Unicode has a lower case for them: a host name is ASCII (RFC 1123,
// section 2.1), and the Kelvin sign is not a k.
func lowerASCII(text string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, text)
}

// withoutUser removes everything before an @, where a client may have put a password.
func withoutUser(host string) string {
	return host[strings.LastIndexByte(host, '@')+1:]
}
