package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/nametemplate"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// An Issuer is an OpenID Connect issuer whose tokens authenticate callers. Its tokens
// either map to principals by bindings, or assume roles. Tags and session policies
// apply to the sessions of both. The session name applies to assumed roles only, because
// a binding's principal includes the name of its session.
type Issuer struct {
	Name     string         // by which bindings refer to it
	Verifier *oidc.Verifier // of its tokens

	Metadata         string            // jwt_authn's payload_in_metadata for it; "" for none
	Role             string            // ARN of the role that its tokens assume if the client names none; "" for none
	SessionName      string            // [nametemplate.Template] over the captures of Claims, of the sessions of assumed roles; "" means Name
	Claims           map[string]string // claim → [nametemplate.Pattern] that every token must match
	TagClaims        map[string]string // session tag → claim that has its value
	ForeignAudiences []string          // audiences of other services whose tokens are accepted too
	Provider         string            // the provider in trust policies and condition keys; "" means the URL without https://
	SessionPolicies  []*iam.Policy
}

// compiledIssuer is the compiled form of an Issuer.
type compiledIssuer struct {
	name             string
	verifier         *oidc.Verifier
	metadata         string
	role             string
	sessionName      *nametemplate.Template
	hasSessionName   bool // that the operator wrote
	claims           claimPatterns
	tagClaims        []tagClaim
	foreignAudiences []string
	provider         *sts.Provider
	sessionPolicies  []*iam.Policy
	bindings         []*tokenBinding
}

// AddIssuer adds an issuer. It rejects an issuer whose name, URL, provider or metadata
// another issuer has, whose tokens cannot be verified, or whose role does not exist or
// has no trust policy, and patterns and templates that do not compile. The error joins all
// faults that do not follow from others. They have no position, which the caller adds.
func (auth *Authenticator) AddIssuer(i Issuer) error {
	switch {
	case i.Name == "":
		return diag.Problemf("the issuer has no name").WithRemedy("add name, which credentials refer to")
	case i.Verifier == nil || i.Verifier.URL == "":
		return diag.Problemf("issuer %q has no URL", i.Name).WithRemedy("write the iss of its tokens")
	}
	compiled, err := i.compile(auth.entities)
	if err := errors.Join(i.check(), auth.checkDistinct(compiled), err); err != nil {
		return err
	}
	auth.callers.clear()
	auth.issuers, auth.verifiers = append(auth.issuers, compiled), append(auth.verifiers, compiled.verifier)
	return nil
}

// check checks what needs no compilation.
func (i *Issuer) check() error {
	var faults []error
	if i.Verifier.Keys == nil && i.Metadata == "" {
		faults = append(faults, diag.Problemf("issuer %q: its tokens cannot be verified", i.Name).WithRemedy("add jwks, or metadata if Envoy's jwt_authn verifies them"))
	}
	if slices.Contains(i.ForeignAudiences, "") {
		faults = append(faults, diag.Problemf("issuer %q: a foreign audience is empty", i.Name).WithRemedy("remove it"))
	}
	return errors.Join(faults...)
}

// checkDistinct rejects an issuer that has the name, URL, metadata or provider of another.
func (auth *Authenticator) checkDistinct(i *compiledIssuer) error {
	for _, other := range auth.issuers {
		switch {
		case other.name == i.name:
			return diag.Problemf("issuer %q is listed twice", i.name).WithRemedy("keep one")
		case other.verifier.URL == i.verifier.URL:
			return diag.Problemf("issuers %q and %q have the same issuer URL", other.name, i.name).WithRemedy("remove one")
		case i.metadata != "" && other.metadata == i.metadata:
			return diag.Problemf("issuers %q and %q have the same metadata key %q", other.name, i.name, i.metadata).WithRemedy("give each jwt_authn provider its own payload_in_metadata")
		case i.provider != nil && strings.EqualFold(other.provider.URL, i.provider.URL):
			return diag.Problemf("issuers %q and %q are one provider %q, so that trust policies could not distinguish their tokens", other.name, i.name, other.provider.URL).WithRemedy("keep one, or set the provider of each")
		}
	}
	return nil
}

