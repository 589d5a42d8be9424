package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/strictyaml"
)

// RegistriesPath is the path of the file that describes the registries.
const RegistriesPath = "registries.yaml"

// registriesFile is registries.yaml.
type registriesFile struct {
	Sessions   *sessionsEntry  `yaml:"sessions"`
	Registries []registryEntry `yaml:"registries"`
}

// registryEntry is an item of registries in registries.yaml.
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
	DisableDryRun     bool     `yaml:"disableDryRun"`

	AuthorizationTokenOnlyAtLogin bool `yaml:"authorizationTokenOnlyAtLogin"`

	Authentication authenticationEntry `yaml:",inline"`
	Challenge      challengeEntry      `yaml:",inline"`
	Network        networkEntry        `yaml:",inline"`
}

// RegistrySettings are the settings of one registry behind Envoy. It corresponds to a
// private registry of an account in a region on AWS.
type RegistrySettings struct {
	mapping.Settings
	Name              string
	Hosts             []string        // at least one
	ByHost            bool            // the Host header alone can select the registry
	Authentication    identity.Config // how callers are authenticated
	AudiencesGiven    bool            // audiences are configured; otherwise they are the hosts
	Challenge         Challenge       // sent to a caller without a valid credential
	TLS               bool            // the listener uses TLS, even if the request does not show it
	PassAuthorization bool            // the upstream needs the client's Authorization header
	Detail            Detail          // how much of a denial's reason the client receives
	HideExistence     bool            // a caller who may not read a repository receives "not found"
	DryRun            bool            // requests to /dry-run/v2/ are decided, and never forwarded

	// TrustedHops is the number of trusted proxies in front of Envoy. They report in
	// x-forwarded-for and x-forwarded-proto where a request comes from.
	TrustedHops int
	// TrustedProxies are the networks of those proxies. A request from another address
	// is refused. If it is nil, addresses are not checked.
	TrustedProxies []netip.Prefix
	// VPCEndpoint is the endpoint through which every request comes, nil if none is
	// configured.
	VPCEndpoint *VPCEndpoint

	// AuthorizationTokenOnlyAtLogin requires ecr:GetAuthorizationToken for /v2/ only,
	// and not in addition to the actions of every other request.
	AuthorizationTokenOnlyAtLogin bool

	// Positions of settings in registries.yaml, or of the registry where a setting is
	// not configured.
	AccountAt, HostsAt, SourcesAt, PartitionAt, TrustedHopsAt, AssumeMissingAt diag.Position

	removeHeaders []string
	knowsTokens   bool // it is known which tokens the registry accepts, even if the entry has a fault
}

// Service returns the name by which a client that signs in refers to the registry: that of
// the token service, or else the first host.
func (r *RegistrySettings) Service() string {
	return cmp.Or(r.Challenge.Service, r.Host())
}

// ARNPrefix returns the beginning of the ARNs of the registry's repositories, up to the
// resource.
func (r *RegistrySettings) ARNPrefix() string {
	return strings.TrimSuffix(r.RepositoryARN(""), "repository/")
}

// RemoveHeaders returns the names of the headers that an allowed request loses before it
// is forwarded. The caller must not change the list.
func (r *RegistrySettings) RemoveHeaders() []string { return slices.Clip(r.removeHeaders) }

// Registries are the registries of a policy directory in the order of the file.
type Registries struct {
	List     []*RegistrySettings // those without faults
	Misses   bool                // a registry may be missing because of a fault
	Sessions *Sessions           // nil if no session tokens are accepted
	byName   map[string]*RegistrySettings
	entries  []*RegistrySettings // all, with what is correct of those with faults
}

// In returns a registry of an account and region, nil if none exists. Registries of one
// account and region have the same repositories.
func (all *Registries) In(account, region string) *RegistrySettings {
	for _, r := range all.List {
		if r.Account == account && r.Region == region {
			return r
		}
	}
	return nil
}

// ParseRegistries parses registries.yaml.
func ParseRegistries(text []byte) (*Registries, error) {
	var content registriesFile
	var faults diag.Faults
	file, err := strictyaml.Decode(RegistriesPath, text, &content)
	faults.Add(err)
	all := &Registries{byName: map[string]*RegistrySettings{}}
	if file != nil {
		if len(content.Registries) == 0 && file.IsKnown("registries") {
			faults.Add(file.ErrorAt(diag.New(diag.Position{}, "no registry is configured", "add at least one"), "registries"))
		}
		if content.Sessions != nil {
			at := newEntry(file, "sessions")
			all.Sessions = content.Sessions.build(at)
			faults.Add(at.faults.Err())
		}
		names := map[string]bool{}
		for i := range content.Registries {
			at := newEntry(file, "registries", i)
			r := content.Registries[i].build(at, names, all.Sessions)
			all.checkOthers(r, at)
			all.checkHops(r, at)
			all.add(r, at)
			faults.Add(at.faults.Err())
		}
	}
	all.Misses = faults.Err() != nil
	return all, faults.Err()
}

