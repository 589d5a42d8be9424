package doctor

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/identity"
	"extauthz/policystore"
)

// checkRegistry checks that a route and its check fit the registry that it is for.
func (d *doctor) checkRegistry(r *route, f *httpFilter, m *manager) {
	name, named := r.extensions(f.name)["registry"]
	if !named {
		d.checkHosts(r)
	}
	if d.options.Policies == nil {
		return
	}
	for _, registry := range d.registriesOf(r, name, named) {
		d.checkCertificates(registry, f, m)
		d.checkTokens(registry, f, m)
		d.checkHops(registry, m)
		d.checkHeaderRemoved(registry, r, f, m)
	}
}

// registriesOf returns the registries that the requests of a route can be for.
func (d *doctor) registriesOf(r *route, name value, named bool) (all []*policystore.Registry) {
	policies := d.options.Policies
	if isRedacted(name) {
		return nil
	}
	if named {
		registry := policies.RegistryNamed(name.text())
		if registry == nil {
			d.report(unknownRegistry, name, fmt.Sprintf("the policy directory has no registry %q", name.text()),
				"write one of "+strings.Join(policies.RegistryNames(), ", ")+", or add the registry to registries.yaml")
			return nil
		}
		return []*policystore.Registry{registry}
	}
	for _, name := range policies.RegistryNames() {
		if registry := policies.RegistryNamed(name); registry.ByHost {
			all = append(all, registry)
		}
	}
	if len(all) == 0 {
		d.report(unnamedRegistry, r.target(), "the check of this route does not name its registry",
			"write check_settings: { context_extensions: { registry: NAME } }, or byHost: true in registries.yaml")
	}
	return all
}

// checkHosts checks a route whose registry the Host header selects. If the route is for any
// host, and several clusters are registries, a client can choose the policies of one and the
// content of another.
func (d *doctor) checkHosts(r *route) {
	domains := r.host.get("domains")
	anyDomain := slices.ContainsFunc(domains.list(), func(v value) bool { return strings.Contains(v.text(), "*") })
	if !anyDomain {
		return
	}
	if d.options.Policies != nil && len(d.options.Policies.RegistryNames()) > 1 || d.options.Policies == nil && d.clustersChecked() > 1 {
		d.report(anyHost, domains, "the client's Host selects the registry whose policies decide, and this route serves any host",
			"write the registry's own hosts in domains, or name the registry: check_settings: { context_extensions: { registry: NAME } }")
	}
}

// clustersChecked returns how many clusters the routes with a check lead to.
func (d *doctor) clustersChecked() int {
	clusters := map[string]bool{}
	for i := range d.managers {
		m := &d.managers[i]
		for j := range m.routes {
			if f, _ := m.checkedBy(&m.routes[j]); f != nil {
				clusters[m.routes[j].cluster] = true
			}
		}
	}
	return len(clusters)
}

// accepts reports whether a registry accepts an identity source that could authenticate a caller.
func (d *doctor) accepts(registry *policystore.Registry, source identity.Source) bool {
	callers := d.options.Policies.Callers
	return callers.Accepts(&registry.Authentication, source) && callers.Missing(source) == ""
}

// checkCertificates checks that Envoy verifies and sends client certificates. A registry that
// accepts them by default may have another listener for them.
func (d *doctor) checkCertificates(registry *policystore.Registry, f *httpFilter, m *manager) {
	if !d.accepts(registry, identity.MTLS) {
		return
	}
	explicit := slices.Contains(registry.Authentication.Sources, identity.MTLS)
	switch {
	case !m.tls().exists() && !explicit:
	case !m.tls().exists():
		d.report(noCertificate, m.chain, fmt.Sprintf("registry %q accepts client certificates, and this listener has no TLS", registry.Name),
			"add a transport_socket with a validation_context, or remove mtls from the sources of the registry")
	case !m.verifiesPeers():
		d.report(unverifiedPeer, m.tls().get("common_tls_context"), fmt.Sprintf("registry %q accepts client certificates, and this listener does not verify them", registry.Name),
			"add a validation_context with the trusted_ca of your clients")
	case registry.Authentication.PrincipalKind == "" && !f.get("include_peer_certificate").isTrue():
		d.report(noCertificate, f.value, fmt.Sprintf("registry %q accepts client certificates, and the check does not contain them", registry.Name),
			"write include_peer_certificate: true, or give the registry a principalKind if Envoy can only send the name")
	}
}

