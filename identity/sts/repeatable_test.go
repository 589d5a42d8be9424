package sts

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"extauthz/iam"
	"extauthz/iam/iamtest"
)

// requestContexts are the contexts of different requests.
func requestContexts() []iam.Context {
	return []iam.Context{
		nil,
		{{Key: "aws:SourceIp", Value: "192.0.2.7"}, {Key: "aws:CurrentTime", Value: "2026-03-01T12:00:00Z"}},
		{{Key: "aws:SourceIp", Value: "203.0.113.7"}, {Key: "aws:ResourceAccount", Value: "999999999999"}},
		{{Key: "aws:TagKeys", Values: []string{"team"}, Multi: true}, {Key: "aws:RequestTag/team", Value: "blue"}},
		{{Key: "sts:SourceIdentity", Value: "alice"}, {Key: "sts:TransitiveTagKeys", Values: []string{"team"}, Multi: true}},
		{{Key: "gitlab.example.com:sub", Value: "job"}, {Key: "gitlab.example.com:groups", Values: []string{"developers"}, Multi: true}},
		{{Key: "gitlab.example.com:groups", Values: []string{"contractors"}, Multi: true}, {Key: "gitlab.example.com:project_path", Value: "acme/app"}},
	}
}

// TestRepeatable checks that a session that is repeatable has the same result in the
// context of every request, and that sessions which depend on the token alone are
// repeatable.
func TestRepeatable(t *testing.T) {
	entities, provider := assuming(t), NewProvider("gitlab", "gitlab.example.com")
	repeatable := map[string]bool{}
	for _, changes := range []claims{nil, {tagsClaim: claims{"principal_tags": claims{"team": []any{"blue"}}, "transitive_tag_keys": []any{"team"}}, "sub": "x"}, {"groups": []any{"developers"}, sourceIdentityClaim: "alice"}} {
		for arn := range entities.byARN {
			name := iam.LastSegment(arn)
			for _, first := range requestContexts() {
				input := gitlabs(t, name, changes)
				input.Context = first
				output, err := entities.AssumeRoleWithWebIdentity(provider, input)
				if err != nil || !output.Repeatable {
					continue
				}
				repeatable[name] = true
				for _, second := range requestContexts() {
					input.Context = second
					again, err := entities.AssumeRoleWithWebIdentity(provider, input)
					if err != nil || !reflect.DeepEqual(again, output) {
						t.Errorf("%s in context %v: %v, %v; in context %v: %v", name, second, again, err, first, output)
					}
				}
			}
		}
	}
	names := slices.Sorted(maps.Keys(repeatable))
	if want := []string{"all", "contractors", "denied", "developers", "onlygroups", "onlyteam", "own", "plain", "provider", "session", "source", "tags", "transitive"}; !slices.Equal(names, want) {
		t.Errorf("repeatable are %v, want %v", names, want)
	}
}

// TestRepeatableNeedsEveryPolicy checks that policies of every class count: one with a key
// that the context does not have makes the result depend on the request.
func TestRepeatableNeedsEveryPolicy(t *testing.T) {
	context := iam.Context{{Key: "aws:username", Value: "alice"}, {Key: "aws:PrincipalTag/Team", Ambiguous: true}}
	request := iam.Request{Principal: &iam.Principal{Kind: iam.User, ARN: aliceARN, Account: "123456789012"}, Action: "sts:AssumeRole", Resource: role + "named"}
	for condition, want := range map[string]bool{
		`{"StringEquals":{"AWS:Username":"alice"}}`:                                             true,
		`{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`:                                         false,
		`{"StringEquals":{"aws:username":"${aws:PrincipalOrgID}"}}`:                             false,
		`{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}`:                           false,
		`{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`:                                     false,
		`{"StringEquals":{"aws:username":"alice"},"Bool":{"aws:SecureTransport":"true"}}`:       false,
		`{"StringNotEqualsIfExists":{"aws:SourceVpc":"vpc-1"},"Null":{"aws:username":"false"}}`: false,
	} {
		policy := iamtest.Policy(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}]}`)
		lists := 0
		for i := range reflect.TypeFor[iam.Policies]().NumField() {
			var p iam.Policies
			switch field := reflect.ValueOf(&p).Elem().Field(i); field.Interface().(type) {
			case []*iam.Policy:
				field.Set(reflect.ValueOf([]*iam.Policy{policy}))
			case [][]*iam.Policy:
				field.Set(reflect.ValueOf([][]*iam.Policy{nil, {policy}}))
			default:
				continue
			}
			lists++
			if got := dependsOnlyOn(context, &p, &request); got != want {
				t.Errorf("%s in %s: %t", condition, reflect.TypeFor[iam.Policies]().Field(i).Name, got)
			}
		}
		if lists < 7 {
			t.Errorf("%d lists of policies, want at least 7", lists)
		}
	}
}
