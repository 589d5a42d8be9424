package iam

import (
	"fmt"
	"strings"
	"testing"
)

// Whether a statement with NotResource applies, by effect, where the caller has the
// tag "project" (shared) and no tag "team". Source: IAM User Guide, "IAM policy
// elements: Variables and tags", section "Policy variables with no value": an entry
// with such a variable does not match any resource. So it does not exclude any, and the
// other entries exclude what they match. That an Allow does not apply where such an
// entry could match is this project's decision; see README.md.
func TestNotResourceWithoutValue(t *testing.T) {
	const (
		head    = "arn:aws:ecr:*:*:repository/"
		missing = head + "${aws:PrincipalTag/team}/*"
		base    = "arn:aws:ecr:eu-central-1:123456789012:repository/shared/base"
	)
	tags := Context{
		{Key: "aws:PrincipalTag/project", Value: "shared"},
		{Key: "aws:PrincipalTag/star", Value: "*"},
		{Key: "aws:TagKeys", Values: []string{"shared"}, Multi: true},
	}
	for _, test := range []struct {
		name, entries, resource string
		allow, deny             bool
	}{
		{"entry without a value", missing, base, false, true},
		{"another entry matches", head + "shared/*\n" + missing, base, false, false},
		{"another entry matches, in the other order", missing + "\n" + head + "shared/*", base, false, false},
		{"the other entry is everything", missing + "\n*", base, false, false},
		{"another entry does not match", head + "team/*\n" + missing, base, false, true},
		{"two entries without a value", missing + "\n" + head + "${aws:PrincipalTag/squad}", base, false, true},
		{"entry with a value matches", missing + "\n" + head + "${aws:PrincipalTag/project}/*", base, false, false},
		{"entry with a value does not match", head + "${aws:PrincipalTag/project}", base, true, true},
		{"the value is a star, which is literal", head + "${aws:PrincipalTag/star}/base", base, true, true},
		{"default value matches", head + "${aws:PrincipalTag/team, 'shared'}/*", base, false, false},
		{"default value does not match", head + "${aws:PrincipalTag/team, 'other'}/*", base, true, true},

		{"the text before it does not match", head + "team/${aws:PrincipalTag/team}", base, true, true},
		{"the text before it matches", head + "shared/${aws:PrincipalTag/team}", base, false, true},
		{"the text before it matches, the text behind it does not", head + "${aws:PrincipalTag/team}/other", base, false, true},
		{"another account before it", "arn:aws:ecr:*:999999999999:repository/${aws:PrincipalTag/team}", base, true, true},
		{"another region before it", "arn:aws:ecr:us-*:*:repository/${aws:PrincipalTag/team}", base, true, true},
		{"another service before it", "arn:aws:s3:::${aws:PrincipalTag/team}/*", base, true, true},
		{"nothing before it", "arn:aws:ecr:*:*:${aws:PrincipalTag/team}", base, false, true},
		{"wildcard before it", head + "*${aws:PrincipalTag/team}", base, false, true},
		{"wildcard before it that does not match", head + "t*${aws:PrincipalTag/team}", base, true, true},
		{"value before it matches", head + "${aws:PrincipalTag/project}/${aws:PrincipalTag/team}", base, false, true},
		{"value before it does not match", head + "x${aws:PrincipalTag/project}/${aws:PrincipalTag/team}", base, true, true},
		{"value behind it does not count", head + "${aws:PrincipalTag/team}/${aws:PrincipalTag/project}", base, false, true},
		{"default before it does not match", head + "${aws:PrincipalTag/squad, 'other'}/${aws:PrincipalTag/team}", base, true, true},
		{"one could match of two", head + "team/${aws:PrincipalTag/team}\n" + missing, base, false, true},
		{"multivalued key", head + "${aws:TagKeys}/*", base, false, true},
		{"multivalued key behind other text", head + "team/${aws:TagKeys}/*", base, true, true},

		{"request without a resource", missing, "*", true, true},
		{"request without a resource, everything excluded", missing + "\n*", "*", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for effect, want := range map[Effect]bool{Allow: test.allow, Deny: test.deny} {
				text := fmt.Sprintf(`"Effect":%q,"Action":"*","NotResource":%s`, effect, quotedList(test.entries))
				p := mustCompile(t, IdentityPolicy, identityStatement(text))
				q, ok := new(Policies).newQuery(&Request{caller(User), pull, test.resource, tags})
				if got := p.Statements[0].applies(&q); !ok || got != want {
					t.Errorf("%v applies: %v, want %v", effect, got, want)
				}
			}
		})
	}
}

