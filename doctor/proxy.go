package doctor

import "slices"

// A proxy is a network filter that forwards what it receives: a connection manager or a TCP
// proxy.
type proxy struct {
	message
	listener value
	chain    value // its filter chain
}

// The names of the messages that configure proxies.
const (
	connectionManager = "HttpConnectionManager"
	tcpProxy          = "TcpProxy"
)

// proxies returns the connection managers and TCP proxies of all listeners.
func (c *Config) proxies() (all []proxy) {
	for _, listener := range c.listeners {
		chains := listener.get("filter_chains").list()
		if chain := listener.get("default_filter_chain"); chain.exists() {
			chains = append(chains, chain)
		}
		for _, chain := range chains {
			for _, filter := range chain.get("filters").list() {
				m := filter.get("typed_config").message()
				if m.name == connectionManager || m.name == tcpProxy {
					all = append(all, proxy{m, listener, chain})
				}
			}
		}
		if m := listener.get("api_listener", "api_listener").message(); m.name == connectionManager {
			all = append(all, proxy{m, listener, value{}})
		}
	}
	return all
}

// An httpFilter is a filter of a connection manager.
type httpFilter struct {
	message
	entry    value  // in http_filters
	name     string // by which routes configure it
	disabled bool   // unless a route configures it
}

// httpFilters returns the filters of a connection manager in their order.
func (c *Config) httpFilters(list value) (all []httpFilter) {
	for _, entry := range list.list() {
		f := httpFilter{entry: entry, name: entry.get("name").text(), disabled: entry.get("disabled").isTrue()}
		if discovery := entry.get("config_discovery"); discovery.exists() {
			f.message = c.discovered(f.name, discovery)
		} else {
			f.message = entry.get("typed_config").message()
		}
		all = append(all, f)
	}
	return all
}

// discovered returns the configuration of a filter that a control plane serves. If the input
// does not contain it, it returns the default configuration, or an empty message of the only
// type that the filter can have.
func (c *Config) discovered(name string, discovery value) message {
	if served, found := c.filters[name]; found {
		return served.get("typed_config").message()
	}
	if m := discovery.get("default_config").message(); m.name != "" {
		return m
	}
	types := discovery.get("type_urls").list()
	if len(types) != 1 {
		return message{"", discovery}
	}
	return message{typeName(types[0].text()), discovery}
}

// isCheck reports whether a filter sends requests to a gRPC service to authorize them.
func (f *httpFilter) isCheck() bool {
	return f.name != "" && f.message.name == extAuthz && !f.get("http_service").exists()
}

// The name of the message that configures ext_authz.
const extAuthz = "ExtAuthz"

// before returns the filters before f.
func before(filters []httpFilter, f *httpFilter) []httpFilter {
	i := slices.IndexFunc(filters, func(o httpFilter) bool { return o.entry.node == f.entry.node })
	return filters[:max(i, 0)]
}

// checks returns the filters of a connection manager that are checks.
func checks(filters []httpFilter) []httpFilter {
	return slices.DeleteFunc(slices.Clone(filters), func(f httpFilter) bool { return !f.isCheck() })
}
