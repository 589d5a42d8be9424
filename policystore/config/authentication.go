package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/identity"
)

// authenticationEntry is the part of a registry's entry that says how callers are
// authenticated.
type authenticationEntry struct {
	Sources       []string `yaml:"sources"`
	Audiences     []string `yaml:"audiences"`
	Header        string   `yaml:"header"`
	PrincipalKind string   `yaml:"principalKind"`
	Anonymous     bool     `yaml:"anonymous"`
}

// config returns the configuration of a registry with these hosts and partition.
func (e *authenticationEntry) config(at *entry, hosts []string, partition string) identity.Config {
	sources, ok := e.sources(at)
	e.checkAudiences(at)
	if ok && at.knows("sources", "header") {
		e.checkHeader(at, slices.Contains(sources, identity.TrustedHeader))
	}
	kind, err := identity.ParsePrincipalKind(e.PrincipalKind)
	at.add(err, "principalKind")
	c := identity.Config{
		Sources: sources, Audiences: e.Audiences, Header: e.Header,
		PrincipalKind: kind, Partition: partition, Anonymous: e.Anonymous,
	}
	if c.Audiences == nil {
		c.Audiences = hosts
	}
	return c
}

// sources returns the configured sources, nil if none are configured, and reports whether
// all of them exist.
func (e *authenticationEntry) sources(at *entry) (sources []identity.Source, ok bool) {
	ok = true
	if e.Sources != nil && len(e.Sources) == 0 {
		at.fault("sources is empty", "name at least one source, or remove the key", "sources")
	}
	for i, word := range e.Sources {
		source, err := identity.ParseSource(word)
		if err != nil {
			at.add(diag.Wrap(diag.Position{}, "source ", err), "sources", i)
			ok = false
			continue
		}
		sources = append(sources, source)
	}
	at.unique("source", "sources", e.Sources)
	return sources, ok
}

// stsAudiences are the audiences of GitHub's and EKS's tokens for AWS itself.
var stsAudiences = []string{"sts.amazonaws.com", "sts.amazonaws.com.cn"}

// maxAudience is the largest length of an audience in bytes.
const maxAudience = 256

func (e *authenticationEntry) checkAudiences(at *entry) {
	if e.Audiences != nil && len(e.Audiences) == 0 {
		at.fault("audiences is empty", "name at least one audience, or remove the key for the registry's hosts", "audiences")
	}
	for i, audience := range e.Audiences {
		switch {
		case !headerText.MatchString(audience) || len(audience) > maxAudience:
			at.fault(fmt.Sprintf("audience %q is not valid", audience), fmt.Sprintf("use 1 to %d characters of printable ASCII without quotes and backslashes", maxAudience), "audiences", i)
		case slices.Contains(stsAudiences, audience):
			at.fault(fmt.Sprintf("audience %q is that of another service, which would accept a token that a client sends here", audience), "accept it from one issuer only, with foreignAudiences", "audiences", i)
		}
	}
	at.unique("audience", "audiences", e.Audiences)
}

