package lint

import (
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
)

const (
	developersFile = "managed/developers.json"
	repositoryFile = "accounts/123456789012/eu-central-1/repositories/team/app/_policy.json"
	loginStatement = `{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}`
	team           = `"arn:aws:ecr:eu-central-1:123456789012:repository/team/*"`
	pullOn         = `"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`
	github         = "issuers:\n- {name: github, issuer: 'https://token.actions.githubusercontent.com', jwks: 'https://token.actions.githubusercontent.com/.well-known/jwks'}\n"
)

// withStatement is base with a statement beside the one that allows to log in.
func withStatement(statement string) map[string]string {
	return map[string]string{developersFile: `{"Version":"2012-10-17","Statement":[` + loginStatement + ",\n" + statement + `]}`}
}

// repository is base with a policy of the repository team/app.
func repository(statements string) map[string]string {
	return map[string]string{repositoryFile: `{"Version":"2012-10-17","Statement":[` + statements + `]}`}
}

// and adds files.
func and(files map[string]string, more ...string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

// trusting has a role whose trust policy takes GitHub's tokens on a condition.
func trusting(condition string) map[string]string {
	return map[string]string{
		"principals.yaml": github + "principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n",
		"trust/ci.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
			"Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},"Condition":{` + condition + `}}}`,
	}
}

// trustingGroups has a trust policy for tokens of an issuer that AWS does not know.
func trustingGroups(condition string) map[string]string {
	contents := trusting(condition)
	for name, text := range contents {
		contents[name] = strings.ReplaceAll(text, "token.actions.githubusercontent.com", "sso.example.com")
	}
	return contents
}

// bound has a credential for GitHub's tokens with claims.
func bound(claims string) map[string]string {
	return map[string]string{"principals.yaml": github + `credentials:
- {token: github, claims: {` + claims + `}, principal: 'arn:aws:sts::123456789012:assumed-role/ci/job'}
principals:
- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers]}
`}
}

// ruleCase is base with changes, and the codes that it has.
type ruleCase struct {
	name    string
	changes map[string]string
	want    string // codes, with blanks between
}

func runRules(t *testing.T, cases []ruleCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			findings := check(t, c.changes)
			if got := codes(findings); !slices.Equal(got, strings.Fields(c.want)) {
				t.Errorf("got %v want %s:\n%v", got, c.want, findings)
			}
		})
	}
}

