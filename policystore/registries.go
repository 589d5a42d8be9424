package policystore

import (
	"fmt"
	"slices"

	"extauthz/diag"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
	"extauthz/upstream"
)

// A Registry is a registry of registries.yaml, with what other files contain about it.
type Registry struct {
	config.RegistrySettings
	// Organization is the organization that accounts can be members of, nil if none is
	// configured.
	Organization *config.Organization
	// Upstream is how allowed requests authenticate at the registry behind Envoy; nil if they
	// are forwarded without a credential, or with the client's.
	Upstream *upstream.Credential

	removeHeaders []string

	tags   resourceTags // of the repositories of all registries
	listed inventory    // nil without an inventory

	policyTexts      map[string][]byte // of the policies of the repositories of all registries, by ARN
	policyText       []byte            // of the registry's own policy; nil without one
	repositoriesOnce func() []string
}

// RemoveHeaders returns the names of the headers that an allowed request loses before it is
// forwarded. The client's credential is not among them if another one replaces it. The caller
// must not change the list.
func (r *Registry) RemoveHeaders() []string { return r.removeHeaders }

// registries are the registries of a snapshot by name.
type registries map[string]*Registry

// loadRegistries reads registries.yaml. It leaves out registries with faults.
func (c *compiler) loadRegistries() *config.Registries {
	switch {
	case !c.Has(registriesPath):
		c.report(fault(registriesPath, "the file does not exist", "add it, because it describes the registries behind Envoy"))
	case !c.skips(registriesPath):
		configured, err := config.ParseRegistries(c.Text(registriesPath))
		c.report(err)
		for _, r := range configured.List {
			c.report(checkAssumption(r, c.Tree))
		}
		return configured
	}
	return &config.Registries{Misses: true}
}

const registriesPath = config.RegistriesPath

// complete returns the registries with their organization, inventories, tags and credentials.
func complete(configured *config.Registries, o *config.Organization, have inventories, tags resourceTags, behind upstreams) registries {
	all := registries{}
	for _, r := range configured.List {
		completed := &Registry{RegistrySettings: *r, Organization: o, Upstream: behind[r.Name], removeHeaders: r.RemoveHeaders(), tags: tags}
		if completed.Upstream != nil {
			completed.removeHeaders = slices.DeleteFunc(slices.Clone(completed.removeHeaders), func(name string) bool { return name == "authorization" })
		}
		if list, found := have[location{account: r.Account, region: r.Region}]; found {
			completed.Exists, completed.listed = list.has, list
		}
		all[r.Name] = completed
	}
	return all
}

// checkAssumption reports a registry all of whose repositories count as missing, and whose
// inventory lists those that exist.
func checkAssumption(r *config.RegistrySettings, t *directory.Tree) error {
	file := inventoryPath(r.Account, r.Region)
	if !r.AssumeMissing || !t.Has(file) {
		return nil
	}
	return diag.New(r.AssumeMissingAt, "assumeMissing contradicts "+file+", which lists the repositories of the registry", "remove the file or the setting")
}

// checkSessionIssuer reports an issuer of principals.yaml with the URL of the issuer of
// session tokens, whose tokens are credentials of another kind.
func checkSessionIssuer(configured *config.Registries, listed *config.Principals) error {
	if configured.Sessions == nil {
		return nil
	}
	var faults diag.Faults
	for _, issuer := range listed.Issuers {
		if issuer.URL.Text == configured.Sessions.Issuer {
			faults.Add(diag.New(config.InPrincipals(issuer.At), fmt.Sprintf("issuer %q has the URL of the issuer of session tokens in registries.yaml", issuer.Name.Text), "change one of the two"))
		}
	}
	return faults.Err()
}

// checkAudiences checks the audiences of the registries, if any issuer's tokens are
// accepted.
func checkAudiences(configured *config.Registries, callers *callers) error {
	if len(callers.issuers) == 0 {
		return nil
	}
	return configured.CheckAudiences()
}
