package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// values finds values that a condition's key never has.
func (l *linter) values(d *document, s *statement) {
	if s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	for _, c := range s.Conditions {
		l.wildcardValues(d, c)
		l.sessionValues(d, c)
		l.operatorOfKey(d, c)
		if d.policy.Kind != iam.TrustPolicy {
			l.impossibleValues(d, c)
		}
	}
}

// wildcardValues finds wildcards that an operator takes as they stand.
func (l *linter) wildcardValues(d *document, c iam.WrittenCondition) {
	key := strings.ToLower(c.Key.Text)
	if !strings.HasPrefix(c.Base, "String") || strings.HasSuffix(c.Base, "Like") || key == "aws:useragent" || key == "aws:referer" {
		return
	}
	for _, w := range c.Values {
		plain := strings.NewReplacer("${*}", "", "${?}", "").Replace(w.Text)
		if strings.ContainsAny(plain, "*?") {
			l.report(d.policy.Source, w.Position, "literal-wildcard", "%s takes %q as it stands: its wildcard is an ordinary character; write %s, or ${*} where the character is meant", c.Operator, w.Text, likeOperator(c.Base))
		}
	}
}

func likeOperator(base string) string {
	if strings.HasPrefix(base, "StringNot") {
		return "StringNotLike"
	}
	return "StringLike"
}

// sessionValues finds sessions compared with aws:PrincipalArn, which has the
// role.
func (l *linter) sessionValues(d *document, c iam.WrittenCondition) {
	if !strings.EqualFold(c.Key.Text, "aws:PrincipalArn") {
		return
	}
	for _, w := range c.Values {
		if strings.Contains(w.Text, ":assumed-role/") {
			l.report(d.policy.Source, w.Position, "session-principal-arn", "aws:PrincipalArn of a session is its role's ARN, path and all, and never %q; write the role, or compare aws:userid", w.Text)
		}
	}
}

// operatorsFor are the operators, by the beginning of their names, that compare
// what a key holds; none where it is not known (IAM User Guide, "AWS global
// condition context keys").
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
	if isGlobal && !strings.Contains(key, "tag/") { // a tag may hold a number or a date
		return []string{"String"}
	}
	return nil
}

// operatorOfKey finds operators of another type than their key.
func (l *linter) operatorOfKey(d *document, c iam.WrittenCondition) {
	operators := operatorsFor(strings.ToLower(c.Key.Text))
	if len(operators) == 0 || c.Base == "Null" || slices.ContainsFunc(operators, func(o string) bool { return strings.HasPrefix(c.Base, o) }) {
		return
	}
	l.report(d.policy.Source, c.Key.Position, "mismatched-operator", "%s does not compare what %q holds; use %s", c.Operator, c.Key.Text, strings.Join(operators, " or "))
}
