package lint

import "testing"

func TestPlaceholderIn(t *testing.T) {
	const repository = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	for _, c := range []struct{ text, want string }{
		// The forms of AWS's own examples: IAM User Guide, AWS Organizations User Guide
		// ("General examples" of SCPs), and the data perimeter policy examples.
		{"arn:aws:iam::*:role/[PRIVILEGED_ROLE]", "[PRIVILEGED_ROLE]"},
		{"arn:aws:iam::*:role/[INFRASTRUCTURE_AUTOMATION_ROLE]", "[INFRASTRUCTURE_AUTOMATION_ROLE]"},
		{"arn:aws:iam::<account>:role/ci", "<account>"},
		{"<my-org-id>", "<my-org-id>"},
		{"o-xxxxxxxxxx", "xxxxxxxxxx"},
		{"arn:aws:ecr:region:account-id:repository/team", "region"},
		{"arn:aws:ecr:eu-central-1:AccountNumber:repository/team", "AccountNumber"},
		{"arn:aws:ecr:aws-region:123456789012:repository/team", "aws-region"},
		{"arn:aws:iam::account-ID-without-hyphens:user/alice", "account-ID-without-hyphens"},
		{"arn:aws:ecr:${Region}:${Account}:repository/${RepositoryName}", "${Region}"},
		{repository + "your-repository", "your-repository"},
		{"arn:aws:iam::YOUR_ACCOUNT:root", "YOUR_ACCOUNT"},
		{"arn:aws:iam::123456789012:role/YourRole", "YourRole"},
		{"arn:aws:iam::123456789012:role/REPLACE_ME", "REPLACE_ME"},
		{"arn:aws:iam::123456789012:role/REPLACE_WITH_ROLE", "REPLACE_WITH_ROLE"},
		{repository + "replace-me/app", "replace-me"},
		{repository + "changeme", "changeme"},
		{"arn:aws:iam::123456789012:role/[role-name]", "[role-name]"},
		{"arn:aws:iam::123456789012:role/MY_ROLE", "MY_ROLE"},
		{"[ACCOUNT ID]", "[ACCOUNT ID]"},
		// The forms of templates: CloudFormation, Serverless, Terraform, Helm, shells.
		{"arn:aws:ecr:${AWS::Region}:123456789012:repository/a", "${AWS::Region}"},
		{"arn:aws:ecr:#{AWS::Region}:123456789012:repository/a", "#{AWS::Region}"},
		{"arn:aws:ecr:${self:provider.region}:123456789012:repository/a", "${self:provider.region}"},
		{"arn:aws:iam::${data.aws_caller_identity.current.account_id}:root", "${data.aws_caller_identity.current.account_id}"},
		{"arn:aws:iam::{{ .Values.account }}:root", "{{ .Values.account }}"},
		{"arn:aws:iam::$ACCOUNT:root", "$ACCOUNT"},
		{"arn:aws:iam::__ACCOUNT__:root", "__ACCOUNT__"},
		{"arn:aws:iam::@ACCOUNT@:root", "@ACCOUNT@"},
		{"arn:aws:iam::%ACCOUNT%:root", "%ACCOUNT%"},
		// Texts without a placeholder.
		{repository + "team/*", ""},
		{repository + "${aws:username}/*", ""},
		{repository + "${aws:PrincipalTag/team, 'my team'}/*", ""},
		{repository + "${*}${?}${$}", ""},
		{repository + "region/account", ""},
		{repository + "yours/exchange-members", ""},
		{"arn:aws:account::*:account", ""},
		{"arn:aws:ssm:*:*:automation-definition/AWS-CreateImage:$DEFAULT", ""},
		{"arn:aws:lambda:eu-central-1:123456789012:function:f:$LATEST", ""},
		{"dependabot[bot]", ""},
		{"{a1b2c3d4-0000-4000-8000-123456789abc}:{b1b2c3d4-0000-4000-8000-123456789abc}", ""},
		{"repo:acme@123456/app@456789:ref:refs/heads/main", ""},
		{"user@example.com", ""},
		{"TODO", ""},
	} {
		if got := placeholderIn(c.text); got != c.want {
			t.Errorf("%s: got %q want %q", c.text, got, c.want)
		}
	}
}
