package policystore

import (
	"fmt"
	"slices"
	"strings"
)

// find returns the registry of a request. Envoy's configuration names it; the
// Host header, which is the client's word, must agree, and chooses alone only
// among registries whose operator says that Envoy routes by it.
func (all registries) find(name, host string) (*Registry, error) {
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

// serves tells whether host is one of the registry's. A host that
// registries.yaml gives without a port stands for every port.
func (r *Registry) serves(host string) bool {
	host = strings.ToLower(host)
	return slices.Contains(r.hosts, host) || slices.Contains(r.hosts, withoutPort(host))
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

func withoutPort(host string) string {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return host
	}
	return host[:i]
}

// withoutUser cuts off what stands before an @, where a client may have put a
// password.
func withoutUser(host string) string {
	return host[strings.LastIndexByte(host, '@')+1:]
}
