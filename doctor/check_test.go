package doctor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The parts of a small configuration.
const (
	check = `{name: authz, typed_config: {"@type": a/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz, grpc_service: {timeout: 1s, envoy_grpc: {cluster_name: authz}, retry_policy: {}}%s}}`
	rbac  = `{name: rbac, typed_config: {"@type": a/envoy.extensions.filters.http.rbac.v3.RBAC, shadow_rules_stat_prefix: istio_, shadow_rules: {policies: {p: {permissions: [%s], principals: [{and_ids: {ids: [{any: true}]}}]}}}}}`
)

// manage returns a listener with a connection manager.
func manage(filters, routes string) string {
	return fmt.Sprintf(`{filter_chains: [{filters: [{typed_config: {"@type": a/x.HttpConnectionManager, http_filters: [%s], route_config: {virtual_hosts: [{domains: [registry.example.com], routes: [%s]}]}}}]}]}`, filters, routes)
}

// bootstrap returns a bootstrap with listeners. Two clusters have the same endpoint.
func bootstrap(listeners ...string) string {
	return fmt.Sprintf(`{static_resources: {listeners: [%s], clusters: [
		{name: registry, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 5000}}}}]}]}},
		{name: same, loadAssignment: {endpoints: [{lbEndpoints: [{endpoint: {address: {socketAddress: {address: 10.0.0.1, portValue: 5000}}}}]}]}},
		{name: site, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: /site}}}}]}]}}]}}`, strings.Join(listeners, ", "))
}

