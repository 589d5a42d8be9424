package lint

import (
	"encoding/json"
	"slices"
	"strings"

	"extauthz/iam"
)

// contradictions finds keys with conditions that cannot hold together, so that
// the statement never applies. It asks the policy engine itself: where one
// condition leaves few values, each of them is tried with the others.
func (l *linter) contradictions(d *document, s *statement) {
	if len(s.Conditions) < 2 || s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	byKey := map[string][]iam.WrittenCondition{}
	for _, c := range s.Conditions {
		key := strings.ToLower(c.Key.Text)
		byKey[key] = append(byKey[key], c)
	}
	for key, conditions := range byKey {
		if len(conditions) < 2 {
			continue
		}
		values, few := fewValues(conditions)
		if few && !anyHolds(key, values, conditions) {
			last := conditions[len(conditions)-1]
			l.report(d.policy.Source, last.Key.Position, "contradictory-conditions", "this condition on %q and the one before exclude each other, so that the statement never applies", last.Key.Text)
		}
	}
}

// fewValues lists the values that the conditions leave to their key, beside its
// absence; false where there are too many to tell.
func fewValues(conditions []iam.WrittenCondition) (values []string, few bool) {
	for _, c := range conditions {
		if c.Set != "" || slices.ContainsFunc(c.Values, func(w iam.Word) bool { return strings.Contains(w.Text, "${") }) {
			return nil, false
		}
		switch {
		case c.Base == "StringEquals" && !c.IfExists:
			few = true
			for _, w := range c.Values {
				values = append(values, w.Text)
			}
		case c.Base == "Null" && len(c.Values) == 1 && c.Values[0].Text == "true":
			few = true
		}
	}
	return values, few
}

// anyHolds tells whether all conditions hold for one of the values, or for none.
func anyHolds(key string, values []string, conditions []iam.WrittenCondition) bool {
	policy := policyOf(conditions)
	if policy == nil {
		return true // cannot be: each of them was compiled before
	}
	if holds(policy) {
		return true
	}
	return slices.ContainsFunc(values, func(value string) bool {
		return holds(policy, iam.ContextEntry{Key: key, Value: value})
	})
}

// policyOf makes a policy that allows everything under the conditions, nil where
// they are no policy's.
func policyOf(conditions []iam.WrittenCondition) *iam.Policy {
	block := map[string]map[string][]string{}
	for _, c := range conditions {
		if block[c.Operator] == nil {
			block[c.Operator] = map[string][]string{}
		}
		for _, w := range c.Values {
			block[c.Operator][c.Key.Text] = append(block[c.Operator][c.Key.Text], w.Text)
		}
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block,
	}})
	if err != nil {
		return nil
	}
	policy, _ := iam.Compile(iam.IdentityPolicy, "conditions", text)
	return policy
}

// holds tells whether a policy made by policyOf allows in a context.
func holds(policy *iam.Policy, context ...iam.ContextEntry) bool {
	p := iam.Policies{Identity: []*iam.Policy{policy}}
	const user = "arn:aws:iam::123456789012:user/any"
	return p.Evaluate(&iam.Request{
		Principal: &iam.Principal{Kind: iam.User, ARN: user, Account: "123456789012"},
		Action:    "ecr:BatchGetImage", Resource: "*", Context: context,
	}) == iam.Allowed
}
