package authz

import (
	"fmt"

	"extauthz/iam"
)

// sentence says why the last permission is denied, in the words of AWS's own
// messages (IAM User Guide, "Troubleshoot access denied error messages").
func (p *pass) sentence() string {
	denied := p.result.last()
	asked := p.question(denied)
	why := p.snapshot.Decisions.Explain(&asked)
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s%s",
		nameOf(&p.caller.Principal), denied.Action, denied.Resource, because(denied, &why))
}

// nameOf is what AWS's messages and the log call a principal.
func nameOf(p *iam.Principal) string {
	if p.Kind == iam.Anonymous {
		return "anonymous"
	}
	return p.ARN
}

func because(denied Permission, why *iam.Explanation) string {
	class := why.BlockedBy
	switch {
	case why.Exhausted:
		return " because evaluating the policies takes more steps than one decision may take"
	case class == iam.NoClass:
		return ""
	case denied.Decision != iam.ExplicitDeny:
		return fmt.Sprintf(" because no %s allows the %s action", class, denied.Action)
	case class == iam.IdentityClass:
		return fmt.Sprintf(" with an explicit deny in an %s", class)
	}
	return fmt.Sprintf(" with an explicit deny in a %s", class)
}
