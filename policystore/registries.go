package policystore

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore/directory"
)

// registriesFile is registries.yaml.
type registriesFile struct {
	Registries []registryEntry `yaml:"registries"`
}

type registryEntry struct {
	Name              string   `yaml:"name"`
	Hosts             []string `yaml:"hosts"`
	Partition         string   `yaml:"partition"`
	Region            string   `yaml:"region"`
	Account           string   `yaml:"account"`
	ByHost            bool     `yaml:"byHost"`
	TLS               bool     `yaml:"tls"`
	PassAuthorization bool     `yaml:"passAuthorization"`
	DeleteBlobs       bool     `yaml:"deleteBlobs"`
	ECRNames          bool     `yaml:"ecrNames"`
	PullThrough       []string `yaml:"pullThrough"`
	Detail            string   `yaml:"detail"`
	HideExistence     bool     `yaml:"hideExistence"`
	AssumeMissing     bool     `yaml:"assumeMissing"`

	AuthorizationTokenOnlyAtLogin bool `yaml:"authorizationTokenOnlyAtLogin"`

	Proof     proofEntry     `yaml:",inline"`
	Challenge challengeEntry `yaml:",inline"`
	Network   networkEntry   `yaml:",inline"`
}

// A Registry is one registry that Envoy stands in front of, as AWS would see
// it: a private registry of an account in a region.
type Registry struct {
	mapping.Registry
	Name              string
	Authentication    identity.Config // what counts as proof of who calls
	Challenge         Challenge       // what is asked of who shows none
	TLS               bool            // the listener is TLS, whatever the request says
	PassAuthorization bool            // the upstream needs the client's Authorization header
	Detail            Detail          // how much of a denial's reason the client is told
	HideExistence     bool            // who may not read a repository is told that there is none

	// TrustedHops is how many proxies before Envoy are trusted to say in
	// x-forwarded-for and x-forwarded-proto where a request comes from.
	TrustedHops int
	// TrustedProxies are the networks of those proxies. A request that came by
	// another address is refused. nil means that the addresses are not checked.
	TrustedProxies []netip.Prefix
	// VPCEndpoint is that by which every request comes, nil where there is none.
	VPCEndpoint *VPCEndpoint
	// Organization is the one that accounts may be members of, nil where there
	// is none.
	Organization *Organization

	// AuthorizationTokenOnlyAtLogin says that ecr:GetAuthorizationToken is asked
	// for /v2/ alone, and not beside the actions of every other request.
	AuthorizationTokenOnlyAtLogin bool

	tags          resourceTags // of the repositories of all registries
	listed        inventory    // nil without an inventory
	hosts         []string
	audience      audience
	sourcesAt     iam.Position // of its sources
	partitionAt   iam.Position
	hopsAt        iam.Position
	byHost        bool
	removeHeaders []string
}

// registries are the registries of a snapshot by name.
type registries map[string]*Registry

// The forms of what registries.yaml names. Name and realm go into a challenge
// header, between quotes.
var (
	registryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	realmText    = regexp.MustCompile(`^[ !#-\[\]-~]+$`)
	hostName     = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)
)

func loadRegistries(t *directory.Tree) (registries, error) {
	const name = "registries.yaml"
	text, found := t.Text(name), t.Has(name)
	if !found {
		return nil, errors.New("registries.yaml: not there; put it there, since it names the registries that Envoy stands in front of")
	}
	var file registriesFile
	y, err := decodeYAML(name, text, &file)
	if err != nil {
		return nil, err
	}
	if len(file.Registries) == 0 {
		return nil, y.errorAt(errors.New("no registry; name at least one"), "registries")
	}
	all := registries{}
	for i, entry := range file.Registries {
		if place, err := all.add(&entry, t); err != nil {
			return nil, y.errorAt(err, slices.Concat([]any{"registries", i}, place)...)
		}
		all[entry.Name].audience = audience{entry.Proof.Audiences != nil, y.position([]any{"registries", i, "hosts"})}
		all[entry.Name].sourcesAt = y.position([]any{"registries", i, "sources"})
		all[entry.Name].partitionAt = y.position([]any{"registries", i, "partition"})
		all[entry.Name].hopsAt = y.position([]any{"registries", i, "trustedHops"})
	}
	return all, nil
}

