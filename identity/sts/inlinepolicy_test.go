package sts

import (
	"errors"
	"strings"
	"testing"

	"extauthz/iam"
)

func TestCompileInlinePolicy(t *testing.T) {
	const policy = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}}`
	longest := policy + strings.Repeat(" ", maxInlinePolicy-len(policy))
	for _, c := range []struct {
		name, text, want string
		tooLong          bool
	}{
		{"a policy", policy, "", false},
		{"the longest", longest, "", false},
		{"too long", longest + " ", "it has 2049 characters, and IAM allows 2048", true},
		{"characters of two bytes", `{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/é"}}`, "", false},
		{"another script", `{"Statement": "\u2028 ` + "\u2028" + `"}`, "characters other than U+0020 to U+00FF", false},
		{"a NUL", policy + "\x00", "characters other than", false},
		{"no JSON", "x", "the session policy is not valid: inline session policy:1:1", false},
		{"an unknown element", strings.Replace(policy, "Effect", "effect", 1), "inline session policy:1:", false},
		{"a principal", strings.Replace(policy, `"Effect"`, `"Principal": "*", "Effect"`, 1), "Principal", false},
		{"empty", "", "inline session policy", false},
		{"many faults", `{"Version": "2012-10-17", "Statement": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "Effect": "Allow", "Action": "ecr:*", "Resource": "*"}}`, "and 2 more faults", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			compiled, err := CompileInlinePolicy(c.text)
			if c.want == "" {
				if err != nil || compiled.Kind != iam.SessionPolicy || compiled.Source.File != InlinePolicySource {
					t.Errorf("policy %+v, error %v", compiled, err)
				}
				return
			}
			var invalid *InvalidPolicy
			if !errors.As(err, &invalid) || invalid.TooLong != c.tooLong || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
