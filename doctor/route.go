package doctor

import (
	"slices"
)

// A route is a route of a connection manager that forwards requests, with the settings that it
// has for each filter.
type route struct {
	value             // the item of routes
	action    value   // what Envoy does with the request
	host      value   // its virtual host
	settings  []value // typed_per_filter_config, from the route configuration to the most specific
	cluster   string  // "" if the request selects it
	clusterAt value
}

// routes returns the routes of a connection manager, one for each cluster that a route can
// select. known is false if the input does not contain them.
func (c *Config) routesOf(manager value) (all []route, known bool) {
	configuration := manager.get("route_config")
	if name := manager.get("rds", "route_config_name").text(); name != "" {
		configuration = c.routes[name]
	}
	known = configuration.exists()
	for _, host := range configuration.get("virtual_hosts").list() {
		outer := settings(nil, configuration, host)
		for _, item := range host.get("routes").list() {
			all = append(all, forwarding(host, item, outer)...)
		}
	}
	return all, known
}

// settings appends the settings for filters that values have.
func settings(outer []value, of ...value) []value {
	all := slices.Clone(outer)
	for _, v := range of {
		if s := v.get("typed_per_filter_config"); s.exists() {
			all = append(all, s)
		}
	}
	return all
}

// forwarding returns a route for each cluster of an item of routes, none if the item does not
// forward requests.
func forwarding(host, item value, outer []value) (all []route) {
	action := item.get("route")
	if !action.exists() {
		return nil
	}
	r := route{value: item, action: action, host: host, settings: settings(outer, item)}
	weighted := action.get("weighted_clusters", "clusters").list()
	for _, cluster := range weighted {
		one := r
		one.settings, one.clusterAt = settings(r.settings, cluster), cluster.get("name")
		one.cluster = one.clusterAt.text()
		all = append(all, one)
	}
	if len(weighted) == 0 {
		r.clusterAt = action.get("cluster")
		r.cluster = r.clusterAt.text()
		all = append(all, r)
	}
	return all
}

// setting returns the most specific setting of a route for a filter.
func (r *route) setting(filter string) message {
	for _, s := range slices.Backward(r.settings) {
		if v := s.get(filter); v.exists() {
			return v.message()
		}
	}
	return message{}
}

// checkedBy reports whether a filter handles the requests of a route. If not, at is the value
// that disables it.
func (r *route) checkedBy(f *httpFilter) (checked bool, at value) {
	setting := r.setting(f.name)
	switch {
	case !setting.exists():
		return !f.disabled, f.entry.get("disabled")
	case setting.get("disabled").isTrue():
		return false, setting.get("disabled")
	}
	return true, value{} // a setting enables a filter that is disabled
}

// extensions returns the context extensions of a route: for each name the most specific value.
func (r *route) extensions(filter string) map[string]value {
	all := map[string]value{}
	for _, s := range r.settings {
		setting := s.get(filter).message()
		if config := setting.get("config"); setting.name == "FilterConfig" && config.exists() {
			setting = config.message()
		}
		for name, v := range setting.get("check_settings", "context_extensions").members() {
			all[name] = v
		}
	}
	return all
}

// target returns the value to report for a route: its cluster, or else its action.
func (r *route) target() value {
	if r.clusterAt.exists() {
		return r.clusterAt
	}
	return r.action
}
