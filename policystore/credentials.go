package policystore

import (
	"errors"
	"fmt"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
	"extauthz/policystore/config"
	"extauthz/strictyaml"
)

// callers are the credentials that a snapshot accepts, and the principals that they map to.
type callers struct {
	table       *identity.Authenticator
	issuers     []IssuerStatus
	keySets     []*oidc.KeySet // of the issuers; nil for one that only Envoy verifies
	credentials []BoundCredential
	trusted     []TrustedIssuer
}

// A callerCompiler adds the issuers and credentials of principals.yaml to callers.
type callerCompiler struct {
	*sources
	*callers
	principals    *principals
	missesIssuers bool            // an issuer may be missing because of a fault
	unbindable    map[string]bool // the names of issuers whose tokens cannot be bound because of a fault
}

// compileCallers compiles the issuers and credentials of principals.yaml. A reference to
// something that may be missing because of a fault is not a fault.
func (from *sources) compileCallers(configured *config.Principals, users *basic.File, who *principals) *callers {
	all := &callers{table: identity.NewAuthenticator(users, from.kept.passwords, who.entities)}
	c := &callerCompiler{sources: from, callers: all, principals: who, missesIssuers: configured.MissesIssuers, unbindable: map[string]bool{}}
	for i := range configured.Issuers {
		entry := &configured.Issuers[i]
		needsRole := entry.SessionName.Text != "" // bindings are refused unless some role can be assumed
		if !c.addIssuer(entry) || needsRole && c.mayMissRoles() {
			c.unbindable[entry.Name.Text] = true
		}
	}
	for i := range configured.Credentials {
		c.addCredential(&configured.Credentials[i])
	}
	return all
}

// addCredential maps the name or the claims of an entry to its principal, and reports the
// faults of the entry.
func (c *callerCompiler) addCredential(entry *config.CredentialEntry) {
	binding := identity.Binding{
		Kind: entry.Kind, Name: entry.Name,
		Claims: entry.Claims, Principal: entry.Principal, Path: entry.Path, FederatedBy: entry.FederatedBy,
		Tags: entry.Tags, TagClaims: entry.ClaimTags, SourceIdentity: entry.SourceIdentity,
		SourceARN: entry.SourceARN, SourceAccount: entry.SourceAccount,
	}
	if entry.Kind == identity.TokenClaims {
		binding.Name, binding.Issuer = "", entry.Name
	}
	binding.SessionPolicies, _ = c.policies(iam.SessionPolicy, entry.SessionPolicies, accountOf(entry.Principal))
	if entry.Basic != "" && c.isFaulty[passwordsPath] || entry.Token != "" && !c.canBind(entry.Token) {
		c.report(errFollows)
		return
	}
	err := c.table.Bind(binding)
	if errors.As(err, new(*sts.NoSuchEntity)) && !c.principals.complete {
		err = errFollows
	}
	if c.reportAt(entry.At, err) {
		return
	}
	c.credentials = append(c.credentials, BoundCredential{
		entry.Token, entry.Claims, entry.Principal, entry.Path, entry.FederatedBy, binding.SessionPolicies, config.InPrincipals(entry.At), entry.SourceARN, entry.SourceAccount,
	})
}

// canBind reports whether tokens of an issuer can be bound, or cannot for another reason
// than a fault that was reported.
func (c *callerCompiler) canBind(issuer string) bool {
	isKnown := slices.ContainsFunc(c.issuers, func(i IssuerStatus) bool { return i.Name == issuer })
	return !c.unbindable[issuer] && (isKnown || !c.missesIssuers)
}

// mayMissRoles reports whether no role can be assumed, and one may be missing because of a
// fault.
func (c *callerCompiler) mayMissRoles() bool {
	return (!c.principals.complete || len(c.principals.faultyTrust) > 0) && !c.principals.entities.HasTrustPolicy()
}

