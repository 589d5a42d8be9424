package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/identity"
)

// idleSources finds sources that a registry names and that could find nobody.
func (all registries) idleSources(callers *identity.Authenticator) diag.List {
	var found diag.List
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		for _, source := range r.Authentication.Sources {
			if missing := callers.Missing(source); missing != "" {
				found = append(found, diag.Diagnostic{Position: r.SourcesAt, Severity: diag.Warning, Code: "idle-source",
					Problem: fmt.Sprintf("registry %q: the source %s cannot authenticate any caller, because principals.yaml has %s", name, source, missing)})
			}
		}
	}
	return found
}

// unboundUsers finds users of the password file whose passwords prove nobody.
func unboundUsers(callers *identity.Authenticator) diag.List {
	var found diag.List
	for _, user := range callers.UnboundUsers() {
		found = append(found, diag.Diagnostic{Position: diag.File("htpasswd").At(diag.Point{Line: user.Line, Column: 1}), Severity: diag.Warning, Code: "unbound-user",
			Problem: fmt.Sprintf("no principal is bound to user %q, so that its password is useless", user.Name),
			Remedy:  "add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line"})
	}
	return found
}
