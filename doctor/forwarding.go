package doctor

import "fmt"

// rewrites are the fields of a route by which it changes the path. Envoy changes it after the
// check.
func rewrites() []string {
	return []string{"prefix_rewrite", "regex_rewrite", "path_rewrite_policy", "path_rewrite"}
}

// checkForwarding checks what Envoy does with an authorized request of a route.
func (d *doctor) checkForwarding(r *route) {
	for _, field := range rewrites() {
		at := r.action.get(field)
		if !at.exists() || at.text() != "" && at.text() == r.get("match", "prefix").text() {
			continue
		}
		d.report(pathRewritten, at, fmt.Sprintf("the path is rewritten after the check (%s)", field),
			"serve the registry at /v2/; if it needs another prefix, rewrite only that, and test that every path of /v2/ leads to the same repository")
	}
	if at := r.action.get("internal_redirect_policy"); at.exists() {
		d.report(internalRedirect, at, "Envoy follows redirects of the registry without a check", "remove internal_redirect_policy, so that clients follow them")
	}
}

// checkPerRoute checks the settings of a route for its check.
func (d *doctor) checkPerRoute(r *route, f *httpFilter) {
	settings := r.setting(f.name).get("check_settings")
	if at := settings.get("with_request_body"); at.exists() {
		d.report(bodyBuffered, at, "ext_authz buffers the bodies of requests, and a layer is larger than any buffer", "remove with_request_body")
	}
	if extension, found := r.extensions(f.name)["headers"]; found {
		d.checkAllHeaders(extension, f)
	}
}
