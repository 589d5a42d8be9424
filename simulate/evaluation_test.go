package simulate

import (
	"slices"
	"testing"

	"extauthz/iam"
)

// policy compiles a document.
func policy(t *testing.T, kind iam.Kind, name, text string) *iam.Policy {
	t.Helper()
	p, err := iam.Compile(kind, name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNearest(t *testing.T) {
	const place = `"Resource": "arn:aws:ecr:eu-central-1:123456789012:repository/a"`
	identity := func(statements string) *iam.Policies {
		return &iam.Policies{Identity: []*iam.Policy{policy(t, iam.IdentityPolicy, "i", `{"Version": "2012-10-17", "Statement": [`+statements+`]}`)}}
	}
	boundary := identity(`{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	boundary.Boundary = []*iam.Policy{policy(t, iam.PermissionsBoundary, "b", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`)}
	repository := identity(`{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}`)
	repository.Resource = []*iam.Policy{policy(t, iam.RepositoryPolicy, "r", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/alice"}, "Action": "ecr:PutImage"}]}`)}
	for _, c := range []struct {
		name     string
		policies *iam.Policies
		want     []string
	}{
		{"nothing", &iam.Policies{}, nil},
		{"allowed", identity(`{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}`), nil},
		{"denied", identity(`{"Effect": "Deny", "Action": "ecr:*", "Resource": "*"}`), nil},
		{"another Deny", identity(`{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}`), nil},
		{"condition before action", identity(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Sid": "I", "Effect": "Allow", "Action": "ecr:PutImage", ` + place + `, "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}`),
			[]string{`i:1:97 Allow "I": does not apply: its condition IpAddress on aws:SourceIp is false: the request has "198.51.100.7"`}},
		{"resource before action", identity(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "arn:aws:ecr:*:*:repository/b"}`),
			[]string{`i:1:97 Allow: does not apply: its resources do not cover arn:aws:ecr:eu-central-1:123456789012:repository/a`}},
		{"resource in another partition", identity(`{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": ["arn:aws-cn:ecr:*:*:repository/a", "arn:aws-cn:ecr:*:*:repository/b"]}`),
			[]string{`i:1:41 Allow: does not apply: its resources do not cover arn:aws:ecr:eu-central-1:123456789012:repository/a, which is in partition aws: they are in partition aws-cn`}},
		{"one resource in another partition", identity(`{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": ["arn:aws-cn:ecr:*:*:repository/a", "arn:aws:ecr:*:*:repository/b"]}`),
			[]string{`i:1:41 Allow: does not apply: its resources do not cover arn:aws:ecr:eu-central-1:123456789012:repository/a`}},
		{"no more than three", identity(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`),
			[]string{"i:1:41 Allow: does not apply: its actions do not cover ecr:PutImage", "i:1:97 Allow: does not apply: its actions do not cover ecr:PutImage", "i:1:153 Allow: does not apply: its actions do not cover ecr:PutImage"}},
		{"the boundary", boundary, []string{"b:1:41 Allow: does not apply: its actions do not cover ecr:PutImage"}},
		{"the policy of the repository", repository, []string{"r:1:41 Allow: does not apply: its principals do not cover arn:aws:iam::123456789012:user/bob"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bob, err := iam.ParsePrincipal("arn:aws:iam::123456789012:user/bob")
			if err != nil {
				t.Fatal(err)
			}
			q := Evaluation{Policies: c.policies, Request: iam.Request{
				Principal: &bob, Action: "ecr:PutImage", Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/a",
				Context: iam.Context{{Key: "aws:SourceIp", Value: "198.51.100.7"}},
			}}
			if got := q.Nearest(); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
