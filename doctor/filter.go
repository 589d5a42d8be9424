package doctor

import (
	"fmt"
	"strings"
)

// checkFilter checks the settings of an ext_authz filter, and the cluster that it calls.
func (d *doctor) checkFilter(f *httpFilter, m *manager) {
	if at := f.get("failure_mode_allow"); at.isTrue() {
		d.report(failureAllowed, at, "a request whose check fails is forwarded", "write failure_mode_allow: false")
	}
	if at := f.get("shadow_mode"); at.isTrue() {
		d.report(shadowMode, at, "denials have no effect", "remove shadow_mode; to try policies without effect, use shadow policies of extauthz")
	}
	if at := f.get("with_request_body"); at.exists() {
		d.report(bodyBuffered, at, "ext_authz buffers the bodies of requests, and a layer is larger than any buffer", "remove with_request_body")
	}
	for _, field := range []string{"clear_route_cache", "clear_route_cache_headers"} {
		if at := f.get(field); at.isTrue() || len(at.list()) > 0 {
			d.report(routeCacheCleared, at, "the route is selected again after the check", "remove "+field)
		}
	}
	d.checkEnabled(f, m)
	d.checkHeaders(f)
	d.checkService(f)
}

// checkEnabled checks the conditions on which a filter handles requests. A filter that denies
// requests when it is disabled harms only users, who notice it.
func (d *doctor) checkEnabled(f *httpFilter, m *manager) {
	if f.get("deny_at_disable", "default_value").isTrue() {
		return
	}
	if at := f.get("filter_enabled", "default_value"); at.exists() && share(at) < 1 {
		d.report(sometimesChecked, at, fmt.Sprintf("only %g %% of the requests are checked", 100*share(at)), "remove filter_enabled")
	}
	if at := f.get("filter_enabled_metadata"); at.exists() && !alwaysMatches(m.filters, f, at) {
		d.report(sometimesChecked, at, "only requests with this metadata are checked",
			"remove filter_enabled_metadata; in an AuthorizationPolicy of Istio with the action CUSTOM, use one rule without conditions")
	}
}

// share returns the share of a FractionalPercent, 0 if it is not valid.
func share(fraction value) float64 {
	denominators := map[string]float64{"": 100, "HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}
	denominator, known := denominators[fraction.get("denominator").text()]
	if !known {
		return 0
	}
	return fraction.get("numerator").number(0) / denominator
}

// alwaysMatches reports whether a filter before f sets the metadata for every request. Istio
// selects the requests of a policy with the action CUSTOM by the shadow rules of an RBAC filter,
// which write the name of the rule that matches into its metadata.
func alwaysMatches(filters []httpFilter, f *httpFilter, matcher value) bool {
	if matcher.get("filter").text() != "envoy.filters.http.rbac" || matcher.get("invert").isTrue() {
		return false
	}
	var key string
	for _, step := range matcher.get("path").list() {
		key = step.get("key").text()
	}
	for _, other := range before(filters, f) {
		prefix := other.get("shadow_rules_stat_prefix").text()
		if other.message.name != "RBAC" || other.disabled || !strings.HasPrefix(key, prefix) {
			continue
		}
		for _, policy := range other.get("shadow_rules", "policies").members() {
			if matchesAny(policy.get("permissions"), "and_rules", "rules") && matchesAny(policy.get("principals"), "and_ids", "ids") {
				return true
			}
		}
	}
	return false
}

// matchesAny reports whether a list of permissions or principals has an item without conditions.
func matchesAny(list value, all, items string) bool {
	for _, item := range list.list() {
		if item.get("any").isTrue() {
			return true
		}
		if rules := item.get(all, items).list(); len(rules) > 0 && matchesEach(rules, all, items) {
			return true
		}
	}
	return false
}

// matchesEach reports whether no item of a conjunction has a condition.
func matchesEach(rules []value, all, items string) bool {
	for _, rule := range rules {
		nested := rule.get(all, items).list()
		if !rule.get("any").isTrue() && (len(nested) == 0 || !matchesEach(nested, all, items)) {
			return false
		}
	}
	return true
}

// checkFilters checks the filters after the last check, which handle requests that are already
// authorized, and those that buffer bodies.
func (d *doctor) checkFilters(m *manager) {
	authorized := false
	for i := range m.filters {
		f := &m.filters[i]
		if f.message.name == "Buffer" && !f.disabled {
			d.report(bodyBuffered, f.entry, "the buffer filter holds the bodies of requests, and a layer is larger than any buffer", "remove the filter")
		}
		if f.isCheck() {
			authorized = true
			continue
		}
		if authorized {
			d.checkAfter(f)
		}
	}
}

// changing are the filters that run an operator's code or change what the registry reads.
func changing() []string {
	return []string{"Lua", "Wasm", "ExternalProcessor", "Config", "DynamicModuleFilter", "HeaderMutation", "GrpcJsonTranscoder", "Decompressor", "Transform"}
}

func (d *doctor) checkAfter(f *httpFilter) {
	if at := clearsRouteCache(f); at.exists() {
		d.report(routeCacheCleared, at, fmt.Sprintf("the filter %q selects the route again after the check", f.name), "move it before ext_authz, or do not clear the route cache")
		return
	}
	for _, name := range changing() {
		if f.message.name == name {
			d.report(changedAfterCheck, f.entry, fmt.Sprintf("the filter %q can change a request that is already authorized", f.name), "move it before ext_authz")
		}
	}
}

// clearsRouteCache returns the setting by which a filter has the route selected again.
func clearsRouteCache(f *httpFilter) value {
	if at := f.get("clear_route_cache"); at.isTrue() {
		return at
	}
	if at := f.get("route_cache_action"); at.text() == "CLEAR" {
		return at
	}
	return value{}
}
