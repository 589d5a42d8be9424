package policystore

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"extauthz/identity"
)

// proofEntry is what a registry takes as proof of who calls, in registries.yaml.
type proofEntry struct {
	Sources       []string `yaml:"sources"`
	Audiences     []string `yaml:"audiences"`
	Header        string   `yaml:"header"`
	PrincipalKind string   `yaml:"principalKind"`
	Anonymous     bool     `yaml:"anonymous"`
}

// headerName is the form of a header's name (RFC 9110, section 5.1) in lower
// case, as Envoy writes it. Underscores are left out, which some servers take for
// hyphens.
var headerName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// check returns the key whose value is wrong and what is wrong with it.
func (e *proofEntry) check() (key string, err error) {
	sources, err := e.sources()
	if err != nil {
		return "sources", err
	}
	if err := e.checkAudiences(); err != nil {
		return "audiences", err
	}
	if _, err := identity.ParsePrincipalKind(e.PrincipalKind); err != nil {
		return "principalKind", err
	}
	named := slices.Contains(sources, identity.TrustedHeader)
	switch {
	case named && e.Header == "":
		return "sources", errors.New("sources name a header; write which, such as header: x-auth-request-email")
	case !named && e.Header != "":
		return "header", fmt.Errorf("header %q is asked by no source; name header among the sources, or remove it", e.Header)
	case named:
		return "header", checkTrustedHeader(e.Header)
	}
	return "", nil
}

// sources returns the sources that are named, nil where none are.
func (e *proofEntry) sources() ([]identity.Source, error) {
	if e.Sources != nil && len(e.Sources) == 0 {
		return nil, errors.New("sources: name at least one, or leave them out")
	}
	var sources []identity.Source
	for _, word := range e.Sources {
		source, err := identity.ParseSource(word)
		if err != nil {
			return nil, fmt.Errorf("source %w", err)
		}
		if slices.Contains(sources, source) {
			return nil, fmt.Errorf("source %q is there twice; keep one", word)
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// stsAudiences are what GitHub's and EKS's tokens for AWS itself are made for.
var stsAudiences = []string{"sts.amazonaws.com", "sts.amazonaws.com.cn"}

// maxAudience bounds an audience, in bytes.
const maxAudience = 256

func (e *proofEntry) checkAudiences() error {
	if e.Audiences != nil && len(e.Audiences) == 0 {
		return errors.New("audiences: name at least one, or leave them out for the registry's hosts")
	}
	for i, audience := range e.Audiences {
		switch {
		case !realmText.MatchString(audience) || len(audience) > maxAudience:
			return fmt.Errorf("audience %q: use 1 to %d characters of printable ASCII without quotes and backslashes", audience, maxAudience)
		case slices.Contains(e.Audiences[:i], audience):
			return fmt.Errorf("audience %q is there twice; keep one", audience)
		case slices.Contains(stsAudiences, audience):
			return fmt.Errorf("audience %q is that of another service, where a token shown here could be used; take it for one issuer, by its foreignAudiences", audience)
		}
	}
	return nil
}

// checkTrustedHeader refuses headers that Envoy or every client writes: no proxy
// can have set them alone.
func checkTrustedHeader(name string) error {
	if !headerName.MatchString(name) {
		return fmt.Errorf("header %q: write a header's name in lower case, with letters, digits and hyphens", name)
	}
	for _, taken := range []string{"authorization", "cookie", "forwarded", "host", "referer", "user-agent"} {
		if name == taken {
			return fmt.Errorf("header %q has a meaning of its own; name one that the trusted proxy alone sets", name)
		}
	}
	for _, prefix := range []string{"content-", "x-envoy-", "x-forwarded-client-cert", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"} {
		if strings.HasPrefix(name, prefix) {
			return fmt.Errorf("header %q has a meaning of its own; name one that the trusted proxy alone sets", name)
		}
	}
	return nil
}

// rules are what a registry of those hosts and partition takes as proof. check
// has seen to the errors.
func (e *proofEntry) rules(hosts []string, partition string) identity.Config {
	sources, _ := e.sources()
	kind, _ := identity.ParsePrincipalKind(e.PrincipalKind)
	r := identity.Config{
		Sources: sources, Audiences: e.Audiences, Header: e.Header,
		PrincipalKind: kind, Partition: partition, Anonymous: e.Anonymous,
	}
	if r.Audiences == nil {
		r.Audiences = hosts
	}
	return r
}
