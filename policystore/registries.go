package policystore

import (
	"fmt"
	"slices"
	"sync"

	"extauthz/diag"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
	"extauthz/upstream"
)

// A Registry is a registry of registries.yaml, with what other files contain about it.
type Registry struct {
	*config.RegistrySettings
	// Organization is the organization that accounts can be members of, nil if none is
	// configured.
	Organization *config.Organization
	// Upstream is how allowed requests authenticate at the registry behind Envoy; nil if they
	// are forwarded without a credential, or with the client's.
	Upstream *upstream.Credential

	removeHeaders []string

	listed           inventory       // nil without an inventory
	repositories     *repositories   // of all registries
	tree             *directory.Tree // has the texts of policies
	repositoriesOnce func() []string
}

// at returns the place of a repository.
func (r *Registry) at(repository string) location {
	return location{r.Account, r.Region, repository}
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

// newRegistries returns the registries with their organization, inventories, repositories and
// credentials.
func newRegistries(t *directory.Tree, b *base, of *repositories) registries {
	all := registries{}
	for _, r := range b.configured.List {
		completed := &Registry{
			RegistrySettings: r, Organization: b.organization, Upstream: b.upstreams[r.Name], removeHeaders: r.RemoveHeaders(),
			listed: b.inventories[location{account: r.Account, region: r.Region}], repositories: of, tree: t,
		}
		if completed.Upstream != nil {
			completed.removeHeaders = slices.DeleteFunc(slices.Clone(completed.removeHeaders), func(name string) bool { return name == "authorization" })
		}
		completed.repositoriesOnce = sync.OnceValue(completed.sortedRepositories)
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

// RegistryFor returns the registry that a call of an API of AWS is for: the one with the host that
// the client has called or, if none has it, the only one of an account and region. An empty
// account or region is any.
func (s *Snapshot) RegistryFor(host, account, region string) (*Registry, error) {
	matches := func(r *Registry) bool {
		return (account == "" || r.Account == account) && (region == "" || r.Region == region)
	}
	var found []*Registry
	for _, r := range s.registries {
		if r.Serves(host) && (account == "" || r.Account == account) {
			return r, nil
		}
		if matches(r) {
			found = append(found, r)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, &NotOneRegistry{Account: account, Region: region, Several: len(found) > 1}
}

// NotOneRegistry is the error of a call that is for no registry, or could be for several.
type NotOneRegistry struct {
	Account, Region string
	Several         bool
}

// Error returns what is wrong and what the client can do.
func (e *NotOneRegistry) Error() string {
	if e.Several {
		return "several registries could be meant; send the request to the host name of one"
	}
	return "no registry has this host name, account and region; send the request to the host name of one"
}
