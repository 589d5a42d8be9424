package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity/nametemplate"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// An Issuer is an OpenID Connect issuer whose tokens prove who calls. Its
// tokens stand for bound principals, or they assume roles. Tags and session
// policies are for the sessions of both, a session's name for those of roles that
// are assumed: a bound session has its own.
type Issuer struct {
	Name     string         // by which bindings name it
	Verifier *oidc.Verifier // what verifies its tokens

	Metadata         string            // jwt_authn's payload_in_metadata for it, "" for none
	Role             string            // ARN of the role that its tokens assume where the client names none, "" for none
	SessionName      string            // [nametemplate.Template] of the names of assumed roles' sessions over the captures of Claims; "" is Name
	Claims           map[string]string // claim → [nametemplate.Pattern] that every token must match
	TagClaims        map[string]string // session tag → claim that has its value
	ForeignAudiences []string          // audiences of other services whose tokens are taken all the same
	Provider         string            // the provider in trust policies and condition keys; "" is the URL without https://
	SessionPolicies  []*iam.Policy     // session policies
}

// issuer is an Issuer compiled.
type issuer struct {
	name             string
	verifier         *oidc.Verifier
	metadata         string
	role             string
	session          *nametemplate.Template
	namesSessions    bool // by a template that the operator wrote
	claims           claimPatterns
	tagClaims        []tagClaim
	foreignAudiences []string
	provider         *sts.Provider
	policies         []*iam.Policy
	bindings         []*tokenBinding
}

// AddIssuer adds an issuer. It refuses one whose name, URL, provider or metadata
// another has, whose tokens nothing verifies, whose role is not there or trusts nobody,
// and patterns and templates that cannot be compiled. Its errors have no place:
// who reads the file knows it.
func (t *Authenticator) AddIssuer(i Issuer) error {
	switch {
	case i.Name == "":
		return errors.New("an issuer needs a name, by which credentials name it")
	case i.Verifier == nil || i.Verifier.URL == "":
		return fmt.Errorf("issuer %q has no URL; write the iss of its tokens", i.Name)
	case i.Verifier.Keys == nil && i.Metadata == "":
		return fmt.Errorf("issuer %q: nothing verifies its tokens; give it jwks, or metadata where Envoy's jwt_authn verifies them", i.Name)
	case slices.Contains(i.ForeignAudiences, ""):
		return fmt.Errorf("issuer %q: a foreign audience is empty", i.Name)
	}
	for _, other := range t.issuers {
		switch {
		case other.name == i.Name:
			return fmt.Errorf("issuer %q is there twice; keep one", i.Name)
		case other.verifier.URL == i.Verifier.URL:
			return fmt.Errorf("issuers %q and %q have one URL, which does not tell whose a token is; keep one", other.name, i.Name)
		case i.Metadata != "" && other.metadata == i.Metadata:
			return fmt.Errorf("issuers %q and %q have one metadata key %q; give each jwt_authn provider its own payload_in_metadata", other.name, i.Name, i.Metadata)
		}
	}
	compiled, err := i.compile(t.entities)
	if err != nil {
		return fmt.Errorf("issuer %q: %w", i.Name, err)
	}
	for _, other := range t.issuers {
		if strings.EqualFold(other.provider.URL, compiled.provider.URL) {
			return fmt.Errorf("issuers %q and %q are one provider %q, so that trust policies could not tell their tokens apart; keep one, or give each its provider", other.name, i.Name, other.provider.URL)
		}
	}
	t.issuers, t.verifiers = append(t.issuers, compiled), append(t.verifiers, compiled.verifier)
	return nil
}

func (i *Issuer) compile(e *sts.Entities) (*issuer, error) {
	c := &issuer{
		name: i.Name, verifier: i.Verifier, metadata: i.Metadata, role: i.Role,
		namesSessions: i.SessionName != "", foreignAudiences: i.ForeignAudiences, policies: i.SessionPolicies,
	}
	provider := i.Provider
	if provider == "" {
		_, provider, _ = strings.Cut(i.Verifier.URL, "://")
	}
	if provider == "" || strings.Contains(provider, "://") {
		return nil, fmt.Errorf("provider %q: write it as trust policies do, without https://", i.Provider)
	}
	c.provider = sts.NewProvider(i.Name, provider)
	var err error
	if c.claims, err = compileClaims(i.Claims); err != nil {
		return nil, err
	}
	if c.tagClaims, err = compileTagClaims(i.TagClaims); err != nil {
		return nil, err
	}
	if err := checkTagKeys(c.tagClaims); err != nil {
		return nil, err
	}
	if c.session, err = compileSessionName(i, c.claims.names()); err != nil {
		return nil, err
	}
	return c, checkIssuerRole(i.Role, e)
}

func checkTagKeys(claims []tagClaim) error {
	var tags []sts.Tag
	for _, claim := range claims {
		tags = append(tags, sts.Tag{Key: claim.key})
	}
	return sts.CheckTags(tags)
}

// compileSessionName reads the template of session names, and tries it.
func compileSessionName(i *Issuer, names []string) (*nametemplate.Template, error) {
	text := i.SessionName
	if text == "" {
		text = i.Name
	}
	t, err := nametemplate.CompileTemplate(text, names, nametemplate.ForName)
	if err == nil {
		err = sts.CheckSessionName(t.Expand(slices.Repeat(nametemplate.Captures{"xx"}, len(names))))
	}
	if err != nil {
		return nil, &SessionNameError{err}
	}
	return t, nil
}

// A SessionNameError is what is wrong with an issuer's SessionName.
type SessionNameError struct{ Err error }

func (e *SessionNameError) Error() string { return "session: " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *SessionNameError) Unwrap() error { return e.Err }

// checkIssuerRole wants a role that can be assumed.
func checkIssuerRole(arn string, e *sts.Entities) error {
	if arn == "" {
		return nil
	}
	role := e.Find(arn)
	switch {
	case role == nil || !role.IsRole():
		return fmt.Errorf("role %q is not among the principals; add it there with its policies and its trust policy", arn)
	case role.Trust == nil:
		return fmt.Errorf("role %q has no trust policy, so that no token can assume it; add one that allows sts:AssumeRoleWithWebIdentity", arn)
	}
	return nil
}

// audiences are what a token of the issuer may be made for.
func (i *issuer) audiences(rules *Config) []string {
	if len(i.foreignAudiences) == 0 {
		return rules.Audiences
	}
	return slices.Concat(rules.Audiences, i.foreignAudiences)
}

// issuerNamed returns the issuer of that name, nil if there is none.
func (t *Authenticator) issuerNamed(name string) *issuer {
	for _, i := range t.issuers {
		if i.name == name {
			return i
		}
	}
	return nil
}

// issuerAt returns the issuer of that URL, nil if there is none.
func (t *Authenticator) issuerAt(url string) *issuer {
	for _, i := range t.issuers {
		if i.verifier.URL == url {
			return i
		}
	}
	return nil
}
