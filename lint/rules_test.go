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

// withStatement returns changes that add a statement to the one that allows logging in.
func withStatement(statement string) map[string]string {
	return map[string]string{developersFile: `{"Version":"2012-10-17","Statement":[` + loginStatement + ",\n" + statement + `]}`}
}

// repository returns changes that add a policy of the repository team/app.
func repository(statements string) map[string]string {
	return map[string]string{repositoryFile: `{"Version":"2012-10-17","Statement":[` + statements + `]}`}
}

// and adds more files to changes.
func and(files map[string]string, more ...string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

// trusting returns changes that add a role whose trust policy accepts GitHub's tokens
// under a condition.
func trusting(condition string) map[string]string {
	return map[string]string{
		"principals.yaml": github + "principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n",
		"trust/ci.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
			"Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},"Condition":{` + condition + `}}}`,
	}
}

// trustingGroups is trusting with an issuer that AWS does not support specially.
func trustingGroups(condition string) map[string]string {
	contents := trusting(condition)
	for name, text := range contents {
		contents[name] = strings.ReplaceAll(text, "token.actions.githubusercontent.com", "sso.example.com")
	}
	return contents
}

// bound returns changes that add a credential for GitHub's tokens with claims.
func bound(claims string) map[string]string {
	return map[string]string{"principals.yaml": github + `credentials:
- {token: github, claims: {` + claims + `}, principal: 'arn:aws:sts::123456789012:assumed-role/ci/job'}
principals:
- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers]}
`}
}

// A ruleCase is base with changes, and the codes of its findings.
type ruleCase struct {
	name    string
	changes map[string]string
	want    string // codes, separated by spaces
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

// networks returns a change that adds registries with and without a setting.
func networks(sessions, setting string) map[string]string {
	return map[string]string{"registries.yaml": sessions + `registries:
- {name: a, hosts: [a.example.com], account: "123456789012", region: eu-central-1}
- {name: b, hosts: [b.example.com], account: "123456789012", region: eu-central-1, ` + setting + `}
`}
}

func TestActionsAndResources(t *testing.T) {
	runRules(t, []ruleCase{
		{"ignores actions and resources of other services", withStatement(`{"Effect":"Allow","Action":["s3:GetObject","ec2:DescribeImages","codeartifact:GetAuthorizationToken"],"Resource":["arn:aws:s3:::x/*","*"]},{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `}`), ""},
		{"ignores actions of the public registry", withStatement(`{"Effect":"Allow","Action":["ecr-public:GetAuthorizationToken","ecr-public:PutImage"],"Resource":"*"}`), ""},
		{"finds a repository ARN of another service", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecs:eu-central-1:123456789012:repository/team"}`), "other-service"},
		{"ignores tagging in ECS", withStatement(`{"Effect":"Allow","Action":["ecs:TagResource","ecs:PutAccountSetting"],"Resource":"*"}`), ""},
		{"ignores actions that EKS and MediaStore have too", withStatement(`{"Effect":"Allow","Action":["eks:TagResource","eks:UntagResource","eks:ListTagsForResource","mediastore:PutLifecyclePolicy","codeartifact:CreateRepository"],"Resource":"*"}`), ""},
		{"ignores case in the actions of other services", withStatement(`{"Effect":"Allow","Action":"cleanrooms-ml:UntagResource","Resource":"*"}`), ""},
		{"finds an ECR action that EKS does not have", withStatement(`{"Effect":"Allow","Action":"EKS:putimage","Resource":"*"}`), "other-service"},
		{"finds an action with an unknown prefix if only ECR has it", withStatement(`{"Effect":"Allow","Action":"ecrr:GetDownloadUrlForLayer","Resource":"*"}`), "other-service"},
		{"ignores an action with an unknown prefix if some services have it", withStatement(`{"Effect":"Allow","Action":"newservice:PutLifecyclePolicy","Resource":"*"}`), ""},
		{"ignores actions and resources of other services in a statement with ECR's", withStatement(`{"Effect":"Allow","Action":["s3:GetObject","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":[` + team + `,"arn:aws:s3:::x/*"]}`), ""},
		{"finds a repository with an action of another service", withStatement(`{"Effect":"Allow","Action":"s3:GetObject","Resource":` + team + `}`), "unmatched-resource"},
		{"finds a repository with only the action for tokens", withStatement(`{"Effect":"Deny","Action":"ecr:GetAuth*","Resource":` + team + `}`), "unmatched-resource"},
		{"finds the action for tokens in a Deny on repositories", withStatement(`{"Effect":"Deny","Action":["ecr:GetAuthorizationToken","ecr:PutImage","ecr:CompleteLayerUpload"],"Resource":` + team + `}`), "resourceless-action"},
		{"accepts a Deny of the action for tokens on *", withStatement(`{"Effect":"Deny","Action":["ecr:GetAuthorizationToken"],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`), ""},
		{"finds the action for tokens in a repository policy", repository(`{"Effect":"Deny","Action":["ecr:GetAuthorizationToken"],"Principal":"*"}`), "resourceless-action"},
		{"accepts an action pattern that includes the action for tokens", withStatement(`{"Effect":"Allow","Action":"ecr:*","Resource":` + team + `}`), ""},
		{"accepts wildcards for account and region", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:*:*:repository/team/?pp"}`), ""},
		{"finds an account with too few digits", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:12345:repository/team"}`), "impossible-resource"},
		{"finds an ARN without a region", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr::123456789012:repository/team"}`), "impossible-resource"},
		{"finds an ARN without repository/", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:team"}`), "impossible-resource"},
		{"finds upper case in a repository name", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/Team/*"}`), "impossible-resource"},
		{"finds a slash at the end of a repository name", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/"}`), "impossible-resource"},
		{"accepts a policy variable in a repository name", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/${aws:username}"}`), ""},
		{"finds a placeholder in a condition key", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `,"Condition":{"StringEquals":{"aws:PrincipalTag/<tag-key>":"red"}}}`), "placeholder"},
		{"finds a name in braces", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/{repository}"}`), "placeholder"},
		{"finds a role in brackets in a control policy", map[string]string{"organization.yaml": "id: o-a1b2c3d4e5\naccounts:\n  '123456789012': o-a1b2c3d4e5/r-ab12/\n", "organization/scp/1-root/full.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:DeleteRepository","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/[PRIVILEGED_ROLE]"}}}]}`}, "placeholder"},
		{"finds the placeholder REGION", withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:REGION:123456789012:repository/team"}`), "placeholder"},
		{"accepts the Resource * with a condition on a tag", and(withStatement(`{"Effect":"Allow",`+pullOn+`,"Resource":"*","Condition":{"StringEquals":{"ecr:ResourceTag/team":"red"}}}`),
			"accounts/123456789012/eu-central-1/repositories/team/app/_tags.json", `{"team":"red"}`), ""},
		{"finds a condition on tags if no repository has tags", withStatement(`{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"ecr:ResourceTag/team":"red"}}}`), "unconfigured-key untold-tags"},
		{"accepts NotAction and NotResource in a Deny", withStatement(`{"Effect":"Deny","NotAction":["ecr:Get*","ecr:Batch*"],"NotResource":` + team + `}`), ""},
		{"accepts NotAction in the Allow of a boundary", and(withStatement(`{"Effect":"Allow",`+pullOn+`,"Resource":`+team+`}`),
			"managed/limit.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}`,
			"principals.yaml", "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers], boundary: limit}\n"), ""},
		{"finds an unknown partition of a registry", map[string]string{"registries.yaml": "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: moon-1, partition: aws-moon}\n"}, "other-partition unknown-partition"},
		{"finds trusted proxies without addresses", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 1\n"}, "unchecked-proxies"},
		{"finds proxies with any IPv4 address", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 1\n  trustedProxies: [192.0.2.1, 0.0.0.0/0]\n"}, "unchecked-proxies"},
		{"finds proxies with any IPv6 address", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 2\n  trustedProxies: ['::/0']\n"}, "unchecked-proxies"},
		{"finds proxies with any IPv4 address in two ranges", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 2\n  trustedProxies: [0.0.0.0/1, 128.0.0.0/1]\n"}, "unchecked-proxies"},
		{"accepts proxies with addresses", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 1\n  trustedProxies: [192.0.2.1]\n"}, ""},
		{"accepts a registry without proxies", map[string]string{"registries.yaml": "registries:\n- name: example\n  hosts: [registry.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n  tls: true\n  trustedHops: 0\n"}, ""},
		{"finds different trusted hops with sessions", networks("sessions: {issuer: 'https://registry.example.com'}\n", "trustedHops: 1, trustedProxies: [192.0.2.1]"), "mixed-networks"},
		{"finds different endpoints with sessions", networks("sessions: {issuer: 'https://registry.example.com'}\n", "vpcEndpoint: {id: vpce-1a2b3c4d, vpc: vpc-1a2b3c4d}"), "mixed-networks"},
		{"ignores other differences with sessions", networks("sessions: {issuer: 'https://registry.example.com'}\n", "tls: true"), ""},
		{"ignores different trusted hops without sessions", networks("", "trustedHops: 1, trustedProxies: [192.0.2.1]"), ""},
		{"finds the same action in upper and lower case", withStatement(`{"Effect":"Allow","Action":["ecr:ListImages","ecr:listimages"],"Resource":` + team + `}`), "redundant-element"},
	})
}

func TestPrincipals(t *testing.T) {
	runRules(t, []ruleCase{
		{"finds * in a list of principals", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":["123456789012","*"]}}`), "any-principal own-account"},
		{"finds everyone with a condition that any address matches", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}`), "any-principal"},
		{"finds everyone with a condition that any ARN matches", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"StringLike":{"aws:PrincipalArn":"*"}}}`), "any-principal"},
		{"finds everyone with an IfExists condition", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"StringEqualsIfExists":{"aws:PrincipalAccount":"123456789012"}}}`), "any-principal"},
		{"finds everyone except one account", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"123456789012"}}}`), "any-principal"},
		{"accepts a Deny for everyone", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*"}`), ""},
		{"accepts a condition that anonymous callers do not match", and(repository(`{"Effect":"Allow","Action":"ecr:*","Principal":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}`),
			"registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, anonymous: true}\n"), ""},
		{"finds a registry policy that lets anonymous callers push", and(map[string]string{"accounts/123456789012/eu-central-1/registry-policy.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":` + team + `}}`},
			"registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, anonymous: true}\n"), "anonymous-write any-principal"},
		{"finds the registry's own account by its id", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"123456789012"}}`), "own-account"},
		{"finds the registry's own account in a list", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":["arn:aws:iam::123456789012:root","arn:aws:iam::444455556666:root"]}}`), "own-account"},
		{"accepts other accounts", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":["444455556666","arn:aws:iam::777788889999:root"]}}`), ""},
		{"accepts a Deny for the registry's own account", repository(`{"Effect":"Deny","Action":"ecr:DeleteRepository","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}`), ""},
		{"finds the registry's own account in a registry policy", map[string]string{"accounts/123456789012/eu-central-1/registry-policy.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Resource":` + team + `}}`}, "own-account"},
		{"finds a session of an unknown role", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/ci/job"}}`), "unknown-principal"},
		{"accepts a session of a role", and(bound(`sub: "repo:acme/app:ref:refs/heads/main"`), repositoryFile, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+pullOn+`,"Principal":{"AWS":["arn:aws:sts::123456789012:assumed-role/ci/job","arn:aws:iam::123456789012:role/ci"]}}}`), ""},
		{"finds an unknown user in a condition", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/alcie"}}}`), "unknown-principal"},
		{"accepts a pattern of users", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/team/*"}}}`), ""},
	})
}

func TestConditions(t *testing.T) {
	pullIf := func(condition string) map[string]string {
		return withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `,"Condition":{` + condition + `}}`)
	}
	runRules(t, []ruleCase{
		{"finds values that exclude each other", pullIf(`"StringEquals":{"aws:username":["alice","bob"]},"StringNotEquals":{"aws:username":["bob","alice"]}`), "contradictory-conditions"},
		{"accepts a value in a Deny that is not a number", withStatement(`{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/a":"b"},"NumericEquals":{"aws:PrincipalTag/a":"5"}}}`), ""},
		{"finds a value in an Allow that is not a number", pullIf(`"StringEquals":{"aws:PrincipalTag/a":"b"},"NumericEquals":{"aws:PrincipalTag/a":"5"}`), "contradictory-conditions"},
		{"accepts Null and a wildcard, because an empty value matches both", pullIf(`"Null":{"aws:PrincipalTag/a":"true"},"StringLike":{"aws:PrincipalTag/a":"*"}`), ""},
		{"accepts conditions that leave one value", pullIf(`"StringEquals":{"aws:username":["alice","bob"]},"StringNotEquals":{"aws:username":"bob"}`), ""},
		{"finds Null together with a value", pullIf(`"Null":{"aws:username":"true"},"StringLike":{"aws:username":"a*"}`), "contradictory-conditions"},
		{"accepts Null together with a value that IfExists makes optional", pullIf(`"Null":{"aws:username":"true"},"StringLikeIfExists":{"aws:username":"a*"}`), ""},
		{"rejects a policy variable that IAM does not support", pullIf(`"StringEquals":{"aws:username":"${aws:userid}"},"StringNotEquals":{"aws:username":"alice"}`), "unloadable"},
		{"accepts a policy variable, which may have any value", pullIf(`"StringEquals":{"aws:username":"${aws:PrincipalTag/a}"},"StringNotEquals":{"aws:username":"alice"}`), ""},
		{"accepts an escaped wildcard", pullIf(`"StringEquals":{"aws:PrincipalTag/a":"b${*}"}`), ""},
		{"accepts wildcards with StringLike", pullIf(`"StringLike":{"aws:PrincipalTag/a":"b*"}`), ""},
		{"accepts a numeric operator on a tag", pullIf(`"NumericLessThan":{"aws:PrincipalTag/level":"3"}`), ""},
		{"accepts date and numeric operators on times", pullIf(`"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"NumericLessThan":{"aws:EpochTime":"1"}`), ""},
		{"finds an address operator on a name", pullIf(`"IpAddress":{"aws:username":"192.0.2.1"}`), "mismatched-operator"},
		{"finds aws:SourceArn if no credential sets it", repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotLikeIfExists":{"aws:SourceArn":"arn:aws:lambda:*:123456789012:function:*"}}}`), "absent-key"},
		{"accepts aws:SourceArn if a credential sets it", and(repository(`{"Effect":"Deny","Action":"ecr:*","Principal":"*","Condition":{"ArnNotLikeIfExists":{"aws:SourceArn":"arn:aws:lambda:*:123456789012:function:*"},"StringNotEqualsIfExists":{"aws:SourceAccount":"123456789012"}}}`),
			"principals.yaml", "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n- {dns: f.example.com, principal: lambda.amazonaws.com, sourceArn: 'arn:aws:lambda:us-east-1:123456789012:function:f'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"), ""},
		{"finds a key of another service", pullIf(`"StringNotEquals":{"s3:prefix":"a"}`), "absent-key"},
		{"accepts keys of another service in a statement about that service", withStatement(`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringEquals":{"s3:prefix":"a","aws:RequestTag/x":"*"}}}`), ""},
		{"accepts a possible region in a list", pullIf(`"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-central-1"]}`), ""},
		{"accepts a pattern that matches a region", pullIf(`"StringLike":{"aws:RequestedRegion":"eu-*"}`), ""},
		{"finds a negated operator with only other regions", withStatement(`{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-west-2"]}}}`), "impossible-value"},
		{"finds a Boolean in upper case", pullIf(`"StringEquals":{"aws:SecureTransport":"True"}`), "impossible-value"},
		{"accepts a Boolean in upper case if the operator ignores case", pullIf(`"StringEqualsIgnoreCase":{"aws:SecureTransport":"True"}`), ""},
		{"finds the account of other repositories", pullIf(`"StringEquals":{"aws:ResourceAccount":"444455556666"}`), "impossible-value"},
		{"accepts a policy variable as account", pullIf(`"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}`), ""},
		{"finds an impossible type of principal", pullIf(`"StringEquals":{"aws:PrincipalType":"Role"}`), "impossible-value"},
		{"ignores regions in statements about other services", withStatement(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}`), ""},
		{"finds an Allow that requires a second factor", pullIf(`"Bool":{"aws:MultiFactorAuthPresent":"true"}`), "unproven-mfa"},
		{"accepts sessions without a second factor", pullIf(`"Bool":{"aws:MultiFactorAuthPresent":"false"}`), ""},
		{"accepts Null on the second factor, which users match", pullIf(`"Null":{"aws:MultiFactorAuthPresent":"true"}`), ""},
		{"accepts tags of the request for the action that tags", withStatement(`{"Effect":"Allow","Action":"ecr:TagResource","Resource":` + team + `,"Condition":{"StringEquals":{"aws:RequestTag/a":"b"}}}`), ""},
		{"finds a VPC endpoint if no registry has one", pullIf(`"StringEquals":{"aws:SourceVpce":"vpce-1"}`), "unconfigured-key"},
		{"accepts a VPC endpoint", and(pullIf(`"StringEquals":{"aws:SourceVpce":"vpce-0a1b2c3d"}`), "registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, vpcEndpoint: {id: vpce-0a1b2c3d, vpc: vpc-0a1b2c3d}}\n"), ""},
		{"finds aws:SourceIp if every registry has a VPC endpoint", and(pullIf(`"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), "registries.yaml", "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, vpcEndpoint: {id: vpce-0a1b2c3d, vpc: vpc-0a1b2c3d}}\n"), "unconfigured-key"},
		{"finds an Allow that excludes a tag but allows digests", withStatement(`{"Effect":"Allow","Action":["ecr:BatchGetImage"],"Resource":` + team + `,"Condition":{"StringNotEquals":{"oci:Reference":"secret"}}}`), "evaded-by-digest extension-key"},
		{"accepts an Allow that excludes a tag and digests", withStatement(`{"Effect":"Allow","Action":["ecr:BatchGetImage"],"Resource":` + team + `,"Condition":{"StringNotEquals":{"oci:Reference":"secret"},"StringEquals":{"oci:ReferenceType":"tag"}}}`), "extension-key"},
		{"accepts a Deny of pushing a tag", withStatement(`{"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"StringEquals":{"oci:Reference":"latest"}}}`), "extension-key"},
		{"accepts a Deny of all but some tags", withStatement(`{"Effect":"Deny","Action":"ecr:BatchGetImage","Resource":"*","Condition":{"StringNotLike":{"oci:Reference":"v*"}}}`), "extension-key"},
	})
}

func TestStatementsTogether(t *testing.T) {
	two := func(a, b string) map[string]string { return withStatement(a + "," + b) }
	allow := func(action, resource string) string {
		return `{"Effect":"Allow","Action":` + action + `,"Resource":` + resource + `}`
	}
	const other = `"arn:aws:ecr:eu-central-1:123456789012:repository/other/*"`
	runRules(t, []ruleCase{
		{"accepts a pull in two statements", two(allow(`"ecr:BatchGetImage"`, team), allow(`"ecr:GetDownloadUrlForLayer"`, `"arn:aws:ecr:*:*:repository/*"`)), ""},
		{"finds halves of two pulls", two(allow(`"ecr:BatchGetImage"`, team), allow(`"ecr:GetDownloadUrlForLayer"`, other)), "half-pull"},
		{"accepts a pull in two policies of a user", and(withStatement(allow(`"ecr:BatchGetImage"`, team)), "managed/layers.json", `{"Version":"2012-10-17","Statement":`+allow(`"ecr:GetDownloadUrlForLayer"`, team)+`}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, layers]}\n"), ""},
		{"accepts a pull together with AWS's policy", and(withStatement(allow(`"ecr:GetDownloadUrlForLayer"`, team)),
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly']}\n"), ""},
		{"finds halves of a pull for two principals", repository(`{"Effect":"Allow","Action":"ecr:BatchGetImage","Principal":{"AWS":"123456789012"}},{"Effect":"Allow","Action":"ecr:GetDownloadUrlForLayer","Principal":{"AWS":"444455556666"}}`), "half-pull own-account"},
		{"finds a Deny of half of a pull", repository(`{"Effect":"Deny","Action":"ecr:BatchGetImage","Principal":"*"}`), "half-pull"},
		{"accepts a Deny of both halves", repository(`{"Effect":"Deny","Action":"ecr:BatchGetImage","Principal":"*"},{"Effect":"Deny","Action":"ecr:GetDown*","Principal":"*"}`), ""},
		{"finds a push whose check of layers only works here", withStatement(allow(`["ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team)), "unchecked-push"},
		{"accepts a push that may check layers by another statement", two(allow(`["ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team), allow(`"ecr:BatchCheckLayerAvailability"`, `"*"`)), "wildcard-resource"},
		{"finds a push without the start of uploads and the check of layers", withStatement(allow(`["ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team)), "incomplete-push unchecked-push"},
		{"finds a push without the start of uploads", withStatement(allow(`["ecr:BatchCheckLayerAvailability","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"]`, team)), "incomplete-push"},
		// Amazon ECR User Guide, "IAM permissions for pushing an image to an Amazon ECR private
		// repository" and "Private repository policy examples in Amazon ECR".
		{"accepts ECR's own policy for pushes", withStatement(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage","ecr:BatchGetImage"]`, team)), ""},
		{"finds ECR's policy for pushes without reading manifests", withStatement(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage"]`, team)), "incomplete-push"},
		{"finds a push that may read only the manifests of another repository", two(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage"]`, team), allow(`["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, other)), "incomplete-push"},
		{"accepts a push that may read manifests by another statement", two(allow(`["ecr:CompleteLayerUpload","ecr:UploadLayerPart","ecr:InitiateLayerUpload","ecr:BatchCheckLayerAvailability","ecr:PutImage"]`, team), allow(`["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, team)), ""},
		{"accepts the guide's repository policy for pushes by another account", repository(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":["ecr:BatchCheckLayerAvailability","ecr:CompleteLayerUpload","ecr:InitiateLayerUpload","ecr:PutImage","ecr:UploadLayerPart"]}`), ""},
		{"finds a Deny of pushing and of half of a pull", repository(`{"Effect":"Deny","Principal":"*","Action":["ecr:PutImage","ecr:CompleteLayerUpload","ecr:BatchGetImage"]}`), "half-pull"},
		{"finds a statement covered by a wildcard in the resource type", two(allow(`"ecr:ListImages"`, team), allow(`"ecr:ListImages"`, `"arn:aws:ecr:eu-central-1:123456789012:r*"`)), "redundant-statement"},
		{"finds no redundancy with an Allow that matches nothing", two(allow(`"ecr:ListImages"`, team), allow(`"ecr:ListImages"`, `"arn:aws:e?r:eu-central-1:123456789012:repository/*"`)), "unsupported-wildcard"},
		{"finds no redundancy with a resource that matches nothing", two(allow(`"ecr:ListImages"`, `[`+team+`,"arn:aws:*:eu-central-1:123456789012:repository/*"]`), loginStatement), "redundant-statement unsupported-wildcard"},
		{"finds no redundancy with a policy variable", two(`{"Effect":"Deny","Action":"ecr:ListImages","NotResource":[`+team+`,"arn:aws:ecr:eu-central-1:123456789012:repository/team/${aws:username}"]}`, allow(`"ecr:ListImages"`, team)), "redundant-element"},
		{"finds one of two equal statements", two(allow(`"ecr:ListImages"`, team), allow(`"ecr:ListImages"`, team)), "redundant-statement"},
		{"accepts a Deny for another principal", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"}},{"Effect":"Deny","Action":"ecr:*","Principal":{"AWS":"444455556666"}}`), ""},
		{"finds an Allow with a Deny for everyone", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:user/alice"}},{"Effect":"Deny","Action":"ecr:*","Principal":"*"}`), "hidden-by-deny"},
		{"finds an Allow with a Deny in another policy of its only user", and(withStatement(allow(`"ecr:ListImages"`, team)), "managed/fence.json", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:List*","Resource":"*"}}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, fence]}\n"), "hidden-by-deny"},
		{"finds an Allow with a Deny in the boundary", and(withStatement(allow(`"ecr:ListImages"`, team)), "managed/fence.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:List*","Resource":"*"}]}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers], boundary: fence}\n"), "hidden-by-deny"},
		{"accepts a Deny in another policy of one of two users", and(withStatement(allow(`"ecr:ListImages"`, team)), "managed/fence.json", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:List*","Resource":"*"}}`,
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers, fence]}\n- {arn: 'arn:aws:iam::123456789012:user/bob', policies: [developers]}\n"), ""},
		{"accepts a Deny with a condition", two(allow(`"ecr:ListImages"`, team), `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`), ""},
	})
}

func TestCallersAndIssuers(t *testing.T) {
	const alice = "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n"
	runRules(t, []ruleCase{
		{"finds a boundary that does not allow logging in", and(map[string]string{"managed/limit.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + pullOn + `,"Resource":"*"}}`},
			"principals.yaml", alice+"principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers], boundary: limit}\n"), "missing-login"},
		{"finds a session policy that does not allow logging in", and(map[string]string{"managed/limit.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + pullOn + `,"Resource":"*"}}`},
			"principals.yaml", "credentials:\n- {uri: 'spiffe://a/b', principal: 'arn:aws:sts::123456789012:assumed-role/ci/job', sessionPolicies: [limit]}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers]}\n"), "missing-login"},
		{"finds a user with rights only in a repository policy", and(repository(`{"Effect":"Allow",`+pullOn+`,"Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"}}`),
			"principals.yaml", alice+"principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n- {arn: 'arn:aws:iam::123456789012:user/bob'}\n"), "missing-login"},
		{"finds a credential of a root user", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:iam::123456789012:root'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"}, "root-credential"},
		{"accepts a role called root", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:sts::123456789012:assumed-role/root/job'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n- {arn: 'arn:aws:iam::123456789012:role/root', policies: [developers]}\n"}, ""},
		{"finds a federated user without a session policy", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:sts::123456789012:federated-user/guest', federatedBy: 'arn:aws:iam::123456789012:user/alice'}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"}, "missing-login"},
		{"accepts a federated user with a session policy", map[string]string{"principals.yaml": alice + "- {dns: a.example, principal: 'arn:aws:sts::123456789012:federated-user/guest', federatedBy: 'arn:aws:iam::123456789012:user/alice', sessionPolicies: [developers]}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n"}, ""},
		{"accepts a user without rights", map[string]string{"principals.yaml": alice + "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n- {arn: 'arn:aws:iam::123456789012:user/bob'}\n"}, ""},
		{"accepts a role that a credential captures", map[string]string{"principals.yaml": "credentials:\n- {uri: 'spiffe://a/ns/{ns}', principal: 'arn:aws:sts::123456789012:assumed-role/{ns}/pod', path: /k8s/}\nprincipals:\n- {arn: 'arn:aws:iam::123456789012:role/k8s/prod', policies: [developers]}\n"}, ""},
		{"finds a role that trusts no issuer here", and(trusting(`"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`),
			"principals.yaml", "principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n"), "unassumable-role"},
		{"accepts one repository of an issuer", trusting(`"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"accepts one organization of an issuer", trusting(`"ForAnyValue:StringLike":{"token.actions.githubusercontent.com:sub":["repo:acme/*","repo:acme-labs/*:environment:prod"]}`), ""},
		{"accepts one organization by its id", trusting(`"StringEquals":{"token.actions.githubusercontent.com:repository_owner_id":"123"}`), ""},
		{"finds the issuer as a claim", trusting(`"StringEquals":{"token.actions.githubusercontent.com:iss":"https://token.actions.githubusercontent.com","token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), "absent-claim"},
		{"finds a claim that is not a condition key", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"},"StringNotEquals":{"Token.Actions.githubusercontent.com:repository_visibility":"public"}`), "absent-claim"},
		{"finds a claim of another provider", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*","gitlab.com:sub":"project_path:acme/app:*"}`), "absent-claim"},
		{"accepts a list of groups that must be present", trustingGroups(`"ForAllValues:StringEquals":{"sso.example.com:groups":"developers"},"Null":{"sso.example.com:groups":"false"}`), ""},
		{"finds a required claim that is never a list", trustingGroups(`"StringEquals":{"sso.example.com:sub":"alice"},"Null":{"sso.example.com:iss":"false"}`), "absent-claim"},
		{"finds groups that are compared as one string", trustingGroups(`"StringEquals":{"sso.example.com:groups":"developers"}`), "absent-claim"},
		{"finds an absent claim with IfExists, which limits nothing", trusting(`"StringEqualsIfExists":{"token.actions.githubusercontent.com:repository_owner":"acme"}`), "absent-claim shared-issuer"},
		{"accepts claims that are condition keys, and keys of the request", trusting(`"StringEquals":{"token.actions.githubusercontent.com:repository_id":"1","token.actions.githubusercontent.com:OAUD":"registry.example.com"},"StringLike":{"sts:RoleSessionName":"ci-*"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), ""},
		{"finds a prefix of organization names", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme*"}`), "shared-issuer"},
		{"accepts one repository by its IDs", trusting(`"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme@123456/app@456789:ref:refs/heads/main"}`), ""},
		{"accepts one organization by name and ID", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme@123456/*"}`), ""},
		{"accepts one organization by name with any ID", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":["repo:acme@*/app@*:ref:refs/heads/main","repo:acme@*"]}`), ""},
		{"finds a prefix of organization names with any ID", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme*@*/app@*:ref:refs/heads/main"}`), "shared-issuer"},
		{"finds a prefix of organization names with one repository", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme*/app:ref:refs/heads/main"}`), "shared-issuer"},
		{"finds an ID without the name, which the name of a branch may contain", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*@123456/*"}`), "shared-issuer"},
		{"finds an @ without a name", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":"repo:@*"}`), "shared-issuer"},
		{"finds an @ in a claim that does not end names with it", trusting(`"StringLike":{"token.actions.githubusercontent.com:repository":"acme@*"}`), "shared-issuer"},
		{"finds a list that includes every organization", trusting(`"StringLike":{"token.actions.githubusercontent.com:sub":["repo:acme/*","repo:*:environment:prod"]}`), "shared-issuer"},
		{"finds all organizations except one", trusting(`"StringNotLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}`), "shared-issuer"},
		{"finds ForAllValues, which a token without the claim matches", trusting(`"ForAllValues:StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}`), "for-all-values shared-issuer"},
		{"accepts ForAllValues with a Null condition", trusting(`"ForAllValues:StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"},"Null":{"token.actions.githubusercontent.com:sub":"false"}`), ""},
		{"finds ForAllValues with a Null condition on another claim", trusting(`"ForAllValues:StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"},"Null":{"token.actions.githubusercontent.com:aud":"false"}`), "for-all-values shared-issuer"},
		{"accepts an issuer that is limited in principals.yaml", and(trusting(`"StringEquals":{"token.actions.githubusercontent.com:aud":"registry.example.com"}`),
			"principals.yaml", strings.Replace(github, "}", ", claims: {sub: 'repo:acme/{repo}:ref:refs/heads/main'}}", 1)+"principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n"), ""},
		{"finds an audience of AWS only", trusting(`"StringLike":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), "unmet-audience"},
		{"accepts a pattern that matches the registry's audience", trusting(`"StringLike":{"token.actions.githubusercontent.com:aud":"registry.*"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"accepts the registry's audience in a list", trusting(`"StringEquals":{"token.actions.githubusercontent.com:aud":["sts.amazonaws.com","registry.example.com"]},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"accepts a negated operator with an audience of AWS", trusting(`"StringNotEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`), ""},
		{"accepts an audience of AWS that the issuer accepts", and(trusting(`"StringLike":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"ForAnyValue:StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}`),
			"principals.yaml", strings.Replace(github, "}", ", foreignAudiences: [sts.amazonaws.com]}", 1)+"principals:\n- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers], trust: ci}\n"), "foreign-audience"},
		{"accepts a credential for one organization", bound(`sub: "repo:acme/{repo}:ref:refs/heads/main"`), ""},
		{"accepts a credential for one organization with an ID", bound(`sub: "repo:acme@123456/{repo}:ref:refs/heads/main"`), ""},
		{"accepts a credential for one organization with any ID", bound(`sub: "repo:acme@{id}/{repo}:ref:refs/heads/main"`), ""},
		{"finds a credential for a prefix of organization names", bound(`sub: "repo:acme{rest}/{repo}:ref:refs/heads/main"`), "shared-issuer"},
		{"finds a credential for every organization", bound(`sub: "repo:{owner}/{repo}:ref:refs/heads/main"`), "shared-issuer"},
		{"finds a credential without an organization", bound(`ref: refs/heads/main`), "shared-issuer"},
	})
}

// TestUnloadableDirectory checks that a fault that keeps the directory from loading is a
// finding with its position.
func TestUnloadableDirectory(t *testing.T) {
	const alice = "principals:\n- arn: arn:aws:iam::123456789012:user/alice\n  policies: [developers]\n"
	for _, c := range []struct {
		name    string
		changes map[string]string
		want    string
	}{
		{"Allow with NotPrincipal", repository(`{"Effect":"Allow",` + pullOn + `,"NotPrincipal":{"AWS":"444455556666"}}`), repositoryFile + ":1:"},
		{"a wildcard in a principal", repository(`{"Effect":"Allow",` + pullOn + `,"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"}}`), repositoryFile + ":1:"},
		{"a policy that does not exist", map[string]string{"principals.yaml": strings.Replace(alice, "developers", "testers", 1)}, "principals.yaml:3:14: "},
		{"a boundary that does not exist", map[string]string{"principals.yaml": alice + "  boundary: limit\n"}, "principals.yaml:4:13: "},
		{"a trust policy that does not exist", map[string]string{"principals.yaml": strings.Replace(alice, "user/alice", "role/ci", 1) + "  trust: ci\n"}, "principals.yaml:4:10: "},
		{"a session policy that does not exist", map[string]string{"principals.yaml": "credentials:\n- uri: spiffe://a/b\n  principal: arn:aws:sts::123456789012:assumed-role/ci/build\n  sessionPolicies: [limit]\nprincipals:\n- arn: arn:aws:iam::123456789012:role/ci\n"}, "principals.yaml:4:21: "},
		{"an invalid Sid of an identity policy", withStatement(`{"Sid":"team pull","Effect":"Allow",` + pullOn + `,"Resource":` + team + `}`), developersFile + ":2:8: "},
		{"a misspelled element", withStatement(`{"Efect":"Allow",` + pullOn + `,"Resource":` + team + `}`), developersFile + ":2:2: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := check(t, c.changes)
			if len(got) != 1 || got[0].Code != "unloadable" || got[0].Severity != diag.Error || !strings.HasPrefix(got[0].Text(), c.want) {
				t.Errorf("got %v want unloadable at %s", got, c.want)
			}
		})
	}
}

// TestSeverityOfDeny checks that a finding about a Deny without effect is more severe than
// one about an Allow.
func TestSeverityOfDeny(t *testing.T) {
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
		{"not attached", "unattached-policy", managed("Allow"), managed("Deny")},
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