func TestActionsAndResources(t *testing.T) {
	runRules(t, []ruleCase{
		{"other services are left alone", withStatement(`{"Effect":"Allow","Action":["s3:GetObject","ec2:DescribeImages","codeartifact:GetAuthorizationToken"],"Resource":["arn:aws:s3:::x/*","*"]},{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `}`), ""},
		{"the public registry is a service of its own", withStatement(`{"Effect":"Allow","Action":["ecr-public:GetAuthorizationToken","ecr-public:PutImage"],"Resource":"*"}`), ""},
		{"a repository of another service's name", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecs:eu-central-1:123456789012:repository/team"}`), "other-service"},
		{"tags of ECS", withStatement(`{"Effect":"Allow","Action":["ecs:TagResource","ecs:PutAccountSetting"],"Resource":"*"}`), ""},
		{"actions that EKS and MediaStore have too", withStatement(`{"Effect":"Allow","Action":["eks:TagResource","eks:UntagResource","eks:ListTagsForResource","mediastore:PutLifecyclePolicy","codeartifact:CreateRepository"],"Resource":"*"}`), ""},
		{"an action that a service spells in its own way", withStatement(`{"Effect":"Allow","Action":"cleanrooms-ml:UntagResource","Resource":"*"}`), ""},
		{"an action that EKS does not have", withStatement(`{"Effect":"Allow","Action":"EKS:putimage","Resource":"*"}`), "other-service"},
		{"an action of ECR's alone with an unknown prefix", withStatement(`{"Effect":"Allow","Action":"ecrr:GetDownloadUrlForLayer","Resource":"*"}`), "other-service"},
		{"an action that some services have, with an unknown prefix", withStatement(`{"Effect":"Allow","Action":"newservice:PutLifecyclePolicy","Resource":"*"}`), ""},
		{"actions of other services beside ECR's", withStatement(`{"Effect":"Allow","Action":["s3:GetObject","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":[` + team + `,"arn:aws:s3:::x/*"]}`), ""},
		{"a repository for another service's action", withStatement(`{"Effect":"Allow","Action":"s3:GetObject","Resource":` + team + `}`), "unmatched-resource"},
		{"a repository for the token", withStatement(`{"Effect":"Deny","Action":"ecr:GetAuth*","Resource":` + team + `}`), "unmatched-resource"},
		{"the token beside what is about repositories", withStatement(`{"Effect":"Deny","Action":["ecr:GetAuthorizationToken","ecr:PutImage","ecr:CompleteLayerUpload"],"Resource":` + team + `}`), "resourceless-action"},
		{"the token denied on everything", withStatement(`{"Effect":"Deny","Action":["ecr:GetAuthorizationToken"],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`), ""},
		{"the token denied by a repository", repository(`{"Effect":"Deny","Action":["ecr:GetAuthorizationToken"],"Principal":"*"}`), "resourceless-action"},
		{"the token by a wildcard", withStatement(`{"Effect":"Allow","Action":"ecr:*","Resource":` + team + `}`), ""},
		{"wildcards for account and region", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:*:*:repository/team/?pp"}`), ""},
		{"a short account", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:12345:repository/team"}`), "impossible-resource"},
		{"no region", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr::123456789012:repository/team"}`), "impossible-resource"},
		{"no type", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:team"}`), "impossible-resource"},
		{"upper case", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/Team/*"}`), "impossible-resource"},
		{"a slash at the end", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/"}`), "impossible-resource"},
		{"a variable in the name", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/${aws:username}"}`), ""},
		{"a tag to fill in", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `,"Condition":{"StringEquals":{"aws:PrincipalTag/<tag-key>":"red"}}}`), "placeholder"},
		{"a name in braces", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/{repository}"}`), "placeholder"},
		{"a role to fill in, by a control policy", map[string]string{"organization.yaml": "id: o-a1b2c3d4e5\naccounts:\n  '123456789012': o-a1b2c3d4e5/r-ab12/\n", "organization/scp/1-root/full.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:DeleteRepository","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/[PRIVILEGED_ROLE]"}}}]}`}, "placeholder"},
		{"a region to fill in", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:REGION:123456789012:repository/team"}`), "placeholder"},
		{"everything on tagged repositories", and(withStatement(`{"Effect":"Allow",`+pullOn+`,"Resource":"*","Condition":{"StringEquals":{"ecr:ResourceTag/team":"red"}}}`),
			"accounts/123456789012/eu-central-1/repositories/team/app/_tags.json", `{"team":"red"}`), ""},
		{"tags that nothing has", withStatement(`{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"ecr:ResourceTag/team":"red"}}}`), "unconfigured-key untold-tags"},
		{"all but some actions, denied", withStatement(`{"Effect":"Deny","NotAction":["ecr:Get*","ecr:Batch*"],"NotResource":` + team + `}`), ""},
		{"a boundary may allow all but some", and(withStatement(`{"Effect":"Allow",`+pullOn+`,"Resource":`+team+`}`),
			"managed/limit.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}`,
			"principals.yaml", "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers], boundary: limit}\n"), ""},
		{"a registry of no partition", map[string]string{"registries.yaml": "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: moon-1, partition: aws-moon}\n"}, "other-partition unknown-partition"},
		{"proxies that are not checked", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 1\n"}, "unchecked-proxies"},
		{"proxies that are any address", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 1\n  trustedProxies: [192.0.2.1, 0.0.0.0/0]\n"}, "unchecked-proxies"},
		{"proxies that are any IPv6 address", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 2\n  trustedProxies: ['::/0']\n"}, "unchecked-proxies"},
		{"proxies that are any address, in two halves", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 2\n  trustedProxies: [0.0.0.0/1, 128.0.0.0/1]\n"}, "unchecked-proxies"},
		{"proxies that are checked", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 1\n  trustedProxies: [192.0.2.1]\n"}, ""},
		{"no proxies", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 0\n"}, ""},
		{"the same action in two cases", withStatement(`{"Effect":"Allow","Action":["ecr:ListImages","ecr:listimages"],"Resource":` + team + `}`), "redundant-element"},
	})
}

func TestPrincipals(t *testing.T) {
	runRules(t, []ruleCase{
		{"everyone by a list", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":["123456789012","*"]}}`), "any-principal own-account"},
		{"everyone from anywhere", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}`), "any-principal"},
		{"everyone whose ARN is any", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"StringLike":{"aws:PrincipalArn":"*"}}}`), "any-principal"},
		{"everyone, or without a key", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"StringEqualsIfExists":{"aws:PrincipalAccount":"123456789012"}}}`), "any-principal"},
		{"everyone but one", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"123456789012"}}}`), "any-principal"},
		{"everyone is denied", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*"}`), ""},
		{"anonymous callers may push", and(repository(`{"Effect":"Allow","Action":"ecr:*","Principal":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}`),
			"registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, anonymous: true}\n"), ""},
		{"a registry policy for anonymous callers", and(map[string]string{"accounts/123456789012/eu-central-1/registry-policy.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":` + team + `}}`},
			"registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, anonymous: true}\n"), "anonymous-write any-principal"},
		{"the registry's own account by its id", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"123456789012"}}`), "own-account"},
		{"the registry's own account beside another", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":["arn:aws:iam::123456789012:root","arn:aws:iam::444455556666:root"]}}`), "own-account"},
		{"another account", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":["444455556666","arn:aws:iam::777788889999:root"]}}`), ""},
		{"the registry's own account is denied", repository(`{"Effect":"Deny","Action":"ecr:DeleteRepository","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}`), ""},
		{"the registry policy's own account", map[string]string{"accounts/123456789012/eu-central-1/registry-policy.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Resource":` + team + `}}`}, "own-account"},
		{"an unknown session", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/ci/job"}}`), "unknown-principal"},
		{"a session of a role", and(bound(`sub: "repo:acme/app:ref:refs/heads/main"`), repositoryFile, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+pullOn+`,"Principal":{"AWS":["arn:aws:sts::123456789012:assumed-role/ci/job","arn:aws:iam::123456789012:role/ci"]}}}`), ""},
		{"an unknown user in a condition", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/alcie"}}}`), "unknown-principal"},
		{"a pattern of users", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/team/*"}}}`), ""},
	})
}

func TestConditions(t *testing.T) {
	pullIf := func(condition string) map[string]string {
		return withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `,"Condition":{` + condition + `}}`)
	}
	runRules(t, []ruleCase{
		{"values that exclude each other", pullIf(`"StringEquals":{"aws:username":["alice","bob"]},"StringNotEquals":{"aws:username":["bob","alice"]}`), "contradictory-conditions"},
		{"a value that is no number applies to a Deny", withStatement(`{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/a":"b"},"NumericEquals":{"aws:PrincipalTag/a":"5"}}}`), ""},
		{"and not to an Allow", pullIf(`"StringEquals":{"aws:PrincipalTag/a":"b"},"NumericEquals":{"aws:PrincipalTag/a":"5"}`), "contradictory-conditions"},
		{"an empty value is absent and there", pullIf(`"Null":{"aws:PrincipalTag/a":"true"},"StringLike":{"aws:PrincipalTag/a":"*"}`), ""},
		{"a value is left", pullIf(`"StringEquals":{"aws:username":["alice","bob"]},"StringNotEquals":{"aws:username":"bob"}`), ""},
		{"absent and equal", pullIf(`"Null":{"aws:username":"true"},"StringLike":{"aws:username":"a*"}`), "contradictory-conditions"},
		{"absent, or equal", pullIf(`"Null":{"aws:username":"true"},"StringLikeIfExists":{"aws:username":"a*"}`), ""},
		{"a variable leaves it open", pullIf(`"StringEquals":{"aws:username":"${aws:userid}"},"StringNotEquals":{"aws:username":"alice"}`), "unloadable"},
		{"a variable of a tag leaves it open", pullIf(`"StringEquals":{"aws:username":"${aws:PrincipalTag/a}"},"StringNotEquals":{"aws:username":"alice"}`), ""},
		{"an escaped wildcard", pullIf(`"StringEquals":{"aws:PrincipalTag/a":"b${*}"}`), ""},
		{"wildcards of StringLike", pullIf(`"StringLike":{"aws:PrincipalTag/a":"b*"}`), ""},
		{"a tag that is a number", pullIf(`"NumericLessThan":{"aws:PrincipalTag/level":"3"}`), ""},
		{"a time", pullIf(`"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"NumericLessThan":{"aws:EpochTime":"1"}`), ""},
		{"a name as an address", pullIf(`"IpAddress":{"aws:username":"192.0.2.1"}`), "mismatched-operator"},
		{"a service's resource that no credential sets", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotLikeIfExists":{"aws:SourceArn":"arn:aws:lambda:*:123456789012:function:*"}}}`), "absent-key"},
		{"a service's resource that a credential sets", and(repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotLikeIfExists":{"aws:SourceArn":"arn:aws:lambda:*:123456789012:function:*"},"StringNotEqualsIfExists":{"aws:SourceAccount":"123456789012"}}}`),
			"principals.yaml", "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n- {dns: f.example.com, principal: lambda.amazonaws.com, sourceArn: 'arn:aws:lambda:us-east-1:123456789012:function:f'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"), ""},
		{"key of another service, absent", pullIf(`"StringNotEquals":{"s3:prefix":"a"}`), "absent-key"},
		{"keys of another service in its own statement", withStatement(`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:prefix":"a","aws:RequestTag/x":"*"}}}`), ""},
		{"a region among others", pullIf(`"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-central-1"]}`), ""},
		{"a pattern of regions", pullIf(`"StringLike":{"aws:RequestedRegion":"eu-*"}`), ""},
		{"everywhere but in other regions", withStatement(`{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-west-2"]}}}`), "impossible-value"},
		{"the case of a boolean", pullIf(`"StringEquals":{"aws:SecureTransport":"True"}`), "impossible-value"},
		{"whatever its case", pullIf(`"StringEqualsIgnoreCase":{"aws:SecureTransport":"True"}`), ""},
		{"another account's repositories", pullIf(`"StringEquals":{"aws:ResourceAccount":"444455556666"}`), "impossible-value"},
		{"the caller's own account", pullIf(`"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}`), ""},
		{"no kind of caller", pullIf(`"StringEquals":{"aws:PrincipalType":"Role"}`), "impossible-value"},
		{"regions of other services", withStatement(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}`), ""},
		{"a second factor", pullIf(`"Bool":{"aws:MultiFactorAuthPresent":"true"}`), "unproven-mfa"},
		{"sessions without a second factor", pullIf(`"Bool":{"aws:MultiFactorAuthPresent":"false"}`), ""},
		{"users alone", pullIf(`"Null":{"aws:MultiFactorAuthPresent":"true"}`), ""},
		{"tagging by the API", withStatement(`{"Effect":"Allow","Action":"ecr:TagResource","Resource":` + team + `,"Condition":{"StringEquals":{"aws:RequestTag/a":"b"}}}`), ""},
		{"an endpoint that there is not", pullIf(`"StringEquals":{"aws:SourceVpce":"vpce-1"}`), "unconfigured-key"},
		{"an endpoint", and(pullIf(`"StringEquals":{"aws:SourceVpce":"vpce-0a1b2c3d"}`), "registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, vpcEndpoint: {id: vpce-0a1b2c3d, vpc: vpc-0a1b2c3d}}\n"), ""},
		{"an address behind an endpoint", and(pullIf(`"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), "registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, vpcEndpoint: {id: vpce-0a1b2c3d, vpc: vpc-0a1b2c3d}}\n"), "unconfigured-key"},
		{"all tags but one, and digests", withStatement(`{"Effect":"Allow","Action":["ecr:BatchGetImage"],"Resource":` + team + `,"Condition":{"StringNotEquals":{"oci:Reference":"secret"}}}`), "evaded-by-digest extension-key"},
		{"all tags but one, and no digests", withStatement(`{"Effect":"Allow","Action":["ecr:BatchGetImage"],"Resource":` + team + `,"Condition":{"StringNotEquals":{"oci:Reference":"secret"},"StringEquals":{"oci:ReferenceType":"tag"}}}`), "extension-key"},
		{"nobody moves a tag", withStatement(`{"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"StringEquals":{"oci:Reference":"latest"}}}`), "extension-key"},
		{"all but some tags, denied", withStatement(`{"Effect":"Deny","Action":"ecr:BatchGetImage","Resource":"*","Condition":{"StringNotLike":{"oci:Reference":"v*"}}}`), "extension-key"},
	})
}

func TestStatementsTogether(t *testing.T) {
	two := func(a, b string) map[string]string { return withStatement(a + "," + b) }
	allow := func(action, resource string) string {
		return `{"Effect":"Allow","Action":` + action + `,"Resource":` + resource + `}`
	}
	const other = `"arn:aws:ecr:eu-central-1:123456789012:repository/other/*"`
	runRules(t, []ruleCase{
		{"a pull in two statements", two(allow(`"ecr:BatchGetImage"`, team), allow(`"ecr:GetDownloadUrlForLayer"`, `"arn:aws:ecr:*:*:repository/*"`)), ""},
		{"halves of two pulls", two(allow(`"ecr:BatchGetImage"`, team), allow(`"ecr:GetDownloadUrlForLayer"`, other)), "half-pull"},
		{"a pull in two policies", and(withStatement(allow(`"ecr:BatchGetImage"`, team)), "managed/layers.json", `{"Version":"2012-10-17","Statement":`+allow(`"ecr:GetDownloadUrlForLayer"`, team)+`}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, layers]}\n"), ""},
		{"a pull with AWS's policy", and(withStatement(allow(`"ecr:GetDownloadUrlForLayer"`, team)),
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly']}\n"), ""},
		{"half of a pull by two principals", repository(`{"Effect":"Allow","Action":"ecr:BatchGetImage","Principal":{"AWS":"123456789012"}},{"Effect":"Allow","Action":"ecr:GetDownloadUrlForLayer","Principal":{"AWS":"444455556666"}}`), "half-pull own-account"},
		{"half of a pull is denied", repository(`{"Effect":"Deny","Action":"ecr:BatchGetImage","Principal":"*"}`), "half-pull"},
		{"both halves are denied", repository(`{"Effect":"Deny","Action":"ecr:BatchGetImage","Principal":"*"},{"Effect":"Deny","Action":"ecr:GetDown*","Principal":"*"}`), ""},
		{"a push that may read layers", withStatement(allow(`["ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team)), "unchecked-push"},
		{"the question by a statement of its own", two(allow(`["ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team), allow(`"ecr:BatchCheckLayerAvailability"`, `"*"`)), "wildcard-resource"},
		{"a push that neither asks nor begins", withStatement(allow(`["ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team)), "incomplete-push unchecked-push"},
		{"a push that cannot begin", withStatement(allow(`["ecr:BatchCheckLayerAvailability","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"]`, team)), "incomplete-push"},
		// Amazon ECR User Guide, "IAM permissions for pushing an image to an Amazon ECR private
		// repository" and "Private repository policy examples in Amazon ECR".
		{"ECR's own policy for pushes", withStatement(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage","ecr:BatchGetImage"]`, team)), ""},
		{"ECR's policy for pushes without the manifest", withStatement(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage"]`, team)), "incomplete-push"},
		{"manifests of another repository", two(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage"]`, team), allow(`["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, other)), "incomplete-push"},
		{"manifests by another statement", two(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage"]`, team), allow(`["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team)), ""},
		{"the guide's repository policy for pushes by another account", repository(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":["ecr:BatchCheckLayerAvailability","ecr:CompleteLayerUpload","ecr:InitiateLayerUpload","ecr:PutImage","ecr:UploadLayerPart"]}`), ""},
		{"manifests denied beside a push", repository(`{"Effect":"Deny","Principal":"*","Action":["ecr:PutImage","ecr:CompleteLayerUpload","ecr:BatchGetImage"]}`), "half-pull"},
		{"a wildcard in the type covers repositories", two(allow(`"ecr:ListImages"`, team), allow(`"ecr:ListImages"`, `"arn:aws:ecr:eu-central-1:123456789012:r*"`)), "redundant-statement"},
		{"an Allow that matches nothing covers nothing", two(allow(`"ecr:ListImages"`, team), allow(`"ecr:ListImages"`, `"arn:aws:e?r:eu-central-1:123456789012:repository/*"`)), "unsupported-wildcard"},
		{"nor does a resource of it", two(allow(`"ecr:ListImages"`, `[`+team+`,"arn:aws:*:eu-central-1:123456789012:repository/*"]`), loginStatement), "redundant-statement unsupported-wildcard"},
		{"a variable without a value excludes nothing", two(`{"Effect":"Deny","Action":"ecr:ListImages","NotResource":[`+team+`,"arn:aws:ecr:eu-central-1:123456789012:repository/team/${aws:username}"]}`, allow(`"ecr:ListImages"`, team)), "redundant-element"},
		{"equal statements", two(allow(`"ecr:ListImages"`, team), allow(`"ecr:ListImages"`, team)), "redundant-statement"},
		{"a Deny of another principal", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"}},{"Effect":"Deny","Action":"ecr:*","Principal":{"AWS":"444455556666"}}`), ""},
		{"a Deny of everyone", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"}},{"Effect":"Deny","Action":"ecr:*","Principal":"*"}`), "hidden-by-deny"},
		{"a Deny in another policy of all who have it", and(withStatement(allow(`"ecr:ListImages"`, team)), "managed/fence.json", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:List*","Resource":"*"}}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, fence]}\n"), "hidden-by-deny"},
		{"a Deny in the boundary", and(withStatement(allow(`"ecr:ListImages"`, team)), "managed/fence.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:List*","Resource":"*"}]}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers], boundary: fence}\n"), "hidden-by-deny"},
		{"a Deny in another policy of some who have it", and(withStatement(allow(`"ecr:ListImages"`, team)), "managed/fence.json", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:List*","Resource":"*"}}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, fence]}\n- {arn: 'arn:aws:iam::123456789012:user/bob', policies: [developers]}\n"), ""},
		{"a Deny with a condition", two(allow(`"ecr:ListImages"`, team), `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`), ""},
	})
}

func TestCallersAndIssuers(t *testing.T) {
	const alice = "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n"
	runRules(t, []ruleCase{
		{"a boundary without login", and(map[string]string{"managed/limit.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + pullOn + `,"Resource":"*"}}`},
			"principals.yaml", alice+"principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers], boundary: limit}\n"), "missing-login"},
		{"a session without login", and(map[string]string{"managed/limit.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + pullOn + `,"Resource":"*"}}`},
			"principals.yaml", "credentials:\n- {uri: 'spiffe://a/b', principal: 'arn:aws:sts::123456789012:assumed-role/ci/job', sessionPolicies: [limit]}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers]}\n"), "missing-login"},
		{"a user with rights by a repository alone", and(repository(`{"Effect":"Allow",`+pullOn+`,"Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"}}`),
			"principals.yaml", alice+"principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n- {arn: 'arn:aws:iam::123456789012:user/bob'}\n"), "missing-login"},
		{"a root user", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:iam::123456789012:root'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"}, "root-credential"},
		{"a role called root", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:sts::123456789012:assumed-role/root/job'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n- {arn: 'arn:aws:iam::123456789012:role/root', policies: [developers]}\n"}, ""},
		{"a federated user without a session policy", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:sts::123456789012:federated-user/guest', federatedBy: 'arn:aws:iam::123456789012:user/alice'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"}, "missing-login"},
		{"a federated user with a session policy", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:sts::123456789012:federated-user/guest', federatedBy: 'arn:aws:iam::123456789012:user/alice', sessionPolicies: [developers]}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"}, ""},
		{"a user without rights", map[string]string{"principals.yaml": alice + "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n- {arn: 'arn:aws:iam::123456789012:user/bob'}\n"}, ""},
		{"a role by a pattern", map[string]string{"principals.yaml": "credentials:\n- {uri: 'spiffe://a/ns/{ns}', principal: 'arn:aws:sts::123456789012:assumed-role/{ns}/pod', path: /k8s/}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:role/k8s/prod', policies: [developers]}\n"}, ""},
		{"a role that trusts nobody here", and(trusting(`"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`),
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n"), "unassumable-role"},
		{"one repository", trusting(`"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"one organization", trusting(`"ForAnyValue:StringLike":{"token.actions.githubusercontent.com:sub":["repo:acme/*","repo:acme-labs/*:environment:prod"]}`), ""},
		{"one organization by its id", trusting(`"StringEquals":{"token.actions.githubusercontent.com:repository_owner_id":"123"}`), ""},
		{"the issuer as a claim", trusting(`"StringEquals":{"token.actions.githubusercontent.com:iss":"https://token.actions.githubusercontent.com","token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), "absent-claim"},
		{"a claim that AWS does not map", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"},"StringNotEquals":{"Token.Actions.githubusercontent.com:repository_visibility":"public"}`), "absent-claim"},
		{"a claim of another provider", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*","gitlab.com:sub":"project_path:acme/app:*"}`), "absent-claim"},
		{"a list of groups that must be there", trustingGroups(`"ForAllValues:StringEquals":{"sso.example.com:groups":"developers"},"Null":{"sso.example.com:groups":"false"}`), ""},
		{"a claim that must be there and is never a list", trustingGroups(`"StringEquals":{"sso.example.com:sub":"alice"},"Null":{"sso.example.com:iss":"false"}`), "absent-claim"},
		{"groups that are compared as one string", trustingGroups(`"StringEquals":{"sso.example.com:groups":"developers"}`), "absent-claim"},
		{"a claim that limits nothing", trusting(`"StringEqualsIfExists":{"token.actions.githubusercontent.com:repository_owner":"acme"}`), "absent-claim shared-issuer"},
		{"claims that AWS maps, and keys of the request", trusting(`"StringEquals":{"token.actions.githubusercontent.com:repository_id":"1","token.actions.githubusercontent.com:OAUD":"registry.example.com"},"StringLike":{"sts:RoleSessionName":"ci-*"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), ""},
		{"organizations that begin alike", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme*"}`), "shared-issuer"},
		{"one repository by its IDs", trusting(`"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme@123456/app@456789:ref:refs/heads/main"}`), ""},
		{"one organization by name and ID", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme@123456/*"}`), ""},
		{"one organization by name, with any ID", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":["repo:acme@*/app@*:ref:refs/heads/main","repo:acme@*"]}`), ""},
		{"organizations that begin alike, with any ID", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme*@*/app@*:ref:refs/heads/main"}`), "shared-issuer"},
		{"organizations that begin alike, by name", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme*/app:ref:refs/heads/main"}`), "shared-issuer"},
		{"an ID that a branch may end with", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*@123456/*"}`), "shared-issuer"},
		{"an @ without a name", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:@*"}`), "shared-issuer"},
		{"an @ in another claim", trusting(`"StringLike":{"token.actions.githubusercontent.com:repository":"acme@*"}`), "shared-issuer"},
		{"every organization", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":["repo:acme/*","repo:*:environment:prod"]}`), "shared-issuer"},
		{"all but one organization", trusting(`"StringNotLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}`), "shared-issuer"},
		{"none is enough", trusting(`"ForAllValues:StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}`), "for-all-values shared-issuer"},
		{"none is not enough, by a Null condition", trusting(`"ForAllValues:StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"},"Null":{"token.actions.githubusercontent.com:sub":"false"}`), ""},
		{"a Null condition on another claim", trusting(`"ForAllValues:StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"},"Null":{"token.actions.githubusercontent.com:aud":"false"}`), "for-all-values shared-issuer"},
		{"an issuer whose tokens are narrowed", and(trusting(`"StringEquals":{"token.actions.githubusercontent.com:aud":"registry.example.com"}`),
			"principals.yaml", strings.Replace(github, "}", ", claims: {sub: 'repo:acme/{repo}:ref:refs/heads/main'}}", 1)+"principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n"), ""},
		{"an audience for AWS alone", trusting(`"StringLike":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), "unmet-audience"},
		{"an audience that is like ours", trusting(`"StringLike":{"token.actions.githubusercontent.com:aud":"registry.*"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"one of two audiences", trusting(`"StringEquals":{"token.actions.githubusercontent.com:aud":["sts.amazonaws.com","registry.example.com"]},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"no audience of AWS's", trusting(`"StringNotEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"an audience of AWS's that is taken", and(trusting(`"StringLike":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`),
			"principals.yaml", strings.Replace(github, "}", ", foreignAudiences: [sts.amazonaws.com]}", 1)+"principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n"), "foreign-audience"},
		{"a credential of one organization", bound(`sub: "repo:acme/{repo}:ref:refs/heads/main"`), ""},
		{"a credential of one organization with IDs", bound(`sub: "repo:acme@123456/{repo}:ref:refs/heads/main"`), ""},
		{"a credential of one organization with any ID", bound(`sub: "repo:acme@{id}/{repo}:ref:refs/heads/main"`), ""},
		{"a credential of organizations that begin alike", bound(`sub: "repo:acme{rest}/{repo}:ref:refs/heads/main"`), "shared-issuer"},
		{"a credential of every organization", bound(`sub: "repo:{owner}/{repo}:ref:refs/heads/main"`), "shared-issuer"},
		{"a credential without organization", bound(`ref: refs/heads/main`), "shared-issuer"},
	})
}

// TestRefused wants what the directory is not loaded with to be a finding too, with
// its place.
func TestRefused(t *testing.T) {
	const alice = "principals:\n- arn: arn:aws:iam::123456789012:user/alice\n  policies: [developers]\n"
	for _, c := range []struct {
		name    string
		changes map[string]string
		want    string
	}{
		{"Allow with NotPrincipal", repository(`{"Effect":"Allow",` + pullOn + `,"NotPrincipal":{"AWS":"444455556666"}}`), repositoryFile + ":1:"},
		{"a wildcard in a principal", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"}}`), repositoryFile + ":1:"},
		{"a policy that is not there", map[string]string{"principals.yaml": strings.Replace(alice, "developers", "testers", 1)}, "principals.yaml:3:14: "},
		{"a boundary that is not there", map[string]string{"principals.yaml": alice + "  boundary: limit\n"}, "principals.yaml:4:13: "},
		{"a trust policy that is not there", map[string]string{"principals.yaml": strings.Replace(alice, "user/alice", "role/ci", 1) + "  trust: ci\n"}, "principals.yaml:4:10: "},
		{"a session policy that is not there", map[string]string{"principals.yaml": "credentials:\n- uri: spiffe://a/b\n  principal: arn:aws:sts::123456789012:assumed-role/ci/b\n  sessionPolicies: [limit]\n"}, "principals.yaml:4:21: "},
		{"the Sid of an identity policy", withStatement(`{"Sid":"team pull","Effect":"Allow",` + pullOn + `,"Resource":` + team + `}`), developersFile + ":2:8: "},
		{"a misspelt element", withStatement(`{"Efect":"Allow",` + pullOn + `,"Resource":` + team + `}`), developersFile + ":2:2: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := check(t, c.changes)
			if len(got) != 1 || got[0].Code != "unloadable" || got[0].Severity != diag.Error || !strings.HasPrefix(got[0].Text(), c.want) {
				t.Errorf("got %v want unloadable at %s", got, c.want)
			}
		})
	}
}

// TestSeverityOfADeny wants what keeps a Deny from being in force to be worse than
// what keeps an Allow from it.
func TestSeverityOfADeny(t *testing.T) {
	const inventory = `{"repositories":[{"registryId":"123456789012","repositoryName":"team/app","repositoryArn":"arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}]}`
	about := func(effect, region, name string) map[string]string {
		return and(withStatement(`{"Effect":"`+effect+`",`+pullOn+`,"Resource":"arn:aws:ecr:`+region+`:123456789012:repository/`+name+`"}`),
			"accounts/123456789012/eu-central-1/repositories.json", inventory)
	}
	managed := func(effect string) map[string]string {
		return map[string]string{"managed/spare.json": `{"Version":"2012-10-17","Statement":[` + loginStatement + `,{"Effect":"` + effect + `",` + pullOn + `,"Resource":` + team + `}]}`}
	}
	for _, c := range []struct {
		name, code  string
		allow, deny map[string]string
	}{
		{"another region", "unserved-resource", about("Allow", "us-east-1", "team/app"), about("Deny", "us-east-1", "team/app")},
		{"another repository", "unlisted-repository", about("Allow", "*", "team/aap"), about("Deny", "*", "team/aap")},
		{"attached to nobody", "unattached-policy", managed("Allow"), managed("Deny")},
	} {
		t.Run(c.name, func(t *testing.T) {
			for severity, changes := range map[diag.Severity]map[string]string{diag.Suggestion: c.allow, diag.Warning: c.deny} {
				if got := check(t, changes); len(got) != 1 || got[0].Code != c.code || got[0].Severity != severity {
					t.Errorf("got %v want one %s of %s", got, severity, c.code)
				}
			}
		})
	}
}