func TestCheck(t *testing.T) {
	plain := fmt.Sprintf(check, "")
	toRegistry := "{match: {prefix: /}, route: {cluster: registry}}"
	disabled := `typed_per_filter_config: {authz: {"@type": a/ExtAuthzPerRoute, disabled: true}}`
	enabledBy := func(permissions string) string {
		return fmt.Sprintf(rbac, permissions) + ", " + fmt.Sprintf(check, ", filter_enabled_metadata: {filter: envoy.filters.http.rbac, path: [{key: istio_shadow_effective_policy_id}]}")
	}
	cases := []struct {
		name, config string
		unchecked    []string
		want         []code
	}{
		{"a checked route", bootstrap(manage(plain, toRegistry)), nil, nil},
		{"a route that aliases repeat", bootstrap(manage(plain, "&open {route: {cluster: site}, "+disabled+"}, *open, *open")), nil, []code{uncheckedRoute}},
		{"equal routes in several places", bootstrap(manage(plain, "{route: {cluster: site}, "+disabled+"}, {route: {cluster: site}, "+disabled+"}")), nil, []code{uncheckedRoute, uncheckedRoute}},
		{"a filter that aliases repeat", bootstrap(manage("&check "+strings.Replace(plain, "timeout: 1s", "timeout: 0s", 1), toRegistry), manage("*check", toRegistry)), nil, []code{noTimeout}},
		{"camel case", strings.NewReplacer("http_filters", "httpFilters", "filter_chains", "filterChains", "route_config", "routeConfig", "static_resources", "staticResources", "typed_config", "typedConfig", "virtual_hosts", "virtualHosts", "grpc_service", "grpcService", "envoy_grpc", "envoyGrpc", "cluster_name", "clusterName", "retry_policy", "retryPolicy").Replace(bootstrap(manage(plain, toRegistry))), nil, nil},
		{"no connection manager", bootstrap(), nil, []code{noCheck}},
		{"two managers, none with a check", bootstrap(manage("", toRegistry), manage("", toRegistry)), nil, []code{noCheck, noCheck}},
		{"another listener to the cluster", bootstrap(manage(plain, toRegistry), manage("", toRegistry)), nil, []code{otherRoute}},
		{"another listener to the same endpoint", bootstrap(manage(plain, toRegistry), manage("", "{route: {cluster: same}}")), nil, []code{otherRoute}},
		{"another listener to another cluster", bootstrap(manage(plain, toRegistry), manage("", "{route: {cluster: site}}")), nil, nil},
		{"a weighted cluster of another listener", bootstrap(manage(plain, toRegistry), manage("", "{route: {weighted_clusters: {clusters: [{name: site}, {name: same}]}}}")), nil, []code{otherRoute}},
		{"a TCP proxy", bootstrap(manage(plain, toRegistry), `{default_filter_chain: {filters: [{typed_config: {"@type": a/TcpProxy, weighted_clusters: {clusters: [{name: same}]}}}]}}`), nil, []code{otherRoute}},
		{"check disabled by the route", bootstrap(manage(plain, toRegistry+", {route: {cluster: site}, "+disabled+"}")), nil, []code{uncheckedRoute}},
		{"check disabled for what is not a registry", bootstrap(manage(plain, toRegistry+", {route: {cluster: site}, "+disabled+"}")), []string{"site"}, nil},
		{"check disabled by a weighted cluster", bootstrap(manage(plain, "{route: {weighted_clusters: {clusters: [{name: registry}, {name: same, "+disabled+"}]}}}")), nil, []code{uncheckedRoute}},
		{"check disabled by the virtual host", strings.Replace(bootstrap(manage(plain, toRegistry)), "{domains:", "{"+disabled+", domains:", 1), nil, []code{uncheckedRoute}},
		{"check disabled by the host and enabled by the route", strings.Replace(bootstrap(manage(plain, `{route: {cluster: registry}, typed_per_filter_config: {authz: {"@type": a/ExtAuthzPerRoute, check_settings: {}}}}`)), "{domains:", "{"+disabled+", domains:", 1), nil, nil},
		{"a disabled filter that no route enables", bootstrap(manage(strings.Replace(plain, "name: authz", "name: authz, disabled: true", 1), toRegistry)), nil, []code{uncheckedRoute}},
		{"a disabled filter that the route enables", bootstrap(manage(strings.Replace(plain, "name: authz", "name: authz, disabled: true", 1), `{route: {cluster: registry}, typed_per_filter_config: {authz: {"@type": a/FilterConfig, config: {}}}}`)), nil, nil},
		{"a direct response without a check", bootstrap(manage(plain, toRegistry+", {direct_response: {status: 404}, "+disabled+"}")), nil, nil},
		{"metadata of a rule for every request", bootstrap(manage(enabledBy("{and_rules: {rules: [{any: true}]}}"), toRegistry)), nil, nil},
		{"metadata of a rule for a path", bootstrap(manage(enabledBy("{and_rules: {rules: [{any: true}, {url_path: {}}]}}"), toRegistry)), nil, []code{sometimesChecked}},
		{"metadata that is inverted", strings.Replace(bootstrap(manage(enabledBy("{any: true}"), toRegistry)), "filter: envoy", "invert: true, filter: envoy", 1), nil, []code{sometimesChecked}},
		{"metadata of a filter that follows", bootstrap(manage(fmt.Sprintf(check, ", filter_enabled_metadata: {filter: envoy.filters.http.rbac, path: [{key: istio_x}]}")+", "+fmt.Sprintf(rbac, "{any: true}"), toRegistry)), nil, []code{sometimesChecked}},
		{"denied where the check is disabled", bootstrap(manage(fmt.Sprintf(check, ", filter_enabled: {default_value: {numerator: 1}}, deny_at_disable: {default_value: true}"), toRegistry)), nil, nil},
		{"a share of a million", bootstrap(manage(fmt.Sprintf(check, ", filter_enabled: {default_value: {numerator: 1000000, denominator: MILLION}}"), toRegistry)), nil, nil},
		{"an unknown denominator", bootstrap(manage(fmt.Sprintf(check, ", filter_enabled: {default_value: {numerator: 100, denominator: x}}"), toRegistry)), nil, []code{sometimesChecked}},
		{"any host of two clusters", strings.Replace(bootstrap(manage(plain, toRegistry+", {route: {cluster: site}}")), "[registry.example.com]", `["*"]`, 1), nil, []code{anyHost}},
		{"any host of one cluster", strings.Replace(bootstrap(manage(plain, toRegistry)), "[registry.example.com]", `["*"]`, 1), nil, nil},
		{"routes of a control plane", strings.Replace(bootstrap(manage(plain, toRegistry)), "route_config: {", "rds: {route_config_name: x}, ignored: {", 1), nil, []code{unknownRoutes}},
		{"a check that a control plane serves", bootstrap(manage(`{name: authz, config_discovery: {type_urls: [a/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz]}}`, toRegistry)), nil, nil},
		{"a filter in a TypedStruct", bootstrap(manage(`{name: authz, typed_config: {"@type": a/xds.type.v3.TypedStruct, type_url: a/v3.ExtAuthz, value: {failure_mode_allow: true, grpc_service: {timeout: 1s, envoy_grpc: {}, retry_policy: {}}}}}`, toRegistry)), nil, []code{failureAllowed}},
		{"route cache cleared by a later filter", bootstrap(manage(plain+`, {name: x, typed_config: {"@type": a/ExternalProcessor, route_cache_action: CLEAR}}`, toRegistry)), nil, []code{routeCacheCleared}},
		{"a buffer", bootstrap(manage(`{name: b, typed_config: {"@type": a/envoy.extensions.filters.http.buffer.v3.Buffer}}, `+plain, toRegistry)), nil, []code{bodyBuffered}},
		{"not a proxy's filter", bootstrap(manage(plain, toRegistry), `{filter_chains: [{filters: [{typed_config: {"@type": a/RBAC}}]}]}`), nil, nil},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			var got []code
			all := findings(t, test.config, Options{Unchecked: test.unchecked})
			for _, f := range all {
				got = append(got, code(f.Code))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("findings %v, want %v", all, test.want)
			}
		})
	}
}

