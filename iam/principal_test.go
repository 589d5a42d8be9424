package iam

import "testing"

func TestParsePrincipal(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     PrincipalKind // UnknownPrincipal: refused
	}{
		{"user", "arn:aws:iam::123456789012:user/alice", User},
		{"user with a path", "arn:aws:iam::123456789012:user/division/team/alice", User},
		{"user with every character of a name", "arn:aws:iam::123456789012:user/a_+=,.@-Z9", User},
		{"root user", "arn:aws:iam::123456789012:root", RootUser},
		{"role session", "arn:aws:sts::123456789012:assumed-role/ci/build-1", AssumedRole},
		{"federated user", "arn:aws:sts::123456789012:federated-user/bob", FederatedUser},
		{"other partition", "arn:aws-us-gov:iam::123456789012:user/alice", User},
		{"role", "arn:aws:iam::123456789012:role/ci", UnknownPrincipal},
		{"group", "arn:aws:iam::123456789012:group/developers", UnknownPrincipal},
		{"all users", "arn:aws:iam::123456789012:user/*", UnknownPrincipal},
		{"wildcard in the path", "arn:aws:iam::123456789012:user/*/alice", UnknownPrincipal},
		{"no name", "arn:aws:iam::123456789012:user/", UnknownPrincipal},
		{"role session without session", "arn:aws:sts::123456789012:assumed-role/ci", UnknownPrincipal},
		{"role session with a path", "arn:aws:sts::123456789012:assumed-role/path/ci/build", UnknownPrincipal},
		{"user of sts", "arn:aws:sts::123456789012:user/alice", UnknownPrincipal},
		{"no account", "arn:aws:iam:::user/alice", UnknownPrincipal},
		{"AWS's account", "arn:aws:iam::aws:user/alice", UnknownPrincipal},
		{"region", "arn:aws:iam:eu-central-1:123456789012:user/alice", UnknownPrincipal},
		{"repository", "arn:aws:ecr:eu-central-1:123456789012:repository/a", UnknownPrincipal},
		{"account id", "123456789012", UnknownPrincipal},
		{"service", "ecr.amazonaws.com", UnknownPrincipal},
		{"star", "*", UnknownPrincipal},
		{"empty", "", UnknownPrincipal},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParsePrincipal(test.in)
			if got.Kind != test.want || (err == nil) != (test.want != UnknownPrincipal) {
				t.Fatalf("ParsePrincipal(%q) = %+v, %v", test.in, got, err)
			}
			if err == nil && (got.ARN != test.in || got.Account != "123456789012") {
				t.Errorf("ParsePrincipal(%q) = %+v", test.in, got)
			}
		})
	}
}
