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
			if missing := callers.Missing(source); missing != "" {
				found = append(found, iam.Finding{Source: "registries.yaml", Position: iam.Position(r.SourcesAt.Point), Code: "idle-source", Message: fmt.Sprintf(
					"registry %q: the source %s cannot authenticate any caller, because principals.yaml has %s", name, source, missing)})
			}
		}
	}
	return found
}

// unboundUsers finds users of the password file whose passwords prove nobody.
func unboundUsers(callers *identity.Authenticator) []iam.Finding {
	var found []iam.Finding
	for _, user := range callers.UnboundUsers() {
		found = append(found, iam.Finding{Source: "htpasswd", Position: iam.Position{Line: user.Line, Column: 1}, Code: "unbound-user", Message: fmt.Sprintf(
			"no principal is bound to user %q, so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line", user.Name)})
	}
	return found
}