// add adds the registry of an entry, or returns what is wrong with the entry and
// where in it.
func (all registries) add(entry *registryEntry, t *directory.Tree) (place []any, err error) {
	if key, err := entry.check(); err != nil {
		return []any{key}, err
	}
	if all[entry.Name] != nil {
		return []any{"name"}, fmt.Errorf("registry %q is there twice; keep one", entry.Name)
	}
	r := entry.registry()
	if i, err := r.CheckPullThrough(); err != nil {
		return []any{"pullThrough", i}, err
	}
	if err := r.CheckRegion(); err != nil {
		return []any{"region"}, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if key, err := all.checkBeside(r); err != nil {
		return []any{key}, err
	}
	if err := r.checkAssumption(t); err != nil {
		return []any{"assumeMissing"}, err
	}
	all[r.Name] = r
	return nil, nil
}

// check returns the key whose value is wrong and what is wrong with it.
func (e *registryEntry) check() (key string, err error) {
	switch {
	case !registryName.MatchString(e.Name):
		return "name", fmt.Errorf("name %q: use letters, digits, . _ and -", e.Name)
	case len(e.Hosts) == 0:
		return "hosts", errors.New("hosts: name the host names that clients use for this registry")
	}
	if _, err := parseDetail(e.Detail); err != nil {
		return "detail", err
	}
	for _, h := range e.Hosts {
		if !hostName.MatchString(h) {
			return "hosts", fmt.Errorf("host %q: write a lower-case host name or address, with a port only where it matters", h)
		}
		if _, port, ok := splitHost(h); !ok || strings.HasPrefix(port, "0") {
			return "hosts", fmt.Errorf("host %q: write a port from 1 to 65535, or leave it out to mean every port", h)
		}
	}
	if key, err := e.Proof.check(); err != nil {
		return key, err
	}
	if key, err := e.Challenge.check(); err != nil {
		return key, err
	}
	return e.Network.check()
}

// checkBeside refuses what would make another registry ambiguous: a host that
// chooses between the two, or an account and region in two partitions. It
// returns the key that is wrong.
func (all registries) checkBeside(r *Registry) (key string, err error) {
	for _, other := range all {
		if other.Account == r.Account && other.Region == r.Region && other.Partition != r.Partition {
			return "partition", fmt.Errorf("registry %q has the same account and region in partition %q; a region is in one partition", other.Name, other.Partition)
		}
		if h := r.sharedHost(other); h != "" && r.byHost && other.byHost {
			return "hosts", fmt.Errorf("host %q is also a host of registry %q, and both are chosen by host", h, other.Name)
		}
	}
	return "", nil
}

func (e *registryEntry) registry() *Registry {
	r := &Registry{
		Registry: mapping.Registry{
			Partition: e.Partition, Region: e.Region, Account: e.Account,
			DeleteBlobs: e.DeleteBlobs, ECRNames: e.ECRNames, PullThrough: e.PullThrough, AssumeMissing: e.AssumeMissing,
		},
		Name: e.Name, TLS: e.TLS, PassAuthorization: e.PassAuthorization,
		Challenge:   e.Challenge.challenge(e.Name, e.Hosts[0]),
		TrustedHops: e.Network.TrustedHops, TrustedProxies: e.Network.proxies(), VPCEndpoint: e.Network.VPCEndpoint,
		HideExistence: e.HideExistence, AuthorizationTokenOnlyAtLogin: e.AuthorizationTokenOnlyAtLogin,
		hosts: e.Hosts, byHost: e.ByHost,
	}
	r.Detail, _ = parseDetail(e.Detail) // check has seen to the error
	if r.Partition == "" {
		r.Partition = "aws"
	}
	r.Authentication = e.Proof.rules(e.Hosts, r.Partition)
	r.removeHeaders = mapping.RemoveHeaders()
	if !r.PassAuthorization {
		r.removeHeaders = append(r.removeHeaders, "authorization")
	}
	return r
}

// arnPrefix is what the ARNs of the registry's repositories begin with.
func (r *Registry) arnPrefix() string { return strings.TrimSuffix(r.RepositoryARN(""), "repository/") }

// RemoveHeaders names the headers that an allowed request loses before it is
// forwarded. The list is shared: read only.
func (r *Registry) RemoveHeaders() []string { return slices.Clip(r.removeHeaders) }
