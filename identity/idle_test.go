package identity

import (
	"slices"
	"testing"

	"extauthz/identity/sts"
)

// TestUnboundUsers wants of the password file, which has alice and bob, those whose
// right password is answered with 401.
func TestUnboundUsers(t *testing.T) {
	const user = "arn:aws:iam::123456789012:user/"
	byName := Binding{Kind: BasicUser, Name: "alice", Principal: user + "alice"}
	byPattern := Binding{Kind: BasicUser, Name: "{user}", Principal: user + "{user}"}
	for _, c := range []struct {
		name     string
		entities []sts.Entity
		bindings []Binding
		want     []string
	}{
		{"none is bound", nil, nil, []string{"alice", "bob"}},
		{"one is", []sts.Entity{{ARN: user + "alice"}}, []Binding{byName}, []string{"bob"}},
		{"a pattern makes users who are there", []sts.Entity{{ARN: user + "alice"}, {ARN: user + "bob"}}, []Binding{byPattern}, nil},
		{"a pattern makes a user who is not there", []sts.Entity{{ARN: user + "alice"}}, []Binding{byPattern}, []string{"bob"}},
		{"a pattern makes a user of another path", []sts.Entity{{ARN: user + "alice"}, {ARN: user + "dev/bob"}}, []Binding{byPattern}, []string{"bob"}},
		{"a pattern makes a role's session", []sts.Entity{{ARN: role + "people"}}, []Binding{{Kind: BasicUser, Name: "{user}", Principal: session + "people/{user}"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := principals{entities: c.entities, bindings: c.bindings}.build(t)
			var got []string
			for _, u := range table.UnboundUsers() {
				got = append(got, u.Name)
				e := Credentials{Authorization: basicHeader(u.Name, u.Name+"-secret")}
				if caller, _ := identify(t, table, rules(), e); caller != nil {
					t.Errorf("%s is %s", u.Name, caller.Principal.ARN)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v want %v", got, c.want)
			}
		})
	}
}
