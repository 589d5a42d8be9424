package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// conditionValues finds values that a condition's key never has, and operators that do
// not suit the key.
func (l *linter) conditionValues(d *document, s *statement) {
	if s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	for _, c := range s.Conditions {
		l.literalWildcard(d, c)
		l.sessionARN(d, c)
		l.mismatchedOperator(d, c)
		if d.policy.Kind != iam.TrustPolicy {
			l.impossibleValues(d, c)
		}
	}
}

// literalWildcard finds wildcards that an operator compares as ordinary characters.
func (l *linter) literalWildcard(d *document, c condition) {
	key := strings.ToLower(c.Key.Text)
	if !strings.HasPrefix(c.Base, "String") || strings.HasSuffix(c.Base, "Like") || key == "aws:useragent" || key == "aws:referer" {
		return
	}
	for _, e := range c.Values {
		unescaped := strings.NewReplacer("${*}", "", "${?}", "").Replace(e.Text)
		if strings.ContainsAny(unescaped, "*?") {
			l.report(d.at(e.At), "literal-wildcard",
				messagef("%s compares the wildcard in %q as an ordinary character", c.Operator, e.Text),
				messagef("use %s, or write ${*} or ${?} for the character itself", likeOperator(c.Base)))
		}
	}
}

func likeOperator(base string) string {
	if strings.HasPrefix(base, "StringNot") {
		return "StringNotLike"
	}
	return "StringLike"
}

// sessionARN finds sessions compared with aws:PrincipalArn, which is the ARN of the
// role.
func (l *linter) sessionARN(d *document, c condition) {
	if !strings.EqualFold(c.Key.Text, "aws:PrincipalArn") {
		return
	}
	for _, e := range c.Values {
		if strings.Contains(e.Text, ":assumed-role/") {
			l.report(d.at(e.At), "session-principal-arn",
				messagef("aws:PrincipalArn of a session is the ARN of its role with the path, never %q", e.Text),
				messagef("write the role's ARN, or compare aws:userid"))
		}
	}
}

// operatorsFor returns how the names of the operators begin that can compare a key; nil
// if its type is not known (IAM User Guide, "AWS global condition context keys").
func operatorsFor(key string) []string {
	switch key {
	case "aws:sourceip", "aws:vpcsourceip":
		return []string{"IpAddress", "NotIpAddress"}
	case "aws:currenttime", "aws:tokenissuetime":
		return []string{"Date"}
	case "aws:epochtime":
		return []string{"Date", "Numeric"}
	case "aws:multifactorauthage":
		return []string{"Numeric"}
	case "aws:securetransport", "aws:multifactorauthpresent", "aws:viaawsservice", "aws:principalisawsservice":
		return []string{"Bool", "String"}
	case "aws:principalarn", "aws:sourcearn", "aws:federatedprovider":
		return []string{"Arn", "String"}
	}
	isGlobal := strings.HasPrefix(key, "aws:") || strings.HasPrefix(key, "ecr:")
	if isGlobal && !strings.Contains(key, "tag/") { // a tag may be a number or a date
		return []string{"String"}
	}
	return nil
}

// mismatchedOperator finds operators of another type than their key.
func (l *linter) mismatchedOperator(d *document, c condition) {
	operators := operatorsFor(strings.ToLower(c.Key.Text))
	if len(operators) == 0 || c.Base == "Null" || slices.ContainsFunc(operators, func(o string) bool { return strings.HasPrefix(c.Base, o) }) {
		return
	}
	l.report(d.at(c.Key.At), "mismatched-operator",
		messagef("%s does not suit the values of %q", c.Operator, c.Key.Text),
		messagef("use %s", strings.Join(operators, " or ")))
}

// possibleValues returns the values that a key can have in requests that have it here,
// nil if they cannot be listed.
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

// impossibleValues finds conditions whose key never has any of the values here. A value
// that is only used on AWS is not reported if another one is possible.
func (l *linter) impossibleValues(d *document, c condition) {
	possible := l.possibleValues(strings.ToLower(c.Key.Text))
	if len(possible) == 0 || !strings.HasPrefix(c.Base, "String") || c.Set != "" || len(c.Values) == 0 {
		return
	}
	if slices.ContainsFunc(c.Values, func(e iam.Entry) bool {
		return slices.ContainsFunc(possible, func(value string) bool { return mayEqual(c.Base, e.Text, value) })
	}) {
		return
	}
	outcome := "false"
	if c.Negated {
		outcome = "true"
	}
	l.report(d.at(c.Values[0].At), "impossible-value",
		messagef("%q is never %q here, so for requests with this key %s is always %s", c.Key.Text, c.Values[0].Text, c.Operator, outcome),
		messagef("write %s", strings.Join(possible, " or ")))
}

// mayEqual reports whether an operator on strings may match a value of the policy with
// the value of a key. A variable may have any value.
func mayEqual(base, inPolicy, value string) bool {
	switch {
	case strings.Contains(inPolicy, "${"):
		return true
	case strings.HasSuffix(base, "Like"):
		return covers(inPolicy, value)
	case strings.HasSuffix(base, "IgnoreCase"):
		return strings.EqualFold(inPolicy, value)
	}
	return inPolicy == value
}
