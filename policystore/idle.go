package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/iam"
	"extauthz/identity"
)

// idleSources finds sources that a registry names and that could find nobody.
func (all registries) idleSources(callers *identity.Authenticator) []iam.Finding {
	var found []iam.Finding
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		for _, source := range r.Authentication.Sources {
			if !callers.CanAuthenticate(source) {
				found = append(found, iam.Finding{Source: "registries.yaml", Position: r.sourcesAt, Code: "idle-source", Message: fmt.Sprintf(
					"registry %q: the source %s can find nobody, since principals.yaml has %s", name, source, lacking(source))})
			}
		}
	}
	return found
}

// lacking is what a source finds callers by.
func lacking(source identity.Source) string {
	switch source {
	case identity.MTLS:
		return "no credential with uri, dns or subject"
	case identity.JWTAuthn:
		return "no issuer with metadata"
	case identity.TrustedHeader:
		return "no credential with header"
	case identity.BasicAuth:
		return "no credential with basic, and no issuer with jwks"
	case identity.NoSource, identity.Bearer:
	}
	return "no issuer with jwks"
}

// unboundUsers finds users of the password file whose passwords prove nobody.
func unboundUsers(callers *identity.Authenticator) []iam.Finding {
	var found []iam.Finding
	for _, user := range callers.UnboundUsers() {
		found = append(found, iam.Finding{Source: "htpasswd", Position: iam.Position{Line: user.Line, Column: 1}, Code: "unbound-user", Message: fmt.Sprintf(
			"user %q is nobody, whatever the password; bind it by a credential with basic in principals.yaml, add to the principals the user that such a credential makes of it, or remove the line", user.Name)})
	}
	return found
}
