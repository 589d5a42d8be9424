package replay

import (
	"strings"

	"extauthz/authz"
	"extauthz/decisionlog"
	"extauthz/iam"
)

// isCall reports whether a caller signed in or called an API of AWS. The operation is its action.
func isCall(e *decisionlog.Entry) bool { return strings.Contains(e.Operation, ":") }

// isPartial reports whether the line of a call lacks what determined the decision: what AWS STS
// compares in addition, such as tags and claims. A call that needs no permission has no actions.
func isPartial(e *decisionlog.Entry) bool {
	return len(e.Actions) == 0 || e.Operation != authz.DecodeAuthorizationMessage && !strings.HasPrefix(e.Operation, "ecr:")
}

// repositories returns the repositories of a call, up to the first one that was denied.
func repositories(e *decisionlog.Entry) (names []string) {
	for _, a := range e.Actions {
		arn, err := iam.ParseARN(a.Resource)
		if err != nil {
			continue // "*"
		}
		names = append(names, strings.TrimPrefix(arn.Resource, "repository/"))
	}
	return names
}
