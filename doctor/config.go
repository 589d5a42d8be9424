package doctor

import (
	"extauthz/diag"
)

// A Config is a configuration of Envoy, from one or more files. Its zero value is empty.
type Config struct {
	listeners []value
	clusters  map[string]value
	routes    map[string]value // route configurations, by name
	filters   map[string]value // configurations of filters that a control plane serves, by name
	admin     value
	endpoints map[string][]value // of clusters whose endpoints a control plane serves
	documents []value
}

// Add adds the content of a file: a bootstrap, the resources of an xDS file, or the dump of
// Envoy's admin endpoint /config_dump. The error says that the file is none of these.
func (c *Config) Add(file string, text []byte) error {
	document, err := parse(file, text)
	if err != nil {
		return err
	}
	c.documents = append(c.documents, document)
	switch {
	case document.get("configs").exists():
		c.addDump(document.get("configs"))
	case document.get("resources").exists():
		for _, resource := range document.get("resources").list() {
			c.addResource(resource)
		}
	case document.get("static_resources").exists() || document.get("dynamic_resources").exists():
		c.addBootstrap(document)
	default:
		return diag.New(document.position(), "not a configuration of Envoy",
			"name a bootstrap (static_resources or dynamic_resources), an xDS file (resources) or a config dump (configs)")
	}
	return nil
}

func (c *Config) addBootstrap(bootstrap value) {
	if admin := bootstrap.get("admin"); admin.exists() {
		c.admin = admin
	}
	for _, listener := range bootstrap.get("static_resources", "listeners").list() {
		c.addListener(listener)
	}
	for _, cluster := range bootstrap.get("static_resources", "clusters").list() {
		c.addCluster(cluster)
	}
}

// addResource adds a resource of an xDS file.
func (c *Config) addResource(resource value) {
	switch m := resource.message(); m.name {
	case "Listener":
		c.addListener(m.value)
	case "Cluster":
		c.addCluster(m.value)
	case "RouteConfiguration":
		c.addRoutes(m.value)
	case "ClusterLoadAssignment":
		c.addEndpoints(m.value)
	case "TypedExtensionConfig":
		c.addFilter(m.value)
	}
}

// addDump adds the parts of a config dump (Envoy, "admin/v3/config_dump.proto").
func (c *Config) addDump(configs value) {
	for _, config := range configs.list() {
		switch m := config.message(); m.name {
		case "BootstrapConfigDump":
			if admin := m.get("bootstrap", "admin"); admin.exists() {
				c.admin = admin
			}
		case "ListenersConfigDump":
			each(m.get("static_listeners"), "listener", c.addListener)
			for _, dynamic := range m.get("dynamic_listeners").list() {
				c.addListener(dynamic.get("active_state", "listener"))
			}
		case "ClustersConfigDump":
			each(m.get("static_clusters"), "cluster", c.addCluster)
			each(m.get("dynamic_active_clusters"), "cluster", c.addCluster)
		case "RoutesConfigDump":
			each(m.get("static_route_configs"), "route_config", c.addRoutes)
			each(m.get("dynamic_route_configs"), "route_config", c.addRoutes)
		case "EndpointsConfigDump":
			each(m.get("static_endpoint_configs"), "endpoint_config", c.addEndpoints)
			each(m.get("dynamic_endpoint_configs"), "endpoint_config", c.addEndpoints)
		case "EcdsConfigDump":
			each(m.get("ecds_filters"), "ecds_filter", c.addFilter)
		}
	}
}

// each calls add for a field of each item of a list.
func each(list value, field string, add func(value)) {
	for _, item := range list.list() {
		add(item.get(field))
	}
}

func (c *Config) addListener(listener value) {
	if listener.exists() {
		c.listeners = append(c.listeners, listener)
	}
}

func (c *Config) addCluster(cluster value) { addNamed(&c.clusters, "name", cluster) }

func (c *Config) addRoutes(routes value) { addNamed(&c.routes, "name", routes) }

func (c *Config) addFilter(filter value) { addNamed(&c.filters, "name", filter) }

func (c *Config) addEndpoints(assignment value) {
	if c.endpoints == nil {
		c.endpoints = map[string][]value{}
	}
	name := assignment.get("cluster_name").text()
	c.endpoints[name] = append(c.endpoints[name], assignment)
}

// addNamed adds a value to a map, under the text of one of its fields.
func addNamed(to *map[string]value, field string, v value) {
	if name := v.get(field).text(); name != "" {
		if *to == nil {
			*to = map[string]value{}
		}
		(*to)[name] = v
	}
}

// addresses returns where the endpoints of a cluster are: addresses with ports, and paths of
// sockets.
func (c *Config) addresses(cluster string) (all []string) {
	definition := c.clusters[cluster]
	assignments := []value{definition.get("load_assignment")}
	for _, name := range []string{cluster, definition.get("eds_cluster_config", "service_name").text()} {
		assignments = append(assignments, c.endpoints[name]...)
	}
	for _, assignment := range assignments {
		for _, locality := range assignment.get("endpoints").list() {
			for _, endpoint := range locality.get("lb_endpoints").list() {
				if address := addressText(endpoint.get("endpoint", "address")); address != "" {
					all = append(all, address)
				}
			}
		}
	}
	return all
}

// addressText returns an address as text, "" for an address of another kind.
func addressText(address value) string {
	if path := address.get("pipe", "path").text(); path != "" {
		return path
	}
	if socket := address.get("socket_address"); socket.exists() {
		return socket.get("address").text() + ":" + socket.get("port_value").text()
	}
	return ""
}
