package policystore

import (
	"strings"
	"testing"

	"extauthz/iam"
)

const (
	listOnly   = `{"Version":"2012-10-17","Statement":[{"Sid":"List","Effect":"Allow","Action":"ecr:ListImages","Resource":"*"}]}`
	denyDelete = `{"Version":"2012-10-17","Statement":[{"Sid":"Keep","Effect":"Deny","Action":"ecr:BatchDeleteImage","Resource":"*"}]}`
)

// grouped returns a directory with users of two accounts and these groups.
func grouped(groups string) map[string]string {
	contents := small()
	contents["managed/list.json"], contents["managed/keep.json"] = listOnly, denyDelete
	contents["principals.yaml"] += `- arn: arn:aws:iam::123456789012:user/bob
- arn: arn:aws:iam::444455556666:user/bob
- arn: arn:aws:iam::444455556666:user/carol
groups:
` + groups
	return contents
}

// decidedBy returns the decision about an action of a user, and the position of the
// statement that decides.
func decidedBy(t *testing.T, s *Snapshot, user, action string) (iam.Decision, string) {
	t.Helper()
	caller, err := s.CallerNamed(user)
	if err != nil {
		t.Fatal(err)
	}
	why := s.Decisions.Explain(&iam.Request{
		Principal: &caller.Principal, Context: caller.Context, Action: action, Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/a",
	}, nil)
	if len(why.Matched) == 0 {
		return why.Decision, ""
	}
	return why.Decision, placeOf(why.Matched[0])
}

// TestGroups checks that the policies of a group are identity policies of its members only.
func TestGroups(t *testing.T) {
	s, err := load(t, grouped(`- name: readers
  policies: [list, arn:aws:iam::123456789012:policy/keep]
  members: [arn:aws:iam::123456789012:user/dev/alice, arn:aws:iam::123456789012:user/bob]
- name: Readers
  policies: [list]
  members: [carol]
- name: pullers
  policies: [pull]
  members: [alice]
`))
	if err != nil {
		t.Fatal(err)
	}
	const alice, bob, carol = "arn:aws:iam::123456789012:user/dev/alice", "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::444455556666:user/carol"
	for _, c := range []struct {
		name, user, action string
		want               iam.Decision
		place              string
	}{
		{"a member", alice, "ecr:ListImages", iam.Allowed, "managed/list.json:1:38"},
		{"a member without policies of its own", bob, "ecr:ListImages", iam.Allowed, "managed/list.json:1:38"},
		{"a Deny of the group", alice, "ecr:BatchDeleteImage", iam.ExplicitDeny, "managed/keep.json:1:38"},
		{"the member's own policy", alice, "ecr:BatchGetImage", iam.Allowed, "managed/pull.json:1:38"},
		{"a policy of another group", bob, "ecr:BatchGetImage", iam.ImplicitDeny, ""},
		{"a user of the same name in another account", "arn:aws:iam::444455556666:user/bob", "ecr:ListImages", iam.ImplicitDeny, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, place := decidedBy(t, s, c.user, c.action); got != c.want || place != c.place {
				t.Errorf("%v by %s, want %v by %s", got, place, c.want, c.place)
			}
		})
	}
	for _, p := range s.Contents().Principals {
		if want := map[string]int{alice: 3, bob: 2, carol: 1}[p.ARN]; strings.Contains(p.ARN, ":user/") && len(p.Identity) != want {
			t.Errorf("%s has %d identity policies, want %d", p.ARN, len(p.Identity), want)
		}
	}
}

// TestGroupsOfExportedUsers checks that users in the output of an account can be members, in
// addition to their groups there.
func TestGroupsOfExportedUsers(t *testing.T) {
	contents := exported(t)
	contents["managed/keep.json"], contents["managed/list.json"] = denyDelete, listOnly
	contents["principals.yaml"] += "groups:\n- {name: keepers, policies: [keep, list], members: [bob, alice]}\n"
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	const alice, bob = "arn:aws:iam::123456789012:user/dev/alice", "arn:aws:iam::123456789012:user/bob"
	if got, place := decidedBy(t, s, bob, "ecr:BatchDeleteImage"); got != iam.ExplicitDeny || place != "managed/keep.json:1:38" {
		t.Errorf("bob: %v by %s", got, place)
	}
	if got, _ := decidedBy(t, s, bob, "ecr:ListImages"); got != iam.Allowed {
		t.Errorf("bob: %v", got)
	}
	if got, _ := decidedBy(t, s, alice, "ecr:BatchGetImage"); got != iam.Allowed {
		t.Errorf("alice has lost a group: %v", got)
	}
}