// headerName is the form of a header's name (RFC 9110, section 5.1) in lower case, as Envoy
// writes it. Underscores are not allowed, because some servers read them as hyphens.
var headerName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// Headers that Envoy or every client sets, by name and by the beginning of the name. A
// trusted proxy cannot be the only one that sets them.
var (
	reservedHeaders        = []string{"authorization", "cookie", "forwarded", "host", "referer", "user-agent"}
	reservedHeaderPrefixes = []string{"content-", "x-envoy-", "x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
)

// checkHeader checks the header that a trusted proxy sets. used reports whether it is a
// source.
func (e *authenticationEntry) checkHeader(at *entry, used bool) {
	reserved := slices.Contains(reservedHeaders, e.Header) ||
		slices.ContainsFunc(reservedHeaderPrefixes, func(prefix string) bool { return strings.HasPrefix(e.Header, prefix) })
	switch {
	case used && e.Header == "":
		at.fault("the source header needs the name of the header", "write it, such as header: x-auth-request-email", "sources")
	case !used && e.Header != "":
		at.fault(fmt.Sprintf("header %q is not used by any source", e.Header), "add header to the sources, or remove it", "header")
	case used && !headerName.MatchString(e.Header):
		at.fault(fmt.Sprintf("header %q is not valid", e.Header), "write a header's name in lower case, with letters, digits and hyphens", "header")
	case used && reserved:
		at.fault(fmt.Sprintf("header %q has another meaning", e.Header), "name one that only the trusted proxy sets", "header")
	}
}

// CheckAudiences reports registries that accept each other's tokens because they share a
// host, and not because their audiences are configured so: a token for one would be
// accepted by the other.
func (all *Registries) CheckAudiences() error {
	var faults diag.Faults
	list := slices.SortedFunc(slices.Values(all.entries), func(a, b *RegistrySettings) int { return strings.Compare(a.Name, b.Name) })
	list = slices.DeleteFunc(list, func(r *RegistrySettings) bool { return !r.knowsTokens })
	for i, r := range list {
		for _, other := range list[:i] {
			shared := r.sharedAudience(other)
			if shared == "" || r.AudiencesGiven && other.AudiencesGiven {
				continue
			}
			at := r.HostsAt
			if r.AudiencesGiven {
				at = other.HostsAt
			}
			faults.Add(diag.New(at, fmt.Sprintf("registries %q and %q share host %q, so that each would accept a token for the other", other.Name, r.Name, shared), "set audiences for both registries in registries.yaml"))
		}
	}
	return faults.Err()
}

// sharedAudience returns an audience whose tokens both registries accept, "" if none is.
func (r *RegistrySettings) sharedAudience(other *RegistrySettings) string {
	if !acceptsTokens(&r.Authentication) || !acceptsTokens(&other.Authentication) {
		return ""
	}
	for _, a := range r.Authentication.Audiences {
		if slices.Contains(other.Authentication.Audiences, a) {
			return a
		}
	}
	return ""
}

// acceptsTokens reports whether one of the sources finds tokens.
func acceptsTokens(c *identity.Config) bool {
	return len(c.Sources) == 0 || slices.ContainsFunc(c.Sources, identity.Source.TakesTokens)
}

// challengeEntry is the part of a registry's entry about the challenge.
type challengeEntry struct {
	Challenge    string `yaml:"challenge"`
	Realm        string `yaml:"realm"`
	TokenRealm   string `yaml:"tokenRealm"`
	TokenService string `yaml:"tokenService"`
}

// A Challenge is sent with the 401 of a registry to a caller without a valid credential.
// It requires Basic authentication (RFC 7617) or a token of a token service (Distribution,
// "Token Authentication"). Realm and Service fit between the quotes of a header.
type Challenge struct {
	Realm   string // of a Basic challenge; of a Bearer challenge the https URL that issues tokens
	Service string // the token service's name for the registry; "" means Basic
}

// Bearer reports whether the challenge requires a token.
func (c *Challenge) Bearer() bool { return c.Service != "" }

// challenge returns the challenge of a registry with this name and these hosts. If sessions
// are configured, the default token service is the one that issues them.
func (e *challengeEntry) challenge(at *entry, name string, hosts []string, sessions *Sessions) Challenge {
	switch e.Challenge {
	case "", "basic":
		if at.knows("challenge") {
			e.checkBasic(at)
		}
	case "bearer":
		if e.TokenRealm == "" && sessions != nil {
			e.TokenRealm = sessions.TokenURL()
		}
		e.checkBearer(at)
		c := Challenge{Realm: e.TokenRealm, Service: e.TokenService}
		if c.Service == "" && len(hosts) > 0 {
			c.Service = hosts[0]
		}
		return c
	default:
		at.fault(fmt.Sprintf("challenge %q is not valid", e.Challenge), "write basic or bearer", "challenge")
	}
	if e.Realm != "" {
		name = e.Realm
	}
	return Challenge{Realm: name}
}

func (e *challengeEntry) checkBasic(at *entry) {
	const onlyBearer, remedy = " is only for a Bearer challenge", "write challenge: bearer, or remove it"
	if e.TokenRealm != "" {
		at.fault("tokenRealm"+onlyBearer, remedy, "tokenRealm")
	}
	if e.TokenService != "" {
		at.fault("tokenService"+onlyBearer, remedy, "tokenService")
	}
	if e.Realm != "" && !headerText.MatchString(e.Realm) {
		at.fault(fmt.Sprintf("realm %q is not valid", e.Realm), "use printable ASCII without quotes and backslashes", "realm")
	}
}

func (e *challengeEntry) checkBearer(at *entry) {
	if e.Realm != "" {
		at.fault("realm is only for a Basic challenge", "replace it by tokenRealm, the https URL that issues tokens", "realm")
	}
	if e.TokenService != "" && !headerText.MatchString(e.TokenService) {
		at.fault(fmt.Sprintf("tokenService %q is not valid", e.TokenService), "use printable ASCII without quotes and backslashes", "tokenService")
	}
	u, err := url.Parse(e.TokenRealm)
	switch {
	case e.TokenRealm == "" && e.Realm == "" && at.knows("tokenRealm", "realm"):
		at.fault("a Bearer challenge needs tokenRealm", "write the https URL that issues tokens", "challenge")
	case e.TokenRealm == "":
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || !headerText.MatchString(e.TokenRealm):
		at.fault("tokenRealm is not valid", "write an https URL without user, quotes or fragment", "tokenRealm")
	}
}
