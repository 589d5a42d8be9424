package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// possibleValues are the values that a key can have in requests that carry it here;
// none where there are too many to list.
func (l *linter) possibleValues(key string) []string {
	switch key {
	case "aws:securetransport", "aws:principalisawsservice", "aws:viaawsservice", "aws:multifactorauthpresent":
		return []string{"true", "false"}
	case "aws:principaltype":
		return []string{"Account", "User", "AssumedRole", "FederatedUser", "Service", "Anonymous"}
	case strings.ToLower(iam.KeyReferenceType):
		return []string{"tag", "digest"}
	case "aws:requestedregion":
		return l.ofRegistries(func(r *policystore.Registry) string { return r.Region })
	case "aws:resourceaccount":
		return l.ofRegistries(func(r *policystore.Registry) string { return r.Account })
	}
	return nil
}

func (l *linter) ofRegistries(property func(*policystore.Registry) string) (all []string) {
	for _, r := range l.registries {
		if value := property(r); !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return all
}

// impossibleValues finds conditions none of whose values is one that the key has
// here. One that is among others may be meant for AWS.
func (l *linter) impossibleValues(d *document, c iam.WrittenCondition) {
	possible := l.possibleValues(strings.ToLower(c.Key.Text))
	if len(possible) == 0 || !strings.HasPrefix(c.Base, "String") || c.Set != "" || len(c.Values) == 0 {
		return
	}
	if slices.ContainsFunc(c.Values, func(w iam.Word) bool {
		return slices.ContainsFunc(possible, func(value string) bool { return mayEqual(c.Base, w.Text, value) })
	}) {
		return
	}
	outcome := "never"
	if c.Negated {
		outcome = "always"
	}
	l.report(d.policy.Source, c.Values[0].Position, "impossible-value", "%q is never %q here, but %s, so that where a request carries it %s %s holds", c.Key.Text, c.Values[0].Text, strings.Join(possible, " or "), c.Operator, outcome)
}

// mayEqual tells whether an operator on strings can find a value to be as a word of
// the policy says. Of one with a variable it cannot tell.
func mayEqual(base, word, value string) bool {
	switch {
	case strings.Contains(word, "${"):
		return true
	case strings.HasSuffix(base, "Like"):
		return covers(word, value)
	case strings.HasSuffix(base, "IgnoreCase"):
		return strings.EqualFold(word, value)
	}
	return word == value
}
