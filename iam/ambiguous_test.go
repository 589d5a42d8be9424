package iam

import "testing"

// Two tags of one resource whose keys differ only in case, as ECR allows them (Amazon
// ECR User Guide, "Tag restrictions": keys and values are case-sensitive). IAM compares
// condition keys without regard to case and does not document which one counts. A policy
// that writes the key exactly like one of the tags means this one. For another policy
// the key is ambiguous, and what depends on it must not help the caller.
func ambiguousTags() Context {
	c := Context{
		{Key: "aws:username", Value: "alice"},
		{Key: "aws:ResourceTag/Team", Value: "red"}, {Key: "aws:ResourceTag/team", Value: "blue"}, {Key: "aws:ResourceTag/stage", Value: "prod"},
	}
	c.MarkAmbiguous()
	return c
}

func TestAmbiguousConditions(t *testing.T) {
	const source = "this package's documentation"
	tags := ambiguousTags()
	checkConditions(t, []conditionCase{
		{source, "exact, lower case", `{"StringEquals":{"aws:ResourceTag/team":"blue"}}`, tags, true, true},
		{source, "exact, lower case, the other's value", `{"StringEquals":{"aws:ResourceTag/team":"red"}}`, tags, false, false},
		{source, "exact, upper case", `{"StringEquals":{"aws:ResourceTag/Team":"red"}}`, tags, true, true},
		{source, "exact, negated", `{"StringNotEquals":{"aws:ResourceTag/Team":"red"}}`, tags, false, false},
		{source, "exact, the prefix in another case", `{"StringEquals":{"AWS:resourcetag/Team":"red"}}`, tags, true, true},
		{source, "exact, Null", `{"Null":{"aws:ResourceTag/Team":"false"}}`, tags, true, true},
		{source, "not ambiguous, in another case", `{"StringEquals":{"aws:ResourceTag/Stage":"prod"}}`, tags, true, true},

		{source, "ambiguous", `{"StringEquals":{"aws:ResourceTag/TEAM":"red"}}`, tags, false, true},
		{source, "ambiguous, both values", `{"StringEquals":{"aws:ResourceTag/TEAM":["red","blue"]}}`, tags, false, true},
		{source, "ambiguous, neither value", `{"StringEquals":{"aws:ResourceTag/TEAM":"green"}}`, tags, false, true},
		{source, "ambiguous, negated", `{"StringNotEquals":{"aws:ResourceTag/TEAM":"green"}}`, tags, false, true},
		{source, "ambiguous, negated, both values", `{"StringNotEquals":{"aws:ResourceTag/TEAM":["red","blue"]}}`, tags, false, true},
		{source, "ambiguous, like", `{"StringLike":{"aws:ResourceTag/TEAM":"*"}}`, tags, false, true},
		{source, "ambiguous, IfExists", `{"StringEqualsIfExists":{"aws:ResourceTag/TEAM":"red"}}`, tags, false, true},
		{source, "ambiguous, negated IfExists", `{"StringNotEqualsIfExists":{"aws:ResourceTag/TEAM":"x"}}`, tags, false, true},
		{source, "ambiguous, Null true", `{"Null":{"aws:ResourceTag/TEAM":"true"}}`, tags, false, true},
		{source, "ambiguous, Null false", `{"Null":{"aws:ResourceTag/TEAM":"false"}}`, tags, false, true},
		{source, "ambiguous, all values", `{"ForAllValues:StringEquals":{"aws:ResourceTag/TEAM":"red"}}`, tags, false, true},
		{source, "ambiguous, any value", `{"ForAnyValue:StringEquals":{"aws:ResourceTag/TEAM":"red"}}`, tags, false, true},
		{source, "ambiguous, number", `{"NumericEquals":{"aws:ResourceTag/TEAM":"1"}}`, tags, false, true},
		{source, "ambiguous, bool", `{"Bool":{"aws:ResourceTag/TEAM":"true"}}`, tags, false, true},

		{source, "exact variable", `{"StringEquals":{"aws:username":"${aws:ResourceTag/team}"}}`, append(ambiguousTags()[1:], ContextEntry{Key: "aws:username", Value: "blue"}), true, true},
		{source, "ambiguous variable", `{"StringEquals":{"aws:username":"${aws:ResourceTag/TEAM}"}}`, tags, false, true},
		{source, "ambiguous variable, negated", `{"StringNotEquals":{"aws:username":"${aws:ResourceTag/TEAM}"}}`, tags, false, true},
		{source, "ambiguous variable among values", `{"StringEquals":{"aws:username":["alice","${aws:ResourceTag/TEAM}"]}}`, tags, false, true},
		{source, "ambiguous variable with a default", `{"StringEquals":{"aws:username":"${aws:ResourceTag/TEAM, 'alice'}"}}`, tags, false, true},
		{source, "ambiguous variable, ARN", `{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/${aws:ResourceTag/TEAM}"}}`, tags, false, true},
	})
}

func TestAmbiguousResources(t *testing.T) {
	const own = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	for _, c := range []struct {
		name, element string
		resource      string
		allow, deny   bool // whether the statement applies
	}{
		{"exact", `"Resource":"` + own + `${aws:ResourceTag/team}/*"`, own + "blue/app", true, true},
		{"exact, the other's value", `"Resource":"` + own + `${aws:ResourceTag/team}/*"`, own + "red/app", false, false},
		{"ambiguous", `"Resource":"` + own + `${aws:ResourceTag/TEAM}/*"`, own + "red/app", false, true},
		{"ambiguous, neither value", `"Resource":"` + own + `${aws:ResourceTag/TEAM}/*"`, own + "green/app", false, true},
		{"ambiguous, with a default", `"Resource":"` + own + `${aws:ResourceTag/TEAM, 'red'}/*"`, own + "red/app", false, true},
		{"ambiguous, NotResource", `"NotResource":"` + own + `${aws:ResourceTag/TEAM}/*"`, own + "green/app", false, true},
		{"ambiguous, NotResource next to another", `"NotResource":["` + own + `${aws:ResourceTag/TEAM}/*","` + own + `green/*"]`, own + "green/app", false, true},
	} {
		for _, effect := range []Effect{Allow, Deny} {
			text := `{"Version":"2012-10-17","Statement":{"Effect":"` + effect.String() + `","Action":"ecr:*",` + c.element + `}}`
			policy := mustCompile(t, IdentityPolicy, text)
			want := c.allow
			if effect == Deny {
				want = c.deny
			}
			if got := policy.Statements[0].resources.matches(c.resource, effect, ambiguousTags(), unmetered()); got != want {
				t.Errorf("%s: %s applies %t, want %t", c.name, effect, got, want)
			}
		}
	}
}

func TestLookupPrefersTheExactTag(t *testing.T) {
	c := ambiguousTags()
	for _, test := range []struct {
		key, value       string
		ambiguous, found bool
	}{
		{"aws:ResourceTag/team", "blue", false, true},
		{"aws:resourcetag/Team", "red", false, true},
		{"aws:ResourceTag/TEAM", "", true, true},
		{"aws:ResourceTag/STAGE", "prod", false, true},
		{"aws:ResourceTag/other", "", false, false},
	} {
		entry, found := c.Lookup(test.key)
		if found != test.found || entry.Value != test.value || entry.Ambiguous != test.ambiguous {
			t.Errorf("%s: %+v, %t", test.key, entry, found)
		}
	}
}
