package lint

import (
	"encoding/json"
	"slices"
	"strings"

	"extauthz/iam"
)

// contradictions finds keys with conditions that exclude each other, so that the
// statement never applies. It uses the policy engine: if one condition leaves few
// values, each of them is tried with the others. Multivalued keys of a Deny are left
// out, because one matching value is enough there.
func (l *linter) contradictions(d *document, s *statement) {
	if len(s.Conditions) < 2 || s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	byKey := map[string][]iam.ConditionSyntax{}
	for _, c := range s.Conditions {
		key := strings.ToLower(c.Key.Text)
		byKey[key] = append(byKey[key], c)
	}
	for key, conditions := range byKey {
		if len(conditions) < 2 || s.Statement.Effect == iam.Deny && mayBeMultivalued(key) {
			continue
		}
		values, few := fewValues(conditions)
		if few && !canBeTrue(s.Statement.Effect, key, values, conditions) {
			last := conditions[len(conditions)-1]
			l.report(d.at(last.Key.At), "contradictory-conditions",
				messagef("this condition on %q and the one before it exclude each other, so the statement never applies", last.Key.Text),
				messagef("remove one of them"))
		}
	}
}

// mayBeMultivalued reports whether a key can have several values: some of AWS's keys,
// and the claims of a token.
func mayBeMultivalued(key string) bool {
	service, name, _ := strings.Cut(key, ":")
	return service != "aws" && service != "ecr" && service != "oci" ||
		strings.HasSuffix(name, "paths") || name == "tagkeys" || name == "calledvia" || name == "principalservicenameslist"
}

// fewValues returns the values that the conditions still allow for their key, in addition to
// its absence and the empty value, which some conditions treat as absence. It returns
// false if the values cannot be listed.
func fewValues(conditions []iam.ConditionSyntax) (values []string, few bool) {
	for _, c := range conditions {
		if c.Set != "" || hasVariable(c) {
			return nil, false
		}
		switch {
		case c.Base == "StringEquals" && !c.IfExists:
			few = true
			for _, e := range c.Values {
				values = append(values, e.Text)
			}
		case c.Base == "Null" && len(c.Values) == 1 && c.Values[0].Text == "true":
			few = true
		}
	}
	return values, few
}

func hasVariable(c iam.ConditionSyntax) bool {
	return slices.ContainsFunc(c.Values, func(e iam.Entry) bool { return strings.Contains(e.Text, "${") })
}

// canBeTrue reports whether all conditions are true for one of the values, or without
// the key.
func canBeTrue(effect iam.Effect, key string, values []string, conditions []iam.ConditionSyntax) bool {
	if areTrue(effect, conditions) {
		return true
	}
	return slices.ContainsFunc(append(values, ""), func(value string) bool {
		return areTrue(effect, conditions, iam.ContextEntry{Key: key, Value: value})
	})
}

// areTrue reports whether all conditions of a statement of that effect are true for a
// request with that context.
func areTrue(effect iam.Effect, conditions []iam.ConditionSyntax, context ...iam.ContextEntry) bool {
	policy := policyOf(effect, conditions)
	if policy == nil {
		return true // impossible: each condition was compiled before
	}
	p := iam.Policies{Identity: []*iam.Policy{policy}}
	const user = "arn:aws:iam::123456789012:user/any"
	decided := p.Evaluate(&iam.Request{
		Principal: &iam.Principal{Kind: iam.User, ARN: user, Account: "123456789012"},
		Action:    "ecr:BatchGetImage", Resource: "*", Context: context,
	})
	return decided == iam.Allowed || decided == iam.ExplicitDeny
}

// policyOf returns a policy with one statement that applies to everything under the
// conditions, nil if they are not valid.
func policyOf(effect iam.Effect, conditions []iam.ConditionSyntax) *iam.Policy {
	block := map[string]map[string][]string{}
	for _, c := range conditions {
		if block[c.Operator] == nil {
			block[c.Operator] = map[string][]string{}
		}
		values := []string{} // a condition without values is a condition
		for _, e := range c.Values {
			values = append(values, e.Text)
		}
		block[c.Operator][c.Key.Text] = values
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": effect.String(), "Action": "*", "Resource": "*", "Condition": block,
	}})
	if err != nil {
		return nil
	}
	policy, _ := iam.Compile(iam.IdentityPolicy, "conditions", text)
	return policy
}