// An IssuerStatus is an issuer whose tokens a snapshot accepts, for its status.
type IssuerStatus struct {
	Name string `json:"name"`
	URL  string `json:"issuer"`
	JWKS string `json:"jwks,omitempty"` // a file of the directory or a URL; "" if only Envoy verifies
}

// addIssuer adds the issuer of an entry, and reports the faults of the entry. It returns
// false if its tokens cannot be bound, because of a fault in it or in its role.
func (c *callerCompiler) addIssuer(entry *config.IssuerEntry) bool {
	keys, hasKeys := c.keySet(entry)
	session, _ := c.policies(iam.SessionPolicy, entry.SessionPolicies, accountOf(entry.Role.Text))
	if !hasKeys {
		return false
	}
	issuer := identity.Issuer{
		Name: entry.Name.Text, Verifier: &oidc.Verifier{URL: entry.URL.Text, Keys: keys}, Metadata: entry.Metadata.Text,
		Role: entry.Role.Text, SessionName: entry.SessionName.Text, Claims: entry.Claims, TagClaims: entry.Tags,
		ForeignAudiences: texts(entry.ForeignAudiences), Provider: entry.Provider.Text, SessionPolicies: session,
	}
	hasRole := issuer.Role == "" || !c.mayBeMissing(issuer.Role)
	if !hasRole {
		c.report(errFollows)
		issuer.Role = ""
	}
	err := c.table.AddIssuer(issuer)
	at := entry.At
	if errors.As(err, new(*identity.SessionNameError)) {
		at = entry.SessionName.At
	}
	if c.reportAt(at, err) || !hasRole {
		return false
	}
	c.keySets = append(c.keySets, keys)
	c.issuers = append(c.issuers, IssuerStatus{Name: entry.Name.Text, URL: entry.URL.Text, JWKS: entry.JWKS.Text})
	c.trusted = append(c.trusted, TrustedIssuer{entry.Name.Text, entry.ProviderName(), entry.Role.Text, entry.Claims, session, config.InPrincipals(entry.At), issuer.ForeignAudiences})
	return true
}

// mayBeMissing reports whether a role, or its trust policy, may be missing because of a
// fault.
func (c *callerCompiler) mayBeMissing(role string) bool {
	return c.principals.faultyTrust[role] || !c.principals.complete && c.principals.entities.Find(role) == nil
}

// texts returns strings without their positions; nil for nil.
func texts(list []strictyaml.String) (all []string) {
	for _, s := range list {
		all = append(all, s.Text)
	}
	return all
}

// keySet returns the keys that verify an issuer's tokens, nil if only Envoy does. It reports
// the faults of the entry about keys, and returns false if the keys cannot be used.
func (from *sources) keySet(entry *config.IssuerEntry) (keys *oidc.KeySet, ok bool) {
	if entry.JWKS.Text == "" {
		return nil, true
	}
	if !entry.HasKeysURL() {
		keys, found := from.files.keys[entry.JWKS.Text]
		return keys, !from.reportAt(entry.JWKS.At, missingFile("jwks", "jwks/NAME.json, or write an https URL", entry.JWKS.Text, found, keys != nil))
	}
	var authority []byte
	if entry.CA.Text != "" {
		text, found := from.files.authorities[entry.CA.Text]
		if from.reportAt(entry.CA.At, missingFile("ca", "ca/NAME.pem", entry.CA.Text, found, text != nil)) {
			return nil, false
		}
		authority = text
	}
	keys, err := from.kept.keys.KeySet(entry.JWKS.Text, authority)
	if err != nil {
		err = diag.Wrap(config.InPrincipals(entry.JWKS.At), "jwks: ", err)
	}
	return keys, !from.report(err)
}

// missingFile returns an error if a file that an issuer refers to does not exist, or cannot
// be used because of a fault.
func missingFile(key, form, name string, exists, usable bool) error {
	switch {
	case !exists:
		return diag.New(diag.Position{}, fmt.Sprintf("%s %q does not exist", key, name), "add the file "+form)
	case !usable:
		return errFollows
	}
	return nil
}
