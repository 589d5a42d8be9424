package identity

import (
	"context"
	"strings"
	"testing"
)

// A failed login names its user for the operator if the password file has that user.
// Any other name might be a password.
func TestFailedLoginNamesItsUser(t *testing.T) {
	table := bindable(t, Binding{Kind: BasicUser, Name: "alice", Principal: aliceARN}).build(t)
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
		{"the right password of a user who is no principal", "bob", "bob-secret", context.Background(), "bob", Invalid},
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
			caller, f := table.Authenticate(c.ctx, rules(), &Credentials{Authorization: basicHeader(c.user, c.password), Time: now})
			if f == nil || caller != nil || f.User != c.want || f.Kind != c.kind {
				t.Fatalf("%v, %+v; want the user %q", caller, f, c.want)
			}
			checkSecrets(t, f, &Credentials{Authorization: basicHeader(c.user, c.password)})
			if c.want == "" && c.user != "AWS" && strings.Contains(f.Error(), c.user) {
				t.Errorf("%v repeats an unknown name", f)
			}
		})
	}
	if caller, f := table.Authenticate(context.Background(), rules(), &Credentials{Authorization: basicHeader("alice", "alice-secret"), Time: now}); caller == nil {
		t.Error(f)
	}
}