// tokenNamespace is the namespace of jwt_authn's metadata.
const tokenNamespace = "envoy.filters.http.jwt_authn"

// checkTokens checks that the check contains the claims that jwt_authn verified.
func (d *doctor) checkTokens(registry *policystore.Registry, f *httpFilter, m *manager) {
	if !d.accepts(registry, identity.JWTAuthn) {
		return
	}
	namespaces := f.get("metadata_context_namespaces").list()
	if !slices.ContainsFunc(namespaces, func(v value) bool { return v.text() == tokenNamespace }) {
		d.report(noTokenMetadata, f.value, fmt.Sprintf("registry %q accepts claims that jwt_authn verified, and the check does not contain them", registry.Name),
			"write metadata_context_namespaces: ["+tokenNamespace+"]")
		return
	}
	for _, issuer := range d.options.Policies.Issuers() {
		if issuer.Metadata != "" && !providesMetadata(m.filters, f, issuer.Metadata) {
			d.report(noTokenMetadata, f.value, fmt.Sprintf("no jwt_authn filter before ext_authz writes the metadata %q of issuer %q", issuer.Metadata, issuer.Name),
				"add a provider with payload_in_metadata: "+issuer.Metadata+", or remove metadata of the issuer in principals.yaml")
		}
	}
}

// providesMetadata reports whether a jwt_authn filter before f has a provider that writes its
// claims under a name.
func providesMetadata(filters []httpFilter, f *httpFilter, name string) bool {
	return slices.ContainsFunc(before(filters, f), func(o httpFilter) bool {
		if o.message.name != "JwtAuthentication" {
			return false
		}
		for _, provider := range o.get("providers").members() {
			if provider.get("payload_in_metadata").text() == name {
				return true
			}
		}
		return false
	})
}

// checkHops checks that Envoy and the registry count the same proxies.
func (d *doctor) checkHops(registry *policystore.Registry, m *manager) {
	at := m.get("xff_num_trusted_hops")
	if hops := int(at.number(0)); hops != registry.TrustedHops {
		if !at.exists() {
			at = m.value
		}
		d.report(trustedHopsMismatch, at, fmt.Sprintf("Envoy trusts %d proxies, and registry %q trusts %d", hops, registry.Name, registry.TrustedHops),
			"write the same number in xff_num_trusted_hops and in trustedHops of registries.yaml")
	}
}

// checkHeaderRemoved checks that clients cannot send the trusted proxy's header on a route where
// it does not count.
func (d *doctor) checkHeaderRemoved(registry *policystore.Registry, r *route, f *httpFilter, m *manager) {
	header := registry.Authentication.Header
	if _, counts := r.extensions(f.name)["header"]; counts || header == "" || !d.accepts(registry, identity.TrustedHeader) {
		return
	}
	if !setBefore(r, f, m, header) {
		d.report(headerNotRemoved, r.target(), fmt.Sprintf("clients of this route can send the header %s", header),
			"remove it with a header_mutation filter before ext_authz")
	}
}

// checkRegistriesUsed reports registries that no route names.
func (d *doctor) checkRegistriesUsed() {
	if d.options.Policies == nil {
		return
	}
	used, redactedNames := map[string]bool{}, false
	for i := range d.managers {
		m := &d.managers[i]
		for j := range m.routes {
			for k := range m.checks {
				name := m.routes[j].extensions(m.checks[k].name)["registry"]
				used[name.text()], redactedNames = true, redactedNames || isRedacted(name)
			}
		}
	}
	for _, name := range d.options.Policies.RegistryNames() {
		if !used[name] && !redactedNames && !d.options.Policies.RegistryNamed(name).ByHost {
			d.report(unusedRegistry, d.config.documents[0], fmt.Sprintf("no route names registry %q", name),
				"write context_extensions: { registry: "+name+" } on its routes, or remove it from registries.yaml")
		}
	}
}
