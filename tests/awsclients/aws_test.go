package awsclients

import (
	"encoding/json"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// TestAWS lets aws and the SDK for Python sign in: a pod by its token, and a user by an access key.
func TestAWS(t *testing.T) {
	sys := start(t)
	pod, user := sys.webIdentity(), sys.accessKey()
	image := sys.Address(stack.Envoy) + "/team/app"
	var seen []string // secrets

	t.Run("aws ecr get-login-password, and a push", func(t *testing.T) {
		sys := sys.in(t)
		password := strings.TrimSpace(sys.aws(pod, "ecr", "get-login-password"))
		seen = append(seen, password)
		sys.login(password)
		sys.run(sys.environment(), "", crane, "copy", image+":v1", image+":by-aws")
		if _, err := sys.try(sys.environment(), "", crane, "copy", image+":v1", sys.Address(stack.Envoy)+"/team/other:v1"); err == nil || !strings.Contains(err.Error(), "assumed-role/eks-builder/build is not authorized to perform") {
			t.Errorf("a push to another repository: %v", err)
		}
	})
	t.Run("a user", func(t *testing.T) {
		sys := sys.in(t)
		password := strings.TrimSpace(sys.aws(user, "ecr", "get-login-password"))
		seen = append(seen, password)
		sys.login(password)
		sys.run(sys.environment(), "", crane, "digest", image+":v1")
		if out := sys.aws(user, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"); strings.TrimSpace(out) != alice {
			t.Errorf("the caller is %s", out)
		}
		sys.awsFails("(AccessDenied) when calling the GetFederationToken operation: User: "+alice+" is not authorized to perform: sts:GetFederationToken", user, "sts", "get-federation-token", "--name", "carol")
		sys.awsFails("(UnsupportedOperationException) when calling the SetRepositoryPolicy operation: SetRepositoryPolicy is not supported here: policies, tags and repositories are in the operator's policy directory",
			user, "ecr", "set-repository-policy", "--repository-name", "team/app", "--policy-text", "{}")
		sys.awsFails("(AccessDeniedException) when calling the GetRepositoryPolicy operation", user, "ecr", "get-repository-policy", "--repository-name", "team/app")
	})
	t.Run("a chain of calls", func(t *testing.T) {
		sys := sys.in(t)
		session := sys.credentials(user, "sts", "get-session-token", "--duration-seconds", "900")
		role := sys.credentials(session, "sts", "assume-role", "--role-arn", builder, "--role-session-name", "chained",
			"--policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}}`)
		if out := sys.aws(role, "sts", "get-caller-identity", "--output", "text"); !strings.Contains(out, "assumed-role/eks-builder/chained") {
			t.Errorf("the caller is %s", out)
		}
		password := strings.TrimSpace(sys.aws(role, "ecr", "get-login-password"))
		seen = append(seen, password, session[1], session[2], role[1], role[2])
		sys.login(password)
		sys.run(sys.environment(), "", crane, "digest", image+":v1")
		if _, err := sys.try(sys.environment(), "", crane, "ls", image); err == nil || !strings.Contains(err.Error(), "no session policy allows the ecr:ListImages action") {
			t.Errorf("a list beyond the session policy: %v", err)
		}
		sys.awsFails("(AccessDenied) when calling the GetSessionToken operation: Cannot call GetSessionToken with session credentials", role, "sts", "get-session-token")
	})
	t.Run("the SDK for Python", func(t *testing.T) {
		sys := sys.in(t)
		out := sys.run(sys.environment(pod...), sdk, "python3", "-")
		if want := "arn:aws:sts::123456789012:assumed-role/eks-builder/build AccessDeniedException AWS\n"; out != want {
			t.Errorf("the SDK prints %q, want %q", out, want)
		}
	})
	t.Run("errors", func(t *testing.T) {
		sys := sys.in(t)
		sys.awsFails("(InvalidClientTokenId)", []string{"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=" + sys.secret}, "sts", "get-caller-identity")
		sys.awsFails("(SignatureDoesNotMatch)", []string{"AWS_ACCESS_KEY_ID=" + sys.id, "AWS_SECRET_ACCESS_KEY=another"}, "sts", "get-caller-identity")
		sys.awsFails("(UnrecognizedClientException)", []string{"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=" + sys.secret}, "ecr", "get-login-password")
		sys.awsFails("(AccessDenied) when calling the AssumeRole operation", user, "sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/gitlab", "--role-session-name", "x1")
	})
	for _, part := range []stack.Part{stack.Extauthz, stack.Envoy} {
		for _, secret := range append(seen, sys.secret) {
			if _, value, found := strings.Cut(secret, "="); found {
				secret = value
			}
			if strings.Contains(sys.Log(part), secret) {
				t.Errorf("the log of %s has a secret", part)
			}
		}
	}
}

// sdk is a program that signs in with the SDK and calls each service.
const sdk = `
import base64, boto3, botocore
print(boto3.client("sts").get_caller_identity()["Arn"], end=" ")
ecr = boto3.client("ecr")
try:
    ecr.describe_repositories()
except botocore.exceptions.ClientError as e:
    print(e.response["Error"]["Code"], end=" ")
print(base64.b64decode(ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]).decode().split(":")[0])
`

// credentials runs aws as a caller, and returns the variables of the credentials that it prints.
func (sys *system) credentials(caller []string, args ...string) []string {
	sys.t.Helper()
	var answer struct {
		Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string } //nolint:revive // AWS's names
	}
	out := sys.aws(caller, args...)
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Credentials.SessionToken == "" {
		sys.t.Fatalf("aws %q prints %q: %v", args, out, err)
	}
	c := answer.Credentials
	return []string{"AWS_ACCESS_KEY_ID=" + c.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken}
}

// TestDecode lets aws decode the encoded message of a denial.
func TestDecode(t *testing.T) {
	sys := start(t)
	user := sys.accessKey()
	failure := sys.awsFails("Encoded authorization failure message: ", user, "ecr", "describe-repositories")
	_, message, _ := strings.Cut(failure, "Encoded authorization failure message: ")
	message = strings.TrimSpace(message)
	sys.awsFails("(AccessDenied) when calling the DecodeAuthorizationMessage operation", user, "sts", "decode-authorization-message", "--encoded-message", message)
	allowed := strings.Replace(readFile(t, sys.policies, "managed/assume-builder.json"), `"sts:AssumeRole"`, `["sts:AssumeRole", "sts:DecodeAuthorizationMessage"]`, 1)
	sys.write("managed/assume-builder.json", strings.Replace(allowed, `"`+builder+`"`, `"*"`, 1))
	sys.until(func() bool {
		_, err := sys.try(sys.environment(user...), "", "python3", "-m", "awscli", "sts", "decode-authorization-message", "--encoded-message", message)
		return err == nil
	})
	decoded := sys.aws(user, "sts", "decode-authorization-message", "--encoded-message", message, "--query", "DecodedMessage", "--output", "text")
	want := sys.run(sys.environment(), message, programs.Extauthz, "decode", "--key", messages("key.txt"))
	if strings.TrimSpace(decoded) != strings.TrimSpace(want) || !strings.Contains(want, `"action": "ecr:DescribeRepositories"`) {
		t.Errorf("aws prints\n%s\nand extauthz decode\n%s", decoded, want)
	}
}
