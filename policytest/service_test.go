package policytest

import (
	"strings"
	"testing"
)

// services is a directory whose repositories have the statements for services that pull
// images in AWS's guides: "Example: Allow an AWS service" in the Amazon ECR User Guide,
// "Private repository policy examples", and "Amazon ECR cross-account permissions" in the
// AWS Lambda Developer Guide, "Create a Lambda function using a container image". Only
// region, account and names are different.
var services = map[string]string{
	"registries.yaml": `registries:
- {name: main, hosts: [registry.example.com], account: "123456789012", region: us-east-1, sources: [mtls]}
`,
	"principals.yaml": `credentials:
- uri: "spiffe://acme/codebuild/{project}"
  principal: codebuild.amazonaws.com
  sourceArn: "arn:aws:codebuild:us-east-1:123456789012:project/{project}"
  sourceAccount: "123456789012"
- uri: "spiffe://acme/lambda/{account}/{region}/{function}"
  principal: lambda.amazonaws.com
  sourceArn: "arn:aws:lambda:{region}:{account}:function:{function}"
- dns: build.example.com
  principal: codebuild.amazonaws.com
- dns: batch.example.com
  principal: codebuild.amazonaws.com
  sourceAccount: "123456789012"
`,
	"organization.yaml": "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\n",
	"accounts/123456789012/us-east-1/repositories/build/_policy.json": `{
  "Version":"2012-10-17",
  "Statement":[
    {
      "Sid":"CodeBuildAccess",
      "Effect":"Allow",
      "Principal":{
        "Service":"codebuild.amazonaws.com"
      },
      "Action":[
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer"
      ],
      "Condition":{
        "ArnLike":{
          "aws:SourceArn":"arn:aws:codebuild:us-east-1:123456789012:project/project-name"
        },
        "StringEquals":{
          "aws:SourceAccount":"123456789012"
        }
      }
    }
  ]
}`,
	"accounts/123456789012/us-east-1/repositories/function/_policy.json": `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "LambdaECRImageCrossAccountRetrievalPolicy",
      "Effect": "Allow",
      "Action": [
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer"
      ],
      "Principal": {
        "Service": "lambda.amazonaws.com"
      },
      "Condition": {
        "StringLike": {
          "aws:sourceARN": "arn:aws:lambda:us-east-1:444455556666:function:*"
        }
      }
    }
  ]
}`,
	"accounts/123456789012/us-east-1/repositories/ours/_policy.json": `{"Version": "2012-10-17", "Statement": [
  {"Sid": "OfTheOrganization", "Effect": "Allow", "Action": "ecr:BatchGetImage", "Principal": {"Service": ["lambda.amazonaws.com", "codebuild.amazonaws.com"]},
    "Condition": {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-a1b2c3d4e5/*"}}}]}`,
}

// TestServicesThatCallForAResource checks statements with conditions on aws:SourceArn and
// aws:SourceAccount.
func TestServicesThatCallForAResource(t *testing.T) {
	s := load(t, directory(t, services))
	for _, c := range []struct{ name, test, want string }{
		{"CodeBuild for the project", "credential: {uri: spiffe://acme/codebuild/project-name}, request: GET /v2/build/manifests/v1", "allowed by CodeBuildAccess"},
		{"a layer", "credential: {uri: spiffe://acme/codebuild/project-name}, request: 'GET /v2/build/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'", "allowed by CodeBuildAccess"},
		{"CodeBuild for another project", "credential: {uri: spiffe://acme/codebuild/project-name-2}, request: GET /v2/build/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"CodeBuild for no project", "credential: {dns: build.example.com}, request: GET /v2/build/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"CodeBuild for an account", "credential: {dns: batch.example.com}, request: GET /v2/build/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"CodeBuild by its name", "principal: codebuild.amazonaws.com, sourceArn: 'arn:aws:codebuild:us-east-1:123456789012:project/project-name', request: GET /v2/build/manifests/v1", "allowed by CodeBuildAccess"},
		{"CodeBuild by its name, for another account", "principal: codebuild.amazonaws.com, sourceArn: 'arn:aws:codebuild:us-east-1:444455556666:project/project-name', request: GET /v2/build/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"CodeBuild by its name alone", "principal: codebuild.amazonaws.com, request: GET /v2/build/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"an action", "principal: codebuild.amazonaws.com, sourceArn: 'arn:aws:codebuild:us-east-1:123456789012:project/project-name', action: ecr:BatchGetImage, resource: 'arn:aws:ecr:us-east-1:123456789012:repository/build'", "allowed by CodeBuildAccess"},
		{"Lambda for a function of the account", "credential: {uri: spiffe://acme/lambda/444455556666/us-east-1/f}, request: GET /v2/function/manifests/v1", "allowed by LambdaECRImageCrossAccountRetrievalPolicy"},
		{"Lambda for a function of another account", "credential: {uri: spiffe://acme/lambda/999999999999/us-east-1/f}, request: GET /v2/function/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"Lambda for a function of another region", "credential: {uri: spiffe://acme/lambda/444455556666/eu-central-1/f}, request: GET /v2/function/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"Lambda for an invalid account", "credential: {uri: spiffe://acme/lambda/4444/us-east-1/f}, request: GET /v2/function/manifests/v1", "unauthenticated"},
		{"CodeBuild for the function", "credential: {uri: spiffe://acme/codebuild/f}, request: GET /v2/function/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"an account of the organization", "credential: {uri: spiffe://acme/lambda/123456789012/us-east-1/f}, request: GET /v2/ours/manifests/v1", "allowed by OfTheOrganization"},
		{"an account by itself", "credential: {dns: batch.example.com}, request: GET /v2/ours/manifests/v1", "allowed by OfTheOrganization"},
		{"an account outside the organization", "credential: {uri: spiffe://acme/lambda/444455556666/us-east-1/f}, request: GET /v2/ours/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
		{"a root user", "principal: 'arn:aws:iam::123456789012:root', sourceAccount: '123456789012', request: GET /v2/build/manifests/v1", "cannot be run: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			tests, err := Parse("a.yaml", []byte("tests: [{name: a, expect: allowed, "+c.test+"}]"))
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(&Run(s, tests, now)[0]); got != c.want && !(strings.HasPrefix(c.want, "cannot") && strings.HasPrefix(got, c.want)) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