func TestAdd(t *testing.T) {
	manager := manage(fmt.Sprintf(check, ""), "{match: {prefix: /}, route: {cluster: registry}}")
	served := strings.Replace(manager, "route_config: {", "rds: {route_config_name: r}, ignored: {", 1)
	routes := `name: r, virtual_hosts: [{domains: [a], routes: [{route: {cluster: registry, prefix_rewrite: /x}}]}]`
	cases := []struct {
		name  string
		files []string
		want  []code // of the findings
		error string // of the last file
	}{
		{"a config dump", []string{`{configs: [
			{"@type": a/envoy.admin.v3.BootstrapConfigDump, bootstrap: {admin: {address: {socket_address: {address: 0.0.0.0}}}}},
			{"@type": a/envoy.admin.v3.ListenersConfigDump, dynamic_listeners: [{active_state: {listener: ` + served + `}}, {error_state: {}}]},
			{"@type": a/envoy.admin.v3.RoutesConfigDump, dynamic_route_configs: [{route_config: {` + routes + `}}]}]}`},
			[]code{adminReachable, pathRewritten}, ""},
		{"a bootstrap and xDS files", []string{
			`{admin: {}, dynamic_resources: {}}`,
			`{resources: [` + strings.Replace(served, "{", `{"@type": a/envoy.config.listener.v3.Listener, `, 1) + `]}`,
			`{resources: [{"@type": a/envoy.config.route.v3.RouteConfiguration, ` + routes + `}]}`},
			[]code{pathRewritten}, ""},
		{"endpoints of a control plane", []string{`{configs: [
			{"@type": a/ListenersConfigDump, static_listeners: [{listener: ` + manager + `}, {listener: ` + manage("", "{route: {cluster: other}}") + `}]},
			{"@type": a/ClustersConfigDump, dynamic_active_clusters: [{cluster: {name: registry, eds_cluster_config: {service_name: s}}}, {cluster: {name: other}}]},
			{"@type": a/EndpointsConfigDump, dynamic_endpoint_configs: [
				{endpoint_config: {cluster_name: s, endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: /p}}}}]}]}},
				{endpoint_config: {cluster_name: other, endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: /p}}}}]}]}}]}]}`},
			[]code{otherRoute}, ""},
		{"JSON", []string{`{"static_resources": {"listeners": []}}`}, []code{noCheck}, ""},
		{"not Envoy's", []string{"registries: []"}, nil, "1:1: not a configuration of Envoy"},
		{"not YAML", []string{"a: [b"}, nil, "not valid YAML"},
		{"empty", []string{"# only a comment\n"}, nil, "the file is empty"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			var c Config
			var err error
			for i, text := range test.files {
				err = c.Add(fmt.Sprintf("file%d", i), []byte(text))
			}
			switch {
			case test.error == "" && err != nil, test.error != "" && (err == nil || !strings.Contains(err.Error(), test.error)):
				t.Fatalf("error %v, want %q", err, test.error)
			case err != nil:
				return
			}
			var got []code
			for _, f := range Check(&c, Options{}) {
				got = append(got, code(f.Code))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("findings %v, want %v", got, test.want)
			}
		})
	}
}