// compile compiles the issuer. With an error it returns what is correct.
func (i *Issuer) compile(e *sts.Entities) (*compiledIssuer, error) {
	c := &compiledIssuer{
		name: i.Name, verifier: i.Verifier, metadata: i.Metadata, role: i.Role,
		hasSessionName: i.SessionName != "", foreignAudiences: i.ForeignAudiences, sessionPolicies: i.SessionPolicies,
	}
	var faults []error
	add := func(err error) {
		if err != nil {
			faults = append(faults, i.wrap(err))
		}
	}
	provider := i.Provider
	if provider == "" {
		_, provider, _ = strings.Cut(i.Verifier.URL, "://")
	}
	if provider == "" || strings.Contains(provider, "://") {
		add(diag.Problemf("provider %q is empty or has a scheme", i.Provider).WithRemedy("write it as trust policies do, without https://"))
	} else {
		c.provider = sts.NewProvider(i.Name, provider)
	}
	var err, errClaims error
	c.claims, errClaims = compileClaims(i.Claims)
	add(errClaims)
	c.tagClaims, err = compileTagClaims(i.TagClaims)
	add(err)
	add(checkTagKeys(c.tagClaims))
	if errClaims == nil { // the template depends on the captures
		c.sessionName, err = compileSessionName(i, c.claims.names())
		add(err)
	}
	add(checkIssuerRole(i.Role, e))
	return c, errors.Join(faults...)
}

// wrap returns the faults of err with the name of the issuer.
func (i *Issuer) wrap(err error) error {
	named := diag.Wrap(diag.Position{}, fmt.Sprintf("issuer %q: ", i.Name), err)
	if errors.As(err, new(*SessionNameError)) {
		return &SessionNameError{named}
	}
	return named
}

func checkTagKeys(claims []tagClaim) error {
	var tags []sts.Tag
	for _, claim := range claims {
		tags = append(tags, sts.Tag{Key: claim.key})
	}
	return sts.CheckTags(tags)
}

// compileSessionName compiles the template of session names, and expands it once.
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
		return nil, &SessionNameError{diag.Wrap(diag.Position{}, "session: ", err)}
	}
	return t, nil
}

// A SessionNameError is a fault in an issuer's SessionName.
type SessionNameError struct{ Err error }

func (e *SessionNameError) Error() string { return e.Err.Error() }

// Unwrap returns the underlying error.
func (e *SessionNameError) Unwrap() error { return e.Err }

// checkIssuerRole rejects a role that no token can assume.
func checkIssuerRole(arn string, e *sts.Entities) error {
	if arn == "" {
		return nil
	}
	role := e.Find(arn)
	switch {
	case role == nil || !role.IsRole():
		return diag.Problemf("role %q is not among the principals", arn).WithRemedy("add it there with its policies and its trust policy")
	case role.Trust == nil && !role.MissesTrust:
		return diag.Problemf("role %q has no trust policy, so that no token can assume it", arn).WithRemedy("add one that allows sts:AssumeRoleWithWebIdentity")
	}
	return nil
}

// audiences returns what a token of the issuer may be made for.
func (i *compiledIssuer) audiences(config *Config) []string {
	if len(i.foreignAudiences) == 0 {
		return config.Audiences
	}
	return slices.Concat(config.Audiences, i.foreignAudiences)
}

// issuerNamed returns the issuer of that name, nil if it does not exist.
func (auth *Authenticator) issuerNamed(name string) *compiledIssuer {
	for _, i := range auth.issuers {
		if i.name == name {
			return i
		}
	}
	return nil
}

// issuerAt returns the issuer of that URL, nil if it does not exist.
func (auth *Authenticator) issuerAt(url string) *compiledIssuer {
	for _, i := range auth.issuers {
		if i.verifier.URL == url {
			return i
		}
	}
	return nil
}
