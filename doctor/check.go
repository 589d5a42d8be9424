package doctor

import (
	"fmt"
	"slices"

	"extauthz/diag"
	"extauthz/policystore"
)

// Options are what an operator says about a configuration.
type Options struct {
	// Policies is the policy directory of the extauthz that this Envoy calls. nil leaves out
	// what depends on it.
	Policies *policystore.Snapshot
	// Unchecked lists clusters that requests may reach without a check, because they are
	// not registries.
	Unchecked []string
}

// Check returns what in a configuration undoes the protection or harms users, in the order of
// files and lines.
func Check(c *Config, o Options) diag.List {
	d := &doctor{config: c, options: o}
	d.admit()
	for i := range d.managers {
		d.checkManager(&d.managers[i])
	}
	d.checkOtherRoutes()
	d.checkAdmin()
	d.checkRegistriesUsed()
	return slices.CompactFunc(d.findings.Sorted(), isSame)
}

// isSame reports whether two findings are about one value, which aliases repeat.
func isSame(a, b diag.Diagnostic) bool {
	a.Pointer = b.Pointer
	return a == b && a.Line > 0
}

// A doctor collects findings.
type doctor struct {
	config   *Config
	options  Options
	managers []manager
	proxies  []proxy // that forward without HTTP
	findings diag.List
}

// A manager is a connection manager with what its requests meet.
type manager struct {
	proxy
	filters []httpFilter
	checks  []httpFilter // those of filters that are checks
	routes  []route
}

// admit sets the managers and proxies.
func (d *doctor) admit() {
	for _, p := range d.config.proxies() {
		if p.name == tcpProxy {
			d.proxies = append(d.proxies, p)
			continue
		}
		m := manager{proxy: p, filters: d.config.httpFilters(p.get("http_filters"))}
		m.checks = checks(m.filters)
		var known bool
		if m.routes, known = d.config.routesOf(p.value); !known {
			d.report(unknownRoutes, p.routesAt(), "the routes of this connection manager are not in the input",
				"read the dump of Envoy's /config_dump, which contains them, or name the file with the routes as well")
		}
		d.managers = append(d.managers, m)
	}
}

// routesAt returns where a connection manager says which routes it has.
func (p *proxy) routesAt() value {
	for _, field := range []string{"rds", "scoped_routes"} {
		if v := p.get(field); v.exists() {
			return v
		}
	}
	return p.value
}

// report adds a finding at a value.
func (d *doctor) report(c code, at value, problem, remedy string) {
	d.findings = append(d.findings, diag.Diagnostic{
		Position: at.position(), Severity: c.severity(), Code: string(c), Problem: problem, Remedy: remedy, Pointer: at.pointer,
	})
}

// checkManager checks a connection manager with a check. Without one, only its routes matter;
// see checkOtherRoutes.
func (d *doctor) checkManager(m *manager) {
	if len(m.checks) == 0 {
		return
	}
	d.checkAccessLogs(m)
	d.checkPeers(m)
	d.checkUpgrades(m.get("upgrade_configs"), m)
	d.checkFilters(m)
	for i := range m.checks {
		d.checkFilter(&m.checks[i], m)
	}
	for i := range m.routes {
		d.checkRoute(&m.routes[i], m)
	}
}

// checkedBy returns the check that handles the requests of a route, nil if none does. at is
// then the value that disables the last one.
func (m *manager) checkedBy(r *route) (f *httpFilter, at value) {
	for i := range m.checks {
		checked, disables := r.checkedBy(&m.checks[i])
		if checked {
			return &m.checks[i], value{}
		}
		if disables.exists() {
			at = disables
		}
	}
	return nil, at
}

// isUnchecked reports whether requests may reach a cluster without a check.
func (d *doctor) isUnchecked(cluster string) bool {
	return slices.Contains(d.options.Unchecked, cluster)
}

// checkRoute checks a route of a connection manager that has a check.
func (d *doctor) checkRoute(r *route, m *manager) {
	f, at := m.checkedBy(r)
	if f == nil {
		if !d.isUnchecked(r.cluster) {
			if !at.exists() {
				at = r.target()
			}
			d.report(uncheckedRoute, at, fmt.Sprintf("requests of a route to cluster %q are not checked", r.cluster),
				"remove what disables ext_authz here, or name the cluster with --unchecked if it is not a registry")
		}
		return
	}
	d.checkUpgrades(r.action.get("upgrade_configs"), m)
	d.checkForwarding(r)
	d.checkPerRoute(r, f)
	d.checkTrustedHeader(r, f, m)
	d.checkRegistry(r, f, m)
}
