package policystore

import (
	"cmp"
	"errors"
	"fmt"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/accesskey"
	"extauthz/identity/basic"
	"extauthz/identity/oidc"
	"extauthz/identity/session"
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
	missesIssuers bool                    // an issuer may be missing because of a fault
	faultyIssuers map[string]bool         // the names of issuers with faults
	fetched       map[string]*oidc.KeySet // by URL and file of authorities
}

// compileCallers compiles the issuers and credentials of principals.yaml. A reference to
// something that may be missing because of a fault is not a fault. users and keys are nil if
// their file has a fault.
func (from *sources) compileCallers(configured *config.Principals, users *basic.File, keys *accesskey.File, who *principals) *callers {
	all := &callers{table: identity.NewAuthenticator(users, from.kept.passwords, who.entities)}
	all.table.SetAccessKeys(keys)
	c := &callerCompiler{
		sources: from, callers: all, principals: who, missesIssuers: configured.MissesIssuers,
		faultyIssuers: map[string]bool{}, fetched: map[string]*oidc.KeySet{},
	}
	for i := range configured.Issuers {
		c.addIssuer(&configured.Issuers[i])
	}
	for i := range configured.Credentials {
		c.addCredential(&configured.Credentials[i])
	}
	all.table.FindSessionPolicies(from.managed.sessionPolicyFinder())
	return all
}

// acceptSessions accepts the session tokens that registries.yaml configures, if any.
func (c *callers) acceptSessions(configured *config.Sessions, keys func() *session.Keys) {
	if configured == nil {
		return
	}
	c.table.AcceptSessions(identity.Sessions{
		Service:     &session.Service{Issuer: configured.Issuer, Keys: keys},
		MaxDuration: configured.MaxDuration,
	})
}

// sessionPolicies returns the session policies that an entry refers to, and gives them the
// names by which session tokens refer to them. A reference means the same policy for all
// entries of one account.
func (c *callerCompiler) sessionPolicies(references []strictyaml.String, entity iam.ARN) []*iam.Policy {
	policies, _ := c.policies(iam.SessionPolicy, references, entity)
	for _, reference := range references {
		if policy, err := c.find(iam.SessionPolicy, reference.Text, entity); err == nil {
			c.table.NameSessionPolicy(entity.Account+":"+reference.Text, policy)
		}
	}
	return policies
}

// addCredential maps the name or the claims of an entry to its principal, and reports the
// faults of the entry.
func (c *callerCompiler) addCredential(entry *config.CredentialEntry) {
	sessionPolicies := c.sessionPolicies(entry.SessionPolicies, entry.Account)
	if entry.IsIncomplete {
		c.report(errFollows)
		return
	}
	binding := identity.Binding{
		Kind: entry.Kind, Name: entry.Name,
		Claims: entry.Claims, Principal: entry.Principal, Path: entry.Path, FederatedBy: entry.FederatedBy,
		Tags: entry.Tags, TagClaims: entry.ClaimTags, SourceIdentity: entry.SourceIdentity,
		SourceARN: entry.SourceARN, SourceAccount: entry.SourceAccount, SessionPolicies: sessionPolicies,
	}
	if entry.Kind == identity.TokenClaims {
		binding.Name, binding.Issuer = "", entry.Name
		binding.MissesIssuer = c.missesIssuers || c.faultyIssuers[entry.Name]
	}
	if c.reportAll(c.table.Bind(binding), func(error) diag.Point { return entry.At }) {
		return
	}
	c.credentials = append(c.credentials, BoundCredential{
		entry.Token, entry.Claims, entry.Principal, entry.Path, entry.FederatedBy, sessionPolicies, config.InPrincipals(entry.At), entry.SourceARN, entry.SourceAccount, entry.Account,
	})
}

// reportAll reports each of the errors that are joined in err at its point in
// principals.yaml, unless the error is about a user or role that may be missing because of
// a fault. It returns whether err is not nil.
func (c *callerCompiler) reportAll(err error, at func(error) diag.Point) bool {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			c.reportAll(one, at)
		}
		return true
	}
	absent := new(sts.NoSuchEntity)
	if errors.As(err, &absent) && c.principals.misses.has(absent.ARN) {
		return c.report(errFollows)
	}
	return c.reportAt(at(err), err)
}

// An IssuerStatus is an issuer whose tokens a snapshot accepts, for its status.
type IssuerStatus struct {
	Name string `json:"name"`
	URL  string `json:"issuer"`
	JWKS string `json:"jwks,omitempty"` // a file of the directory or a URL; "" if only Envoy verifies

	// Metadata is where Envoy's jwt_authn filter writes the claims of its tokens
	// (payload_in_metadata); "" if extauthz verifies them.
	Metadata string `json:"metadata,omitempty"`
}