func TestQueryOperator(t *testing.T) {
	cases := map[string]string{
		"%PATH(NQ:PATH)% %REQ(X-REQUEST-ID)%":    "",
		"%REQ(:PATH)%":                           "%REQ(:PATH)%",
		"a %REQ(X-ENVOY-ORIGINAL-PATH?:PATH):9%": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):9%",
		"%req(referer)%":                         "%req(referer)%",
		"%PATH(WQ:ORIG)%":                        "%PATH(WQ:ORIG)%",
		"%PATH%":                                 "%PATH%",
		"%QUERY_PARAM(token)%":                   "%QUERY_PARAM(token)%",
		"%REQ(:METHOD)% 100%% %PROTOCOL%":        "",
		"%":                                      "",
		"%REQ(":                                  "",
	}
	for format, want := range cases {
		if got := queryOperator(format); got != want {
			t.Errorf("%q prints a query with %q, want %q", format, got, want)
		}
	}
}

func TestMatches(t *testing.T) {
	cases := []struct {
		patterns, name string
		want           bool
	}{
		{"[{exact: cookie}]", "cookie", true},
		{"[{exact: Cookie}]", "cookie", false},
		{"[{exact: Cookie, ignore_case: true}]", "cookie", true},
		{"[{prefix: x-}, {suffix: ie}]", "cookie", true},
		{"[{contains: ook}]", "cookie", true},
		{"[{safe_regex: {regex: c.*}}]", "cookie", true},
		{"[{safeRegex: {regex: c}}]", "cookie", false},
		{"[{safe_regex: {regex: (}}]", "cookie", false},
		{"[{custom: {}}]", "cookie", false},
		{"[]", "cookie", false},
	}
	for _, test := range cases {
		list, err := parse("x", []byte("patterns: "+test.patterns))
		if err != nil {
			t.Fatal(err)
		}
		if got := matches(list, test.name); got != test.want {
			t.Errorf("%s matches %q: %v, want %v", test.patterns, test.name, got, test.want)
		}
	}
}

// TestRules checks that every rule is complete, and that tests have a finding of each.
func TestRules(t *testing.T) {
	var codes []string
	for _, r := range Rules() {
		codes = append(codes, r.Code)
		if r.Summary == "" || r.Why == "" {
			t.Errorf("%s: no summary or reason", r.Code)
		}
	}
	if slices.Sort(codes); len(slices.Compact(slices.Clone(codes))) != len(codes) || len(codes) < 30 {
		t.Errorf("%d codes, some of them twice, or less than 30", len(codes))
	}
}

// FuzzCheck checks that no text makes the check fail, and that a finding has a place.
func FuzzCheck(f *testing.F) {
	f.Add(bootstrap(manage(fmt.Sprintf(check, ""), "{route: {cluster: registry}}")))
	f.Add(`{configs: [{"@type": a/ListenersConfigDump, static_listeners: [{listener: {}}]}]}`)
	f.Add("a: &a [*a]\nstatic_resources: {listeners: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		var c Config
		if c.Add("x", []byte(text)) != nil {
			return
		}
		for _, finding := range Check(&c, Options{}) {
			if finding.Code == "" || finding.Problem == "" {
				t.Errorf("a finding without a code or a problem: %+v", finding)
			}
		}
	})
}

func TestLimits(t *testing.T) {
	laughs := "static_resources: {}\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		laughs += fmt.Sprintf("%c: &%[1]c [*%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c]\n", 'b'+i, 'a'+i)
	}
	cases := map[string]string{
		"aliases to aliases":         laughs,
		"an alias in its own anchor": "static_resources: &a { listeners: *a }",
		"lists in lists":             "static_resources: " + strings.Repeat("[", 300) + strings.Repeat("]", 300),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			if err := new(Config).Add("x", []byte(text)); err == nil {
				t.Error("no error")
			}
		})
	}
}
