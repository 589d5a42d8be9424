package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// notPrincipal finds Denies of all but those they name. (An Allow of the kind is
// refused when it is loaded.)
func (l *linter) notPrincipal(d *document, s *statement) {
	if s.NotPrincipal && len(s.Principals) > 0 {
		l.report(d.policy.Source, s.Principals[0].Position, "not-principal", "a Deny with NotPrincipal exempts a caller only if every principal of it is listed: the account and the user, or the account, the role and the session by its name; and none that has a permissions boundary; deny \"*\" with a condition such as ArnNotEquals on aws:PrincipalArn")
	}
}

// everyone is the entry "*" of the statement's Principal, nil where there is none.
func (s *statement) everyone() *iam.WrittenPrincipal {
	for i := range s.Principals {
		if p := &s.Principals[i]; p.Type == "AWS" && p.Text == "*" && !s.NotPrincipal {
			return p
		}
	}
	return nil
}

// anyPrincipal finds Allows of everyone that no condition limits.
func (l *linter) anyPrincipal(d *document, s *statement) {
	everyone := s.everyone()
	if everyone == nil || !d.allows(s) || slices.ContainsFunc(s.Conditions, s.limitsCallers) {
		return
	}
	l.report(d.policy.Source, everyone.Position, "any-principal", "this Allow is for everyone, in every account; name principals, or add a condition such as StringEquals on aws:PrincipalOrgID")
}

// limitsCallers tells whether a condition limits who can call: it asks for a
// value of who calls or from where, and not for any value.
func (s *statement) limitsCallers(c iam.WrittenCondition) bool {
	key := strings.ToLower(c.Key.Text)
	limits := identifies(key) || slices.Contains([]string{
		"aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcearn", "aws:sourceaccount",
		"aws:sourceorgid", "aws:sourceorgpaths", "sts:externalid", "aws:federatedprovider",
	}, key)
	return limits && s.demands(c) && !slices.ContainsFunc(c.Values, func(w iam.Word) bool {
		return strings.Trim(w.Text, "*") == "" || w.Text == "0.0.0.0/0" || w.Text == "::/0"
	})
}

// identifies tells whether a key is a property of whoever is somebody.
func identifies(key string) bool {
	return strings.HasPrefix(key, "aws:principal") || key == "aws:userid" || key == "aws:username" || key == "aws:sourceidentity"
}

// demands reports whether a condition of the statement is false for a request without
// its key: by itself or, with ForAllValues, by a Null condition beside it.
func (s *statement) demands(c iam.WrittenCondition) bool {
	if c.Set == "ForAllValues" {
		return !c.Negated && c.Base != "Null" && slices.ContainsFunc(s.Conditions, func(n iam.WrittenCondition) bool {
			return n.Base == "Null" && n.Set == "" && strings.EqualFold(n.Key.Text, c.Key.Text) && len(n.Values) == 1 && strings.EqualFold(n.Values[0].Text, "false")
		})
	}
	return !c.Negated && !c.IfExists && c.Base != "Null"
}

// anonymousWrite finds repository policies by which callers without a credential
// may write, where a registry serves them.
func (l *linter) anonymousWrite(d *document, s *statement) {
	everyone := s.everyone()
	if everyone == nil || !d.allows(s) || s.covered&writes == 0 || !l.servesAnonymous(d.policy) {
		return
	}
	for _, c := range s.Conditions {
		if identifies(strings.ToLower(c.Key.Text)) && s.demands(c) {
			return
		}
	}
	l.report(d.policy.Source, everyone.Position, "anonymous-write", "the registry serves callers without a credential, and this Allow lets them %s; name principals for what writes", strings.Join((s.covered&writes).names(), ", "))
}

// servesAnonymous tells whether a registry that the policy is about serves
// anonymous callers.
func (l *linter) servesAnonymous(policy *iam.Policy) bool {
	for _, r := range l.registries {
		if !r.Authentication.Anonymous {
			continue
		}
		if strings.HasPrefix(policy.Source, "accounts/"+r.Account+"/"+r.Region+"/") {
			return true
		}
	}
	return false
}

// ownAccount finds Allows of repository and registry policies for the account that
// owns the registry. Such an entry leaves the decision to the identity policies of the
// account's users and roles, which could allow the same without it (IAM User Guide,
// "AWS JSON policy elements: Principal", AWS account principals).
func (l *linter) ownAccount(d *document, s *statement) {
	own, _, isOfAccount := strings.Cut(strings.TrimPrefix(d.policy.Source, "accounts/"), "/")
	if !isOfAccount || !d.isResourceBased() || s.Statement.Effect != iam.Allow || s.NotPrincipal || s.covered == 0 {
		return
	}
	for _, p := range s.Principals {
		if p.Type == "AWS" && isAccount(p.Text, own) {
			l.report(d.policy.Source, p.Position, "own-account", "%q is the account that owns the registry, and this Allow of it has no effect by itself: identity policies must still allow its users and roles, and suffice without it; name users or roles, or remove the entry", p.Text)
		}
	}
}

// isAccount reports whether a principal of a policy is the account as a whole, by its
// id or the ARN of its root user.
func isAccount(principal, account string) bool {
	arn, err := iam.ParseARN(principal)
	return principal == account || err == nil && arn.Service == "iam" && arn.Account == account && arn.Resource == "root"
}