// addIssuer adds the issuer of an entry, and reports the faults of the entry.
func (c *callerCompiler) addIssuer(entry *config.IssuerEntry) {
	keys, hasKeys := c.keySet(entry)
	sessionPolicies := c.sessionPolicies(entry.SessionPolicies, entry.ParsedRole)
	if entry.IsIncomplete {
		c.report(errFollows)
		c.faultyIssuers[entry.Name.Text] = true
		return
	}
	issuer := identity.Issuer{
		Name: entry.Name.Text, Verifier: &oidc.Verifier{URL: entry.URL.Text, Keys: keys}, Metadata: entry.Metadata.Text,
		Role: entry.Role.Text, SessionName: entry.SessionName.Text, Claims: entry.Claims, TagClaims: entry.Tags,
		ForeignAudiences: texts(entry.ForeignAudiences), Provider: entry.Provider.Text, SessionPolicies: sessionPolicies,
	}
	if entry.HasFaultyURL { // others differ
		issuer.Verifier.URL = cmp.Or(entry.URL.Text, "the URL of "+entry.Name.Text)
		issuer.Provider = cmp.Or(entry.Provider.Text, "the provider of "+entry.Name.Text)
	}
	if !hasKeys {
		issuer.Verifier.Keys = new(oidc.KeySet) // they exist, and have a fault
	}
	hasRole := issuer.Role == "" || !c.mayMissRole(entry)
	if !hasRole {
		c.report(errFollows)
		issuer.Role = ""
	}
	isFaulty := c.reportAll(c.table.AddIssuer(issuer), func(err error) diag.Point {
		if errors.As(err, new(*identity.SessionNameError)) && issuer.SessionName != "" {
			return entry.SessionName.At
		}
		return entry.At
	})
	// Bindings are refused if the issuer has a session name and no role can be assumed.
	mayMissRoles := issuer.SessionName != "" && c.principals.misses.anything() && !c.principals.entities.HasTrustPolicy()
	c.faultyIssuers[issuer.Name] = c.faultyIssuers[issuer.Name] || isFaulty
	if isFaulty || entry.HasFaultyURL || !hasKeys || !hasRole || mayMissRoles {
		return
	}
	c.keySets = append(c.keySets, keys)
	c.issuers = append(c.issuers, IssuerStatus{Name: entry.Name.Text, URL: entry.URL.Text, JWKS: entry.JWKS.Text, Metadata: entry.Metadata.Text})
	c.trusted = append(c.trusted, TrustedIssuer{entry.Name.Text, entry.ProviderName(), entry.Role.Text, entry.Claims, sessionPolicies, config.InPrincipals(entry.At), issuer.ForeignAudiences})
}

// mayMissRole reports whether the role of an issuer may be missing because of a fault.
func (c *callerCompiler) mayMissRole(entry *config.IssuerEntry) bool {
	return entry.ParsedRole == (iam.ARN{}) || c.principals.entities.Find(entry.Role.Text) == nil && c.principals.misses.has(entry.Role.Text)
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
func (c *callerCompiler) keySet(entry *config.IssuerEntry) (keys *oidc.KeySet, ok bool) {
	switch {
	case entry.HasFaultyKeys:
		return nil, false
	case entry.JWKS.Text == "":
		return nil, true
	}
	if !entry.HasKeysURL() {
		keys, found := c.files.keys[entry.JWKS.Text]
		return keys, !c.reportAt(entry.JWKS.At, missingFile("jwks", "jwks/NAME.json, or write an https URL", entry.JWKS.Text, found, keys != nil))
	}
	var authority []byte
	if entry.CA.Text != "" {
		text, found := c.files.authorities[entry.CA.Text]
		if c.reportAt(entry.CA.At, missingFile("ca", "ca/NAME.pem", entry.CA.Text, found, text != nil)) {
			return nil, false
		}
		authority = text
	}
	id := entry.JWKS.Text + "\n" + entry.CA.Text
	if known := c.fetched[id]; known != nil {
		return known, true
	}
	keys, err := c.kept.keys.KeySet(entry.JWKS.Text, authority)
	if c.report(diag.Wrap(config.InPrincipals(entry.JWKS.At), "jwks: ", err)) {
		return nil, false
	}
	c.fetched[id] = keys
	return keys, true
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
