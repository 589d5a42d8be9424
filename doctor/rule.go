package doctor

import (
	"slices"
	"strings"

	"extauthz/diag"
)

// A code names a kind of finding. It does not change from version to version.
type code string

const (
	noCheck             code = "no-check"
	uncheckedRoute      code = "unchecked-route"
	otherRoute          code = "other-route-to-registry"
	unknownRoutes       code = "unknown-routes"
	failureAllowed      code = "failure-mode-allow"
	sometimesChecked    code = "check-not-always-enabled"
	shadowMode          code = "shadow-mode"
	internalRedirect    code = "internal-redirect"
	upgradeUnchecked    code = "upgrade-unchecked"
	routeCacheCleared   code = "route-cache-cleared"
	changedAfterCheck   code = "changed-after-check"
	pathRewritten       code = "path-rewritten"
	bodyBuffered        code = "body-buffered"
	hiddenHeader        code = "hidden-header"
	removedUnseen       code = "headers-all-incomplete"
	forgeableHeader     code = "forgeable-header"
	anyHost             code = "any-host"
	unverifiedPeer      code = "unverified-certificate"
	adminReachable      code = "admin-reachable"
	queryLogged         code = "query-in-access-log"
	noTimeout           code = "no-timeout"
	shortRetry          code = "retry-shortens-timeout"
	noRetry             code = "no-retry"
	noCircuitBreaker    code = "no-circuit-breaker"
	noHTTP2             code = "no-http2"
	unknownRegistry     code = "unknown-registry"
	unusedRegistry      code = "unused-registry"
	unnamedRegistry     code = "unnamed-registry"
	noCertificate       code = "no-certificate"
	noTokenMetadata     code = "no-token-metadata"
	trustedHopsMismatch code = "trusted-hops-mismatch"
	headerNotRemoved    code = "header-not-removed"
)

// A rule describes the findings of a code.
type rule struct {
	code     code
	severity diag.Severity
	summary  string // what the finding is, in one sentence
	why      string // what it leads to
}

