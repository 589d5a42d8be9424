package sts

import (
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/iam/iamtest"
)

func TestAddEntityRefuses(t *testing.T) {
	policy := iamtest.Trust(t, `{"Service":"pods.eks.amazonaws.com"}`, `"sts:AssumeRole"`, "")
	limit := iamtest.Policy(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	for _, c := range []struct {
		name   string
		entity Entity
		want   string
	}{
		{"no ARN", Entity{ARN: "alice"}, "is not an ARN"},
		{"a session", Entity{ARN: session + "ci/build"}, "is not a user or role; write an ARN"},
		{"a root user", Entity{ARN: "arn:aws:iam::123456789012:root"}, "is not a user or role; write an ARN"},
		{"a group", Entity{ARN: "arn:aws:iam::123456789012:group/x"}, "is not a user or role; write an ARN"},
		{"a region", Entity{ARN: "arn:aws:iam:eu-central-1:123456789012:user/x"}, "is not a user or role; write an ARN"},
		{"no account", Entity{ARN: "arn:aws:iam:::user/x"}, "12 digits"},
		{"AWS's account", Entity{ARN: "arn:aws:iam::aws:role/x"}, "12 digits"},
		{"no name", Entity{ARN: "arn:aws:iam::123456789012:user/"}, "is not a user or role; write an ARN"},
		{"no name behind a path", Entity{ARN: "arn:aws:iam::123456789012:user/dev/"}, "has fewer than 1"},
		{"an empty segment", Entity{ARN: "arn:aws:iam::123456789012:user//x"}, "has an invalid path; write segments of printable ASCII without wildcards"},
		{"a star", Entity{ARN: "arn:aws:iam::123456789012:user/*/x"}, "has an invalid path; write segments of printable ASCII without wildcards"},
		{"a star as name", Entity{ARN: "arn:aws:iam::123456789012:user/*"}, "characters other than"},
		{"a colon", Entity{ARN: "arn:aws:iam::123456789012:user/a:b/x"}, "has an invalid path; write segments of printable ASCII without wildcards"},
		{"a role's name of 65", Entity{ARN: role + strings.Repeat("r", 65)}, "65 characters"},
		{"a user's name of 65", Entity{ARN: "arn:aws:iam::123456789012:user/" + strings.Repeat("u", 65)}, "65 characters"},
		{"twice", Entity{ARN: aliceARN}, "is listed twice"},
		{"another path", Entity{ARN: "arn:aws:iam::123456789012:user/alice"}, "another path or spelling"},
		{"another case", Entity{ARN: "arn:aws:iam::123456789012:user/dev/Alice"}, "another path or spelling"},
		{"a user's trust policy", Entity{ARN: "arn:aws:iam::123456789012:user/x", Trust: policy}, "only a role has a trust policy"},
		{"a policy of another kind", Entity{ARN: role + "x", Trust: limit}, "and not a trust policy"},
		{"a user's id at a role", Entity{ARN: role + "x", ID: "AIDAEXAMPLE1"}, "the id of a role begins with AROA"},
		{"a role's id at a user", Entity{ARN: "arn:aws:iam::123456789012:user/x", ID: "AROAEXAMPLE1"}, "the id of a user begins with AIDA"},
		{"an id that is there", Entity{ARN: "arn:aws:iam::999999999999:user/x", ID: "AIDAALICE"}, `has the id AIDAALICE of "` + aliceARN + `"`},
		{"tags", Entity{ARN: role + "x", Tags: []Tag{{"a", "b"}, {"A", "c"}}}, "are the same"},
	} {
		t.Run(c.name, func(t *testing.T) {
			entities := NewEntities(nil, nil)
			if err := entities.Add(Entity{ARN: aliceARN, ID: "AIDAALICE"}); err != nil {
				t.Fatal(err)
			}
			if err := entities.Add(c.entity); err == nil || !strings.Contains(err.Error(), c.want) || diag.Of(err)[0].Remedy == "" {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if c.entity.ARN != aliceARN && entities.Find(c.entity.ARN) != nil {
				t.Error("it is there all the same")
			}
		})
	}
}

func TestEntities(t *testing.T) {
	entities := NewEntities(nil, nil)
	for _, arn := range []string{aliceARN, role + "team/ci", "arn:aws:iam::123456789012:user/ci", "arn:aws:iam::999999999999:role/ci", "arn:aws-cn:iam::123456789012:role/ci"} {
		if err := entities.Add(Entity{ARN: arn}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ partition, account, name, want string }{
		{"aws", "123456789012", "ci", role + "team/ci"},
		{"aws", "999999999999", "ci", "arn:aws:iam::999999999999:role/ci"},
		{"aws-cn", "123456789012", "ci", "arn:aws-cn:iam::123456789012:role/ci"},
		{"aws", "123456789012", "CI", ""},
		{"aws", "123456789012", "team/ci", ""},
		{"aws", "123456789012", "alice", ""},
		{"", "123456789012", "ci", ""},
	} {
		found := entities.Role(c.partition, c.account, c.name)
		if (found == nil) != (c.want == "") || found != nil && found.ARN != c.want {
			t.Errorf("%v: %v", c, found)
		}
	}
}

// TestAllFaultsOfAnEntity checks that all independent faults of an entity and of its tags are
// returned.
func TestAllFaultsOfAnEntity(t *testing.T) {
	entity := Entity{ARN: "arn:aws:iam::123456789012:user/alice", ID: "AROA1", Trust: &iam.Policy{Compiled: &iam.Compiled{Kind: iam.TrustPolicy}},
		Tags: []Tag{{"a", "b"}, {"A", "c"}, {"", "d"}, {"aws:x", "e"}, {"f", "aws:g"}}}
	if list := diag.Of(NewEntities(nil, nil).Add(entity)); len(list) != 5 {
		t.Errorf("%d faults, want 5:\n%v", len(list), list)
	}
}
