package policystore

import (
	"errors"

	"extauthz/diag"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
)

// A Registry is a registry of registries.yaml, with what other files contain about it.
type Registry struct {
	config.Registry
	// Organization is the organization that accounts can be members of, nil if none is
	// configured.
	Organization *Organization

	tags   resourceTags // of the repositories of all registries
	listed inventory    // nil without an inventory
}

// registries are the registries of a snapshot by name.
type registries map[string]*Registry

// loadRegistries parses registries.yaml.
func loadRegistries(t *directory.Tree) (*config.Registries, error) {
	if !t.Has(config.RegistriesPath) {
		return nil, errors.New("registries.yaml: the file does not exist; add it, because it describes the registries behind Envoy")
	}
	configured, err := config.ParseRegistries(t.Text(config.RegistriesPath))
	if err != nil {
		return nil, err
	}
	for _, r := range configured.List {
		if err := checkAssumption(r, t); err != nil {
			return nil, err
		}
	}
	return configured, nil
}

// withFiles returns the registries by name, to which other files can be added.
func withFiles(configured *config.Registries) registries {
	all := registries{}
	for _, r := range configured.List {
		all[r.Name] = &Registry{Registry: *r}
	}
	return all
}

// checkAssumption reports a registry all of whose repositories count as missing, and whose
// inventory lists those that exist.
func checkAssumption(r *config.Registry, t *directory.Tree) error {
	file := inventoryPath(r.Account, r.Region)
	if !r.AssumeMissing || !t.Has(file) {
		return nil
	}
	return diag.New(r.AssumeMissingAt, "assumeMissing contradicts "+file+", which lists the repositories of the registry", "remove the file or the setting")
}

// checkAudiences checks the audiences of the registries, if any issuer's tokens are
// accepted.
func checkAudiences(configured *config.Registries, who *principals) error {
	if len(who.issuers) == 0 {
		return nil
	}
	return configured.CheckAudiences()
}
