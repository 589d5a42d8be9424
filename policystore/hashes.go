package policystore

import (
	"fmt"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/basic"
)

// costlyHashes returns a finding for each line of the password file whose hash takes
// longer to verify than the shipped Envoy configurations wait for an answer.
func costlyHashes(callers *identity.Authenticator) []iam.Finding {
	var found []iam.Finding
	for _, user := range callers.Users() {
		if user.Cost > basic.RecommendedMaxCost {
			found = append(found, iam.Finding{Source: "htpasswd", Position: iam.Position{Line: user.Line, Column: 1}, Code: "costly-hash", Message: fmt.Sprintf(
				"the bcrypt hash of user %q has cost %d, which a busy machine cannot verify within Envoy's timeout of 0.5 s; a cost of at most %d fits, make the line again with htpasswd -nB -C %[3]d", user.Name, user.Cost, basic.RecommendedMaxCost)})
		}
	}
	return found
}
