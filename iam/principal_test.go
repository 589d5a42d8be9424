package iam

import (
	"testing"
)

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

func TestParseARN(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     ARN
		ok       bool
	}{
		{"repository", "arn:aws:ecr:eu-central-1:123456789012:repository/a/b", ARN{"aws", "ecr", "eu-central-1", "123456789012", "repository/a/b"}, true},
		{"colons in the resource", "arn:aws:logs:eu-central-1:123456789012:log-group:x:*", ARN{"aws", "logs", "eu-central-1", "123456789012", "log-group:x:*"}, true},
		{"no region", "arn:aws-cn:iam::123456789012:root", ARN{"aws-cn", "iam", "", "123456789012", "root"}, true},
		{"neither region nor account", "arn:aws:s3:::bucket", ARN{"aws", "s3", "", "", "bucket"}, true},
		{"AWS managed policy", "arn:aws:iam::aws:policy/ReadOnlyAccess", ARN{"aws", "iam", "", "aws", "policy/ReadOnlyAccess"}, true},
		{"star in the resource, as a catalog request names it", "arn:aws:ecr:r:123456789012:repository/*", ARN{"aws", "ecr", "r", "123456789012", "repository/*"}, true},
		{"empty", "", ARN{}, false},
		{"star", "*", ARN{}, false},
		{"five segments", "arn:aws:ecr:eu-central-1:123456789012", ARN{}, false},
		{"not arn", "urn:aws:ecr:eu-central-1:123456789012:repository/a", ARN{}, false},
		{"upper case", "ARN:aws:ecr:eu-central-1:123456789012:repository/a", ARN{}, false},
		{"no partition", "arn::ecr:eu-central-1:123456789012:repository/a", ARN{}, false},
		{"no service", "arn:aws::eu-central-1:123456789012:repository/a", ARN{}, false},
		{"no resource", "arn:aws:ecr:eu-central-1:123456789012:", ARN{}, false},
		{"blank", "arn:aws:ecr:eu-central-1:123456789012:repository/a b", ARN{}, false},
		{"line break", "arn:aws:ecr:eu-central-1:123456789012:repository/a\n", ARN{}, false},
		{"NUL", "arn:aws:ecr:eu-central-1:123456789012:repository/a\x00", ARN{}, false},
		{"short account", "arn:aws:ecr:eu-central-1:12345678901:repository/a", ARN{}, false},
		{"account with letters", "arn:aws:ecr:eu-central-1:12345678901x:repository/a", ARN{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseARN(test.in)
			if got != test.want || (err == nil) != test.ok {
				t.Fatalf("ParseARN(%q) = %+v, %v", test.in, got, err)
			}
			if err == nil && got.String() != test.in {
				t.Errorf("String() = %q, want %q", got.String(), test.in)
			}
		})
	}
}
