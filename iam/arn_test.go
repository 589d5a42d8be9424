package iam

import "testing"

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
