package doctor

import (
	"fmt"
	"slices"
)

// checkOtherRoutes reports listeners that reach a cluster without a check that others reach with
// one, and a configuration without any check.
func (d *doctor) checkOtherRoutes() {
	checked, any := d.checkedTargets()
	if !any {
		d.reportNoCheck()
		return
	}
	for i := range d.managers {
		m := &d.managers[i]
		if len(m.checks) > 0 {
			continue
		}
		for _, r := range m.routes {
			d.checkOtherRoute(checked, r.cluster, r.target())
		}
	}
	for _, p := range d.proxies {
		clusters := []value{p.get("cluster")}
		for _, weighted := range p.get("weighted_clusters", "clusters").list() {
			clusters = append(clusters, weighted.get("name"))
		}
		for _, cluster := range clusters {
			d.checkOtherRoute(checked, cluster.text(), cluster)
		}
	}
}

// checkedTargets returns the clusters of the routes with a check, and the addresses of their
// endpoints. any reports whether a connection manager has a check.
func (d *doctor) checkedTargets() (targets map[string]bool, any bool) {
	targets = map[string]bool{}
	for i := range d.managers {
		m := &d.managers[i]
		any = any || len(m.checks) > 0
		for j := range m.routes {
			r := &m.routes[j]
			if f, _ := m.checkedBy(r); f == nil || r.cluster == "" {
				continue
			}
			targets[r.cluster] = true
			for _, address := range d.config.addresses(r.cluster) {
				targets[address] = true
			}
		}
	}
	return targets, any
}

func (d *doctor) checkOtherRoute(checked map[string]bool, cluster string, at value) {
	if cluster == "" || d.isUnchecked(cluster) {
		return
	}
	names := append([]string{cluster}, d.config.addresses(cluster)...)
	if i := slices.IndexFunc(names, func(name string) bool { return checked[name] }); i >= 0 {
		d.report(otherRoute, at, fmt.Sprintf("this listener reaches %s without a check, which other routes reach with one", names[i]),
			"add the ext_authz filter to its connection manager, or remove the route")
	}
}

// reportNoCheck reports a configuration that does not check any request.
func (d *doctor) reportNoCheck() {
	if len(d.managers) == 0 {
		for _, document := range d.config.documents {
			d.report(noCheck, document, "the input has no HTTP connection manager",
				"read the dump of Envoy's /config_dump, or name the files with the listeners as well")
		}
		return
	}
	for i := range d.managers {
		d.report(noCheck, d.managers[i].get("http_filters"), "this connection manager has no ext_authz filter with a gRPC service",
			"add envoy.filters.http.ext_authz with grpc_service before the router, as in examples/quickstart/envoy.yaml")
	}
}

// checkUpgrades checks the filters that an upgrade has instead of those of the connection
// manager.
func (d *doctor) checkUpgrades(upgrades value, m *manager) {
	for _, upgrade := range upgrades.list() {
		filters := upgrade.get("filters")
		if len(filters.list()) > 0 && len(checks(d.config.httpFilters(filters))) == 0 {
			d.report(upgradeUnchecked, filters, fmt.Sprintf("an upgrade to %q does not pass ext_authz", upgrade.get("upgrade_type").text()),
				"remove these filters, so that those of the connection manager apply, or remove the upgrade; registries need none")
		}
	}
}