// For a pattern with very many variables, only the texts before the first ones are
// compared. That never lets an Allow apply that would not apply otherwise.
func TestNotResourceWithManyVariables(t *testing.T) {
	const with, without = "${aws:PrincipalTag/x}", "${aws:PrincipalTag/y}"
	tags := Context{{Key: "aws:PrincipalTag/x", Value: "x"}}
	for _, test := range []struct {
		name, end string // the pattern after "repository/"
		count     int    // how many variables with a value are before the end
		want      bool
	}{
		{"few, text that does not match", "other" + without, maxBeginnings - 1, true},
		{"few, text that matches", "y" + without, maxBeginnings - 1, false},
		{"many, text that does not match behind them", "other" + without, maxBeginnings, false},
		{"very many", "other" + without, 500, false},
		{"very many with a value", "other", 500, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := `"Effect":"Allow","Action":"*","NotResource":"arn:aws:ecr:*:*:repository/` + strings.Repeat(with, test.count) + test.end + `"`
			p := mustCompile(t, IdentityPolicy, identityStatement(text))
			resource := "arn:aws:ecr:eu-central-1:123456789012:repository/" + strings.Repeat("x", test.count) + "yz"
			q, ok := new(Policies).newQuery(&Request{caller(User), pull, resource, tags})
			if got := p.Statements[0].applies(&q); !ok || got != test.want {
				t.Errorf("applies: %v, want %v", got, test.want)
			}
			if n := len(p.Statements[0].resources.patterns[0].beginnings); n > maxBeginnings {
				t.Errorf("%d beginnings are kept", n)
			}
		})
	}
}

// An example: a Deny of all repositories except the
// shared ones and those of the caller's team, for a caller without a team.
func TestNotResourceOfATeam(t *testing.T) {
	p := Policies{Identity: append(allow(t, IdentityPolicy), mustCompile(t, IdentityPolicy, identityStatement(
		`"Effect":"Deny","Action":"ecr:*","NotResource":["arn:aws:ecr:eu-central-1:123456789012:repository/shared/*","arn:aws:ecr:eu-central-1:123456789012:repository/${aws:PrincipalTag/team}/*"]`)))}
	web := Context{{Key: "aws:PrincipalTag/team", Value: "web"}}
	for _, test := range []struct {
		repository string
		context    Context
		want       Decision
		blocked    Class
	}{
		{"shared/base", nil, Allowed, NoClass},
		{"web/app", nil, ExplicitDeny, IdentityClass},
		{"shared/base", web, Allowed, NoClass},
		{"web/app", web, Allowed, NoClass},
		{"api/app", web, ExplicitDeny, IdentityClass},
	} {
		r := Request{caller(User), pull, "arn:aws:ecr:eu-central-1:123456789012:repository/" + test.repository, test.context}
		checkDecision(t, &p, &r, test.want, test.blocked)
	}
}

// Wildcards in the resource type match, in an Allow too. IAM User Guide, "IAM JSON
// policy elements: Resource", section "Using wildcards in resource ARNs": they may
// be in every segment except the one of the service. AWS's managed policies use them
// in the type: "*/*" (AWSEC2SpotFleetServiceRolePolicy), "*/prod/*/put-log-data"
// (AWSMigrationHubOrchestratorPlugin), "codecommit*" (AWSCodeCommitFullAccess).
func TestWildcardsInTheResourceType(t *testing.T) {
	const team = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	for _, test := range []struct {
		pattern, resource string
		want              bool
	}{
		{"*/*", team, true},
		{"*/app", team, true},
		{"*/team/*", team, true},
		{"*", team, true},
		{"repository*", team, true},
		{"repo*/app", team, true},
		{"?epository/team/app", team, true},
		{"*app", team, true},
		{"*/other", team, false},
		{"repositories*", team, false},
		{"Repository*", team, false},
		{"?/app", team, false},
		{"*/*", "*", false}, // no resource: only "*" alone covers it
		{"*", "*", false},
	} {
		for effect, allowed := range map[Effect]bool{Allow: test.want, Deny: !test.want} {
			text := fmt.Sprintf(`"Effect":%q,"Action":"*","Resource":"arn:aws:ecr:eu-central-1:123456789012:%s"`, effect, test.pattern)
			p := Policies{Identity: []*Policy{mustCompile(t, IdentityPolicy, identityStatement(text))}}
			if effect == Deny {
				p.Identity = append(p.Identity, list(t, IdentityPolicy, "Allow", "*")...)
			}
			r := Request{caller(User), pull, test.resource, nil}
			if got := p.Evaluate(&r) == Allowed; got != allowed {
				t.Errorf("%v of %s: %s is allowed: %v", effect, test.pattern, test.resource, got)
			}
		}
	}
	// A token is for no resource, so that only "*" alone allows it, whatever the
	// resource of the request is.
	for _, resource := range []string{"*", team} {
		for _, pattern := range []string{"arn:aws:ecr:*:*:*/*", "arn:*:ecr:*:*:*", "arn:aws:ecr:eu-central-1:123456789012:*"} {
			p := Policies{Identity: []*Policy{mustCompile(t, IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"*","Resource":"`+pattern+`"`))}}
			checkDecision(t, &p, &Request{caller(User), "ecr:GetAuthorizationToken", resource, nil}, ImplicitDeny, IdentityClass)
		}
	}
}

// quotedList returns the lines of a text as a JSON array.
func quotedList(text string) string {
	return `["` + strings.ReplaceAll(text, "\n", `","`) + `"]`
}
