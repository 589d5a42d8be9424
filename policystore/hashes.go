package policystore

import (
	"fmt"

	"extauthz/diag"
	"extauthz/identity"
	"extauthz/identity/basic"
)

// costlyHashes returns a finding for each line of the password file whose hash takes
// longer to verify than the shipped Envoy configurations wait for an answer.
func costlyHashes(callers *identity.Authenticator) diag.List {
	var found diag.List
	for _, user := range callers.Users() {
		if user.Cost > basic.RecommendedMaxCost {
			found = append(found, diag.Diagnostic{Position: diag.File("htpasswd").At(diag.Point{Line: user.Line, Column: 1}), Severity: diag.Warning, Code: "costly-hash",
				Problem: fmt.Sprintf("the bcrypt hash of user %q has cost %d, which a busy machine cannot verify within Envoy's timeout of 0.5 s", user.Name, user.Cost),
				Remedy:  fmt.Sprintf("a cost of at most %d fits, make the line again with htpasswd -nB -C %[1]d", basic.RecommendedMaxCost)})
		}
	}
	return found
}