// rules returns all rules: those of requests that are not checked first, then those of forged
// or hidden facts, of secrets, of failures, and those that need the policy directory.
func rules() []rule {
	return []rule{
		{noCheck, diag.Error, "No connection manager sends requests to ext_authz over gRPC.", "Every request reaches the registry without a check."},
		{uncheckedRoute, diag.Error, "A route of a connection manager with ext_authz is not checked.", "Requests that match it are forwarded without a decision."},
		{otherRoute, diag.Error, "A connection manager or TCP proxy without ext_authz reaches a cluster that other routes reach with a check.", "A client of that listener reaches the registry without a check."},
		{unknownRoutes, diag.Suggestion, "The input does not contain the routes of a connection manager.", "Nothing is known about them."},
		{failureAllowed, diag.Error, "`failure_mode_allow` is true.", "A request whose check fails or takes too long is forwarded."},
		{sometimesChecked, diag.Error, "`filter_enabled` or `filter_enabled_metadata` skips the check of some requests.", "Those requests are forwarded without a decision."},
		{shadowMode, diag.Error, "`shadow_mode` is true.", "The check has no effect."},
		{internalRedirect, diag.Error, "A checked route follows redirects of the registry.", "Envoy does not check the request again, and the new path was not authorized."},
		{upgradeUnchecked, diag.Error, "An upgrade has filters of its own without ext_authz.", "A request with `Upgrade` is forwarded without a check."},
		{routeCacheCleared, diag.Error, "The route is selected again after the check.", "The request can take a route that was not checked."},
		{changedAfterCheck, diag.Warning, "A filter that can change requests follows ext_authz.", "The registry can receive another request than the one that was authorized."},
		{pathRewritten, diag.Warning, "A checked route rewrites the path.", "The registry receives another path than the one that was authorized."},
		{bodyBuffered, diag.Error, "Envoy buffers bodies of requests.", "Pushing a layer takes its size in memory, or is answered 413."},
		{hiddenHeader, diag.Error, "The check does not contain a header that decisions depend on.", "A policy or the mapping of the request sees it as absent: a form body that mounts a blob, or a header that replaces the path, is not refused."},
		{removedUnseen, diag.Error, "`headers: all` is in the context extensions, and the check lacks a header.", "A client's header that an allowed request must lose reaches the registry."},
		{forgeableHeader, diag.Error, "A route says that only a trusted proxy can set a header, and nothing before ext_authz makes that true.", "A client names itself in the header and is believed."},
		{anyHost, diag.Error, "A route for any host leads to one of several registries, and the context extensions do not name the registry.", "The client's `Host` selects the registry whose policies decide, and the request goes to another."},
		{unverifiedPeer, diag.Error, "The listener accepts client certificates that it does not verify.", "A client makes a certificate with any name."},
		{adminReachable, diag.Error, "Other hosts can reach Envoy's admin interface.", "It has no authentication; it shows the configuration and can stop Envoy."},
		{queryLogged, diag.Warning, "The access log contains the query of requests.", "Queries can contain tokens of clients and the state of uploads."},
		{noTimeout, diag.Warning, "The check has no timeout, or Envoy's default of 200 ms.", "The first login of a user computes a bcrypt hash, which takes longer on a busy machine; without a limit, a lost connection delays requests."},
		{shortRetry, diag.Warning, "`retry_back_off.max_interval` is shorter than the timeout of the check.", "Envoy uses it as the timeout of each try too."},
		{noRetry, diag.Suggestion, "A check that fails is not tried again.", "Requests fail while extauthz restarts."},
		{noCircuitBreaker, diag.Suggestion, "The cluster of extauthz has Envoy's default circuit breakers.", "More than 1,024 checks at a time are answered 503."},
		{noHTTP2, diag.Error, "The cluster of extauthz does not use HTTP/2.", "Every check fails, because gRPC needs HTTP/2."},
		{unknownRegistry, diag.Error, "The context extensions name a registry that the policy directory does not have.", "Every request of the route is refused with 421."},
		{unnamedRegistry, diag.Error, "The context extensions do not name a registry, and the policy directory has no registry with `byHost: true`.", "Every request of the route is refused with 421."},
		{unusedRegistry, diag.Warning, "No route names a registry of the policy directory.", "It cannot be reached through this Envoy."},
		{noCertificate, diag.Error, "A registry accepts client certificates, and Envoy does not require or send them.", "Callers with a certificate are not identified."},
		{noTokenMetadata, diag.Error, "A registry accepts claims that jwt_authn verified, and the check does not contain them.", "Callers with such a token are not identified."},
		{trustedHopsMismatch, diag.Warning, "`xff_num_trusted_hops` differs from `trustedHops` of the registry.", "`aws:SourceIp` and Envoy's own log name different clients."},
		{headerNotRemoved, diag.Warning, "A registry accepts the name in a trusted proxy's header, and clients of a route can send that header.", "Their requests are refused, because the header does not count there."},
	}
}

// Rules describes all findings, in the order of their codes, for reports. The page of a
// finding is its table in README.md.
func Rules() []diag.Rule {
	var all []diag.Rule
	for _, r := range rules() {
		all = append(all, diag.Rule{
			Code: string(r.code), Severity: r.severity, Summary: r.summary, Why: r.why,
			Fix: "See the message.", Markdown: "# " + string(r.code) + "\n\n" + r.summary + "\n\n" + r.why + "\n",
		})
	}
	slices.SortFunc(all, func(a, b diag.Rule) int { return strings.Compare(a.Code, b.Code) })
	return all
}

// severity returns the severity of a code.
func (c code) severity() diag.Severity {
	all := rules()
	return all[slices.IndexFunc(all, func(r rule) bool { return r.code == c })].severity
}