// add adds the registry of an entry.
func (all *Registries) add(r *RegistrySettings, at *entry) {
	all.entries = append(all.entries, r)
	if !at.faulty {
		all.List = append(all.List, r)
		all.byName[r.Name] = r
	}
}

// The forms of names. Name and realm become part of a challenge header, in quotes.
var (
	registryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	headerText   = regexp.MustCompile(`^[ !#-\[\]-~]+$`)
	hostName     = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)
)

// build returns the registry of an entry, and adds the faults of the entry to at. names are
// those of the entries before it.
func (e *registryEntry) build(at *entry, names map[string]bool, sessions *Sessions) *RegistrySettings {
	twice := names[e.Name]
	names[e.Name] = true
	switch {
	case !registryName.MatchString(e.Name):
		at.fault(fmt.Sprintf("name %q is not valid", e.Name), "use letters, digits, . _ and -", "name")
	case twice:
		at.fault(fmt.Sprintf("registry %q is listed twice", e.Name), "keep one", "name")
	}
	hosts, partition := e.validHosts(at), cmp.Or(e.Partition, "aws")
	if !at.knows("partition") {
		partition = ""
	}
	r := &RegistrySettings{
		Settings: mapping.Settings{
			Partition: partition, Region: e.Region, Account: e.Account,
			DeleteBlobs: e.DeleteBlobs, ECRNames: e.ECRNames, PullThrough: e.PullThrough, AssumeMissing: e.AssumeMissing,
		},
		Name: e.Name, Hosts: hosts, ByHost: e.ByHost, TLS: e.TLS, PassAuthorization: e.PassAuthorization,
		Detail: parseDetail(e.Detail, at), HideExistence: e.HideExistence, AuthorizationTokenOnlyAtLogin: e.AuthorizationTokenOnlyAtLogin,
		DryRun:      !e.DisableDryRun,
		TrustedHops: e.Network.hops(at), TrustedProxies: e.Network.proxies(at), VPCEndpoint: e.Network.endpoint(at),
		AudiencesGiven: e.Authentication.Audiences != nil,
		AccountAt:      at.at("account"), HostsAt: at.at("hosts"), SourcesAt: at.at("sources"), PartitionAt: at.at("partition"),
		TrustedHopsAt: at.at("trustedHops"), AssumeMissingAt: at.at("assumeMissing"),
		removeHeaders: mapping.RemoveHeaders(),
	}
	r.Authentication = e.Authentication.config(at, hosts, r.Partition)
	r.knowsTokens = at.knows("sources", "audiences", "hosts") && len(r.Authentication.Sources) == len(e.Authentication.Sources)
	r.Authentication.Registry = e.Name
	r.Challenge = e.Challenge.challenge(at, e.Name, hosts, sessions)
	r.check(at)
	if !r.PassAuthorization {
		r.removeHeaders = append(r.removeHeaders, "authorization")
	}
	return r
}

// check checks what URLs and ARNs of the registry consist of.
func (r *RegistrySettings) check(at *entry) {
	at.add(r.CheckPartition(), "partition")
	at.add(r.CheckRegion(), "region")
	at.add(r.CheckAccount(), "account")
	if i, err := r.CheckPullThrough(); err != nil {
		at.add(err, "pullThrough", i)
	}
}

// checkOthers reports what would make another registry ambiguous: a host that selects
// both, or an account and region in two partitions.
func (all *Registries) checkOthers(r *RegistrySettings, at *entry) {
	for _, other := range all.entries {
		if all.Sessions != nil && len(r.Hosts) > 0 && len(other.Hosts) > 0 && r.Service() == other.Service() && at.knows("tokenService", "hosts") {
			at.fault(fmt.Sprintf("registry %q has the same service %q, so that a client could not sign in at one of the two", other.Name, r.Service()), "give one of the two another tokenService", "hosts")
		}
		if other.Account == r.Account && other.Region == r.Region && other.Partition != r.Partition && cmp.Or(r.CheckPartition(), r.CheckAccount(), r.CheckRegion(), other.CheckPartition()) == nil && at.knows("account", "region", "partition") {
			at.fault(fmt.Sprintf("registry %q has the same account and region in partition %q, and a region is in one partition", other.Name, other.Partition), "fix one of the two", "partition")
		}
		if host := r.sharedHost(other); host != "" && r.ByHost && other.ByHost {
			at.fault(fmt.Sprintf("host %q is also a host of registry %q, and both are selected by host", host, other.Name), "remove one of the two", "hosts")
		}
	}
}

// Detail is how much of a denial's reason a client receives.
type Detail uint8

// The levels of detail. The zero Detail is the least.
const (
	NoDetail     Detail = iota // that the request is denied
	ActionDetail               // and the denied action
	FullDetail                 // and the caller, the resource and the reason, in AWS's words
)

// parseDetail returns the detail that registries.yaml configures. The default is
// everything, as on AWS.
func parseDetail(text string, at *entry) Detail {
	switch text {
	case "none":
		return NoDetail
	case "action":
		return ActionDetail
	case "full", "":
		return FullDetail
	}
	at.fault(fmt.Sprintf("detail %q is not valid", text), "write full, action or none", "detail")
	return NoDetail
}
