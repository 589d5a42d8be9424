package lint

import (
	"encoding/json"
	"slices"
	"strings"

	"extauthz/iam"
)

// contradictions finds keys with conditions that cannot hold together, so that
// the statement never applies. It asks the policy engine itself: where one
// condition leaves few values, each of them is tried with the others. A Deny takes
// any value of a multivalued key, of which that cannot tell.
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
		if len(conditions) < 2 || s.Statement.Effect == iam.Deny && mayBeMultivalued(key) {
			continue
		}
		values, few := fewValues(conditions)
		if few && !anyHolds(s.Statement.Effect, key, values, conditions) {
			last := conditions[len(conditions)-1]
			l.report(d.policy.Source, last.Key.Position, "contradictory-conditions", "this condition on %q and the one before exclude each other, so that the statement never applies", last.Key.Text)
		}
	}
}

// mayBeMultivalued tells whether a key can have several values: some of AWS's, and
// a token's claims.
func mayBeMultivalued(key string) bool {
	service, name, _ := strings.Cut(key, ":")
	return service != "aws" && service != "ecr" && service != "oci" ||
		strings.HasSuffix(name, "paths") || name == "tagkeys" || name == "calledvia" || name == "principalservicenameslist"
}

// fewValues lists the values that the conditions leave to their key, beside its
// absence and the empty value, which is the same for some; false where there are too
// many to tell.
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
func anyHolds(effect iam.Effect, key string, values []string, conditions []iam.WrittenCondition) bool {
	if holds(effect, conditions) {
		return true
	}
	return slices.ContainsFunc(append(values, ""), func(value string) bool {
		return holds(effect, conditions, iam.ContextEntry{Key: key, Value: value})
	})
}

// holds tells whether the conditions of a statement of that effect hold in a context.
func holds(effect iam.Effect, conditions []iam.WrittenCondition, context ...iam.ContextEntry) bool {
	policy := policyOf(effect, conditions)
	if policy == nil {
		return true // cannot be: each of them was compiled before
	}
	p := iam.Policies{Identity: []*iam.Policy{policy}}
	const user = "arn:aws:iam::123456789012:user/any"
	decided := p.Evaluate(&iam.Request{
		Principal: &iam.Principal{Kind: iam.User, ARN: user, Account: "123456789012"},
		Action:    "ecr:BatchGetImage", Resource: "*", Context: context,
	})
	return decided == iam.Allowed || decided == iam.ExplicitDeny
}

// policyOf makes a policy with one statement, about everything under the conditions,
// nil where they are no policy's.
func policyOf(effect iam.Effect, conditions []iam.WrittenCondition) *iam.Policy {
	block := map[string]map[string][]string{}
	for _, c := range conditions {
		if block[c.Operator] == nil {
			block[c.Operator] = map[string][]string{}
		}
		values := []string{} // without any, the condition stands all the same
		for _, w := range c.Values {
			values = append(values, w.Text)
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
