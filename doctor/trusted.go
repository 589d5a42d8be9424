package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// checkTrustedHeader checks a route whose context extensions say that only a trusted proxy can
// set a header. That is true if the route is only for connections with a verified certificate,
// or if a filter before the check removes or sets the header.
func (d *doctor) checkTrustedHeader(r *route, f *httpFilter, m *manager) {
	at, found := r.extensions(f.name)["header"]
	if !found {
		return
	}
	if isRedacted(at) || requiresCertificate(r, m) || setBefore(r, f, m, at.text()) {
		return
	}
	d.report(forgeableHeader, at, fmt.Sprintf("a client can set the header %s on this route", at.text()),
		"match tls_context: { presented: true, validated: true } for the trusted proxy's connections, or remove the header from what clients send before ext_authz, with a header_mutation filter")
}

// redacted is what a config dump has instead of context extensions.
const redacted = "[redacted]"

func isRedacted(v value) bool { return v.text() == redacted }

// requiresCertificate reports whether each request of a route is on a connection with a verified
// client certificate.
func requiresCertificate(r *route, m *manager) bool {
	if !m.verifiesPeers() {
		return false
	}
	matched := r.get("match", "tls_context", "validated").isTrue()
	return matched || m.tls().get("require_client_certificate").isTrue()
}

// setBefore reports whether a filter before f that handles the requests of a route removes the
// header, or is of a kind that sets headers from what it verified.
func setBefore(r *route, f *httpFilter, m *manager, header string) bool {
	return slices.ContainsFunc(before(m.filters, f), func(o httpFilter) bool {
		enabled, _ := r.checkedBy(&o)
		return enabled && setsHeader(&o, r, header)
	}) || removesEarly(m, header)
}

func setsHeader(o *httpFilter, r *route, header string) bool {
	switch o.message.name {
	case "HeaderMutation":
		mutations := o.get("mutations", "request_mutations").list()
		if perRoute := r.setting(o.name).get("mutations", "request_mutations"); perRoute.exists() {
			mutations = append(mutations, perRoute.list()...)
		}
		return changesHeader(mutations, header)
	case "Lua", "Wasm", "ExternalProcessor", extAuthz, "OAuth2":
		return true // what they do is not in the configuration
	}
	return false
}

// changesHeader reports whether header mutations remove a header or overwrite it.
func changesHeader(mutations []value, header string) bool {
	return slices.ContainsFunc(mutations, func(m value) bool {
		appended := m.get("append")
		overwrites := strings.HasPrefix(appended.get("append_action").text(), "OVERWRITE")
		return strings.EqualFold(m.get("remove").text(), header) ||
			overwrites && strings.EqualFold(appended.get("header", "key").text(), header)
	})
}

// removesEarly reports whether a connection manager removes a header before its filters.
func removesEarly(m *manager, header string) bool {
	return slices.ContainsFunc(m.get("early_header_mutation_extensions").list(), func(extension value) bool {
		return changesHeader(extension.get("typed_config").message().get("mutations").list(), header)
	})
}

// tls returns the TLS settings of a connection, which do not exist for plain text.
func (m *manager) tls() value {
	socket := m.chain.get("transport_socket", "typed_config").message()
	if socket.name != "DownstreamTlsContext" {
		return socket.get("downstream_tls_context") // QuicDownstreamTransport, StartTls
	}
	return socket.value
}

// validationContexts returns the settings of a CommonTlsContext by which client certificates are
// verified, as far as the input contains them.
func validationContexts(common value) []value {
	return []value{common.get("validation_context"), common.get("combined_validation_context", "default_validation_context")}
}

// verifiesPeers reports whether client certificates of a listener are verified.
func (m *manager) verifiesPeers() bool {
	common := m.tls().get("common_tls_context")
	for _, context := range validationContexts(common) {
		if context.get("trusted_ca").exists() || context.get("custom_validator_config").exists() || context.get("ca_certificate_provider_instance").exists() {
			return !acceptsUntrusted(context)
		}
	}
	// A control plane serves the authority.
	return common.get("validation_context_sds_secret_config").exists() || common.get("combined_validation_context", "validation_context_sds_secret_config").exists()
}

func acceptsUntrusted(context value) bool {
	return context.get("trust_chain_verification").text() == "ACCEPT_UNTRUSTED"
}

// checkPeers reports certificates that are asked for and not verified.
func (d *doctor) checkPeers(m *manager) {
	common := m.tls().get("common_tls_context")
	for _, context := range validationContexts(common) {
		if acceptsUntrusted(context) {
			d.report(unverifiedPeer, context.get("trust_chain_verification"), "the listener accepts certificates of any authority", "remove trust_chain_verification: ACCEPT_UNTRUSTED")
		}
	}
	if at := m.tls().get("require_client_certificate"); at.isTrue() && !m.verifiesPeers() {
		d.report(unverifiedPeer, at, "the listener requires a client certificate and does not verify it", "add a validation_context with the trusted_ca of your clients")
	}
}