func TestGroupsRefused(t *testing.T) {
	for _, c := range []struct{ name, groups, want string }{
		{"no name", "- policies: [list]\n", `principals.yaml:15:3: group name "" is not valid; use 1 to 128 letters, digits and +=,.@_-`},
		{"a name with a slash", "- name: a/b\n", `principals.yaml:15:9: group name "a/b" is not valid; use 1 to 128 letters, digits and +=,.@_-`},
		{"an unknown policy", "- {name: a, policies: [list, none], members: [alice]}\n", `principals.yaml:15:30: policy "none" does not exist`},
		{"an unknown policy of a group without members", "- {name: a, policies: [none]}\n", `principals.yaml:15:24: policy "none" does not exist`},
		{"an unknown member", "- {name: a, members: [alice, dave]}\n", `principals.yaml:15:30: group "a": user "dave" is not one of the principals; add it there, or remove it here`},
		{"an unknown ARN", "- {name: a, members: ['arn:aws:iam::123456789012:user/alice']}\n", `principals.yaml:15:23: group "a": user "arn:aws:iam::123456789012:user/alice" is not one of the principals; add it there, or remove it here`},
		{"a name of two users", "- {name: a, members: [bob]}\n", `group "a": several accounts have a user "bob"; write its ARN`},
		{"a role", "- {name: a, members: ['arn:aws:iam::123456789012:role/team/ci']}\n", `principals.yaml:15:23: group "a": "arn:aws:iam::123456789012:role/team/ci" is a role, and members of groups are users; attach the policies to the role`},
		{"an unknown role", "- {name: a, members: ['arn:aws:iam::123456789012:role/x']}\n", `principals.yaml:15:23: group "a": "arn:aws:iam::123456789012:role/x" is not the ARN of a user; write users only`},
		{"a group", "- {name: a, members: ['arn:aws:iam::123456789012:group/b']}\n", "is not the ARN of a user"},
		{"a session", "- {name: a, members: ['arn:aws:sts::123456789012:assumed-role/ci/build']}\n", "is not the ARN of a user"},
		{"the name of a role", "- {name: a, members: [ci]}\n", `principals.yaml:15:23: group "a": user "ci" is not one of the principals; add it there, or remove it here`},
		{"a member twice", "- {name: a, members: [alice, 'arn:aws:iam::123456789012:user/dev/alice']}\n", `principals.yaml:15:30: group "a": "arn:aws:iam::123456789012:user/dev/alice" is listed twice; keep one`},
		{"members of two accounts", "- {name: a, members: [alice, carol]}\n", `principals.yaml:15:30: group "a": "carol" is in another account than the members before it; write a group for each account`},
		{"a group twice", "- {name: a, members: [alice]}\n- {name: A, members: ['arn:aws:iam::123456789012:user/bob']}\n", `principals.yaml:16:10: group "A" is listed twice; keep one, or rename one: names that differ only in case are the same`},
		{"a group twice, once without members", "- {name: a, members: [alice]}\n- {name: a}\n", `principals.yaml:16:10: group "a" is listed twice; keep one, or rename one: names that differ only in case are the same`},
		{"an unknown key", "- {name: a, users: [alice]}\n", `principals.yaml:15:13: unknown key "users"; fix its name, or remove it`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := load(t, grouped(c.groups))
			if s != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	contents := exported(t)
	contents["principals.yaml"] += "groups:\n- {name: Developers, members: [bob]}\n"
	if _, err := load(t, contents); err == nil || !strings.Contains(err.Error(), "too; keep one of the two") {
		t.Errorf("a group in the output of the account: %v", err)
	}
}
