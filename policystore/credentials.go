package policystore

import (
	"errors"
	"fmt"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/oidc"
	"extauthz/policystore/config"
	"extauthz/strictyaml"
)

// addCredential maps the name or the claims of an entry to its principal, and reports the
// faults of the entry. If something that it refers to is not usable because of a fault, it
// only checks the session policies.
func (p *principals) addCredential(entry *config.CredentialEntry, from *sources, usable bool) {
	binding := identity.Binding{
		Kind: entry.Kind, Name: entry.Name,
		Claims: entry.Claims, Principal: entry.Principal, Path: entry.Path, FederatedBy: entry.FederatedBy,
		Tags: entry.Tags, TagClaims: entry.ClaimTags, SourceIdentity: entry.SourceIdentity,
		SourceARN: entry.SourceARN, SourceAccount: entry.SourceAccount,
	}
	if entry.Kind == identity.TokenClaims {
		binding.Name, binding.Issuer = "", entry.Name
	}
	session, ok := from.policies(iam.SessionPolicy, entry.SessionPolicies, accountOf(entry.Principal))
	if !usable || !ok {
		return
	}
	binding.SessionPolicies = session
	if from.reportAt(entry.At, p.table.Bind(binding)) {
		return
	}
	p.credentials = append(p.credentials, BoundCredential{entry.Token, entry.Claims, entry.Principal, entry.Path, entry.FederatedBy, session, config.InPrincipals(entry.At), entry.SourceARN, entry.SourceAccount})
}

// An IssuerStatus is an issuer whose tokens a snapshot accepts, for its status.
type IssuerStatus struct {
	Name string `json:"name"`
	URL  string `json:"issuer"`
	JWKS string `json:"jwks,omitempty"` // a file of the directory or a URL; "" if only Envoy verifies
}

// addIssuer adds the issuer of an entry, and reports the faults of the entry. If the issuer's
// role is not usable because of a fault, it only checks the other references. It returns
// false if the issuer was not added.
func (p *principals) addIssuer(entry *config.IssuerEntry, from *sources, usable bool) bool {
	keys, ok := from.keySet(entry)
	session, found := from.policies(iam.SessionPolicy, entry.SessionPolicies, accountOf(entry.Role.Text))
	if !usable || !ok || !found {
		return false
	}
	audiences := texts(entry.ForeignAudiences)
	err := p.table.AddIssuer(identity.Issuer{
		Name: entry.Name.Text, Verifier: &oidc.Verifier{URL: entry.URL.Text, Keys: keys}, Metadata: entry.Metadata.Text,
		Role: entry.Role.Text, SessionName: entry.Session.Text, Claims: entry.Claims, TagClaims: entry.Tags,
		ForeignAudiences: audiences, Provider: entry.Provider.Text, SessionPolicies: session,
	})
	at := entry.At
	if errors.As(err, new(*identity.SessionNameError)) {
		at = entry.Session.At
	}
	if from.reportAt(at, err) {
		return false
	}
	p.keySets = append(p.keySets, keys)
	p.issuers = append(p.issuers, IssuerStatus{Name: entry.Name.Text, URL: entry.URL.Text, JWKS: entry.JWKS.Text})
	p.trusted = append(p.trusted, TrustedIssuer{entry.Name.Text, entry.ProviderName(), entry.Role.Text, entry.Claims, session, config.InPrincipals(entry.At), audiences})
	return true
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
	keys, err := from.keys.KeySet(entry.JWKS.Text, authority)
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
