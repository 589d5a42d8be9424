package policystore

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/oidc"
)

// issuerEntry is an OpenID Connect issuer in principals.yaml.
type issuerEntry struct {
	Name             string            `yaml:"name"`
	Issuer           string            `yaml:"issuer"`
	JWKS             string            `yaml:"jwks"`
	CA               string            `yaml:"ca"`
	Metadata         string            `yaml:"metadata"`
	Role             string            `yaml:"role"`
	Claims           map[string]string `yaml:"claims"`
	Session          string            `yaml:"session"`
	Tags             map[string]string `yaml:"tags"`
	ForeignAudiences []string          `yaml:"foreignAudiences"`
	SessionPolicies  []string          `yaml:"sessionPolicies"`
	Provider         string            `yaml:"provider"`
}

// An Issuer is an issuer whose tokens a snapshot takes, for those who watch it.
type Issuer struct {
	Name string `json:"name"`
	URL  string `json:"issuer"`
	JWKS string `json:"jwks,omitempty"` // a file of the directory or a URL; "" where Envoy alone verifies
}

// trustIssuer adds the issuer of an entry, or returns what is wrong with the entry
// and where in it.
func (p *principals) trustIssuer(entry *issuerEntry, from *sources) (place []any, err error) {
	if err := checkIssuerURL(entry.Issuer); err != nil {
		return []any{"issuer"}, err
	}
	keys, key, err := from.keySet(entry)
	if err != nil {
		return []any{key}, err
	}
	role := accountOf(entry.Role)
	session, wrong, err := from.managed.findAll(iam.SessionPolicy, entry.SessionPolicies, role)
	if err != nil {
		return []any{"sessionPolicies", wrong}, err
	}
	if len(session) == 0 {
		session = nil
	}
	p.keySets = append(p.keySets, keys)
	p.issuers = append(p.issuers, Issuer{Name: entry.Name, URL: entry.Issuer, JWKS: entry.JWKS})
	err = p.table.AddIssuer(identity.Issuer{
		Name: entry.Name, Verifier: &oidc.Verifier{URL: entry.Issuer, Keys: keys}, Metadata: entry.Metadata,
		Role: entry.Role, SessionName: entry.Session, Claims: entry.Claims, TagClaims: entry.Tags,
		ForeignAudiences: entry.ForeignAudiences, Provider: entry.Provider, SessionPolicies: session,
	})
	if named := new(identity.SessionNameError); errors.As(err, &named) {
		return []any{"session"}, err
	}
	return nil, err
}

// checkIssuerURL wants what OpenID Connect Core 1.0, section 2, says of iss:
// https, without query and fragment. On the machine itself http will do.
func checkIssuerURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("issuer: write the iss of its tokens, a URL such as https://token.actions.githubusercontent.com, without user, query and fragment")
	}
	loopback := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return fmt.Errorf("issuer %q is not https; an issuer's name begins with https://", text)
	}
	return nil
}

// keySet returns the keys by which an issuer's tokens are verified, nil where it
// names none, or the key of the entry that is wrong.
func (from *sources) keySet(entry *issuerEntry) (keys *oidc.KeySet, key string, err error) {
	isURL := strings.Contains(entry.JWKS, "://")
	switch {
	case entry.CA != "" && !isURL:
		return nil, "ca", errors.New("ca: only keys that are fetched from a URL need it; remove it")
	case entry.JWKS == "":
		return nil, "", nil
	case !isURL:
		keys, found := from.files.keys[entry.JWKS]
		switch {
		case found && keys == nil:
			return nil, "jwks", errFollows
		case !found:
			return nil, "jwks", fmt.Errorf("jwks %q is not there; add the file jwks/NAME.json, or write an https URL", entry.JWKS)
		}
		return keys, "", nil
	}
	if u, err := url.Parse(entry.JWKS); err != nil || u.User != nil {
		return nil, "jwks", errors.New("jwks: write the https URL of a key set, without user and password")
	}
	var ca []byte
	if entry.CA != "" {
		var found bool
		ca, found = from.files.authorities[entry.CA]
		switch {
		case found && ca == nil:
			return nil, "ca", errFollows
		case !found:
			return nil, "ca", fmt.Errorf("ca %q is not there; add the file ca/NAME.pem", entry.CA)
		}
	}
	if keys, err = from.keys.KeySet(entry.JWKS, ca); err != nil {
		return nil, "jwks", fmt.Errorf("jwks: %w", err)
	}
	return keys, "", nil
}
