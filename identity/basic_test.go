package identity

import (
	"context"
	"slices"
	"strings"
	"testing"

	"extauthz/identity/sts"
)

// TestFailedLoginNamesItsUser checks that a failed login has its user for the operator
// if the password file has that user. Any other name might be a password.
func TestFailedLoginNamesItsUser(t *testing.T) {
	auth := bindable(t, Binding{Kind: BasicUser, Name: "alice", Principal: aliceARN}).build(t)
	late, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name, user, password string
		ctx                  context.Context
		want                 string
		kind                 FailureKind
	}{
		{"a wrong password", "alice", "wrong-secret", context.Background(), "alice", Invalid},
		{"another user's password", "alice", "bob-secret", context.Background(), "alice", Invalid},
		{"too long a password", "alice", strings.Repeat("x", 73), context.Background(), "alice", Invalid},
		{"the right password of a user without a principal", "bob", "bob-secret", context.Background(), "bob", Invalid},
		{"no time to check it", "bob", "new-secret", late, "bob", Unavailable},
		{"an unknown user", "carol", "alice-secret", context.Background(), "", Invalid},
		{"an unknown user, too late", "carol", "new-secret", late, "", Unavailable},
		{"a user in another case", "Alice", "alice-secret", context.Background(), "", Invalid},
		{"a user with a blank", "alice ", "alice-secret", context.Background(), "", Invalid},
		{"user and password mixed up", "alice-secret", "alice", context.Background(), "", Invalid},
		{"a role", "123456789012/alice", "alice-secret", context.Background(), "", Invalid},
		{"a password with a slash for a name", "hunter2/secret", "alice", context.Background(), "", Invalid},
		{"the user of tokens", "AWS", "alice-secret", context.Background(), "", Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := auth.Authenticate(c.ctx, config(), &Credentials{Authorization: basicHeader(c.user, c.password), Time: now})
			if f == nil || caller != nil || f.User != c.want || f.Kind != c.kind {
				t.Fatalf("%v, %+v; want the user %q", caller, f, c.want)
			}
			checkSecrets(t, f, &Credentials{Authorization: basicHeader(c.user, c.password)})
			if c.want == "" && c.user != "AWS" && strings.Contains(f.Error(), c.user) {
				t.Errorf("%v repeats an unknown name", f)
			}
		})
	}
	if caller, f := auth.Authenticate(context.Background(), config(), &Credentials{Authorization: basicHeader("alice", "alice-secret"), Time: now}); caller == nil {
		t.Error(f)
	}
}

// TestUnboundUsers checks that UnboundUsers returns the users of the password file, alice
// and bob, whose right password is refused.
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
		{"one is bound", []sts.Entity{{ARN: user + "alice"}}, []Binding{byName}, []string{"bob"}},
		{"a pattern maps to users who exist", []sts.Entity{{ARN: user + "alice"}, {ARN: user + "bob"}}, []Binding{byPattern}, nil},
		{"a pattern maps to a user who does not exist", []sts.Entity{{ARN: user + "alice"}}, []Binding{byPattern}, []string{"bob"}},
		{"a pattern maps to a user at another path", []sts.Entity{{ARN: user + "alice"}, {ARN: user + "dev/bob"}}, []Binding{byPattern}, []string{"bob"}},
		{"a pattern maps to a role session", []sts.Entity{{ARN: role + "people"}}, []Binding{{Kind: BasicUser, Name: "{user}", Principal: assumedRole + "people/{user}"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			auth := principals{entities: c.entities, bindings: c.bindings}.build(t)
			var got []string
			for _, u := range auth.UnboundUsers() {
				got = append(got, u.Name)
				e := Credentials{Authorization: basicHeader(u.Name, u.Name+"-secret")}
				if caller, _ := authenticate(t, auth, config(), e); caller != nil {
					t.Errorf("%s is %s", u.Name, caller.Principal.ARN)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v want %v", got, c.want)
			}
		})
	}
}
