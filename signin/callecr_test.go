package signin

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
)

const (
	repositoryPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"bob","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"},"Action":"ecr:GetRepositoryPolicy"}]}`
	registryPolicy   = `{"Version":"2012-10-17","Statement":[{"Sid":"r","Effect":"Deny","Principal":"*","Action":"ecr:CreateRepository","Resource":"*"}]}`
)

// ecrFiles adds repositories, and what alice may read of them.
func ecrFiles(files map[string]string) {
	stsFiles(files)
	files["principals.yaml"] = strings.Replace(files["principals.yaml"], `user/alice", policies: [pull, assume]`, `user/alice", policies: [pull, assume, read]`, 1)
	files["managed/read.json"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:Get*Policy","ecr:ListTagsForResource","ecr:DescribeRepositories"],"Resource":"*"},
  {"Effect":"Deny","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/secret/*"}]}`
	const region = "accounts/123456789012/eu-central-1/"
	files[region+"repositories/team/app/_policy.json"] = repositoryPolicy
	files[region+"repositories/team/app/_tags.json"] = `{"team": "blue", "stage": ""}`
	files[region+"repositories/team/base/_tags.json"] = `{}`
	files[region+"repositories/secret/app/_tags.json"] = `{"team": "red"}`
	files[region+"registry-policy.json"] = fmt.Sprintf(`{"registryId": "123456789012", "policyText": %q}`, registryPolicy)
}

// TestAuthorizationToken checks who signs in with an access key, and what the token is.
func TestAuthorizationToken(t *testing.T) {
	s := start(t, stsFiles)
	at := func(host, region, body string) apiCall {
		c := ecrCall("GetAuthorizationToken", body)
		c.host, c.region = host, region
		return c
	}
	short := s.callAs(aliceKey, stsCall("AssumeRole", "RoleArn", roleARN+"deploy", "RoleSessionName", "x1", "DurationSeconds", "900", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")).works(t)
	for _, c := range []struct {
		name      string
		key       *key
		call      apiCall
		endpoint  string // "" if the call fails
		registry  string
		principal string
		lasts     time.Duration
		code      string
		reason    string
	}{
		{"a user", aliceKey, at("registry.example.com", "eu-central-1", "{}"), "https://registry.example.com", "main", aliceARN, 12 * time.Hour, "", ""},
		{"a host with a port", aliceKey, at("Registry.example.com:8443", "eu-central-1", "{}"), "https://registry.example.com:8443", "main", aliceARN, 12 * time.Hour, "", ""},
		{"the host counts, and not the region", aliceKey, at("other.example.com", "us-west-2", "{}"), "https://other.example.com", "other", aliceARN, 12 * time.Hour, "", ""},
		{"another host, and the region", aliceKey, at("api.example.com", "eu-west-1", "{}"), "https://other.example.com", "other", aliceARN, 12 * time.Hour, "", ""},
		{"an account", aliceKey, at("api.example.com", "eu-west-1", `{"registryIds":["123456789012"]}`), "https://other.example.com", "other", aliceARN, 12 * time.Hour, "", ""},
		{"a session that ends earlier", short.key(), at("registry.example.com", "eu-central-1", "{}"), "https://registry.example.com", "main", "arn:aws:sts::123456789012:assumed-role/deploy/x1", 15 * time.Minute, "", ""},

		{"a user without the permission", bobKey, at("registry.example.com", "eu-central-1", "{}"), "", "", "", 0, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows"},
		{"a registry that hides reasons", bobKey, at("hidden.example.com", "us-east-1", "{}"), "", "", "", 0, "AccessDeniedException", "the request is denied"},
		{"a region without a registry", aliceKey, at("api.example.com", "us-west-2", "{}"), "", "", "", 0, "InvalidParameterException", "no registry has this host name, account and region"},
		{"another account", aliceKey, at("api.example.com", "eu-west-1", `{"registryIds":["999999999999"]}`), "", "", "", 0, "InvalidParameterException", "no registry"},
		{"a registry of another account", aliceKey, at("registry.example.com", "eu-central-1", `{"registryIds":["999999999999"]}`), "", "", "", 0, "InvalidParameterException", "no registry"},
		{"a registry without access keys", aliceKey, at("closed.example.com", "eu-west-2", "{}"), "", "", "", 0, "InvalidParameterException", "does not accept credentials of the source accessKey"},
		{"two accounts", aliceKey, at("registry.example.com", "eu-central-1", `{"registryIds":["123456789012","999999999999"]}`), "", "", "", 0, "InvalidParameterException", "registryIds"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clear(s.outcomes)
			a := s.callAs(c.key, c.call)
			if c.endpoint == "" {
				a.is(t, http.StatusBadRequest, c.code, c.reason)
				return
			}
			if a.works(t); len(a.AuthorizationData) != 1 || s.took() != Issued {
				t.Fatalf("the answer is %s", a.body)
			}
			d := a.AuthorizationData[0]
			login, _ := base64.StdEncoding.DecodeString(d.AuthorizationToken)
			token, found := strings.CutPrefix(string(login), "AWS:")
			issued := a // the credentials that end with the token
			if c.key.Token != "" {
				issued = short
			}
			if !found || d.ProxyEndpoint != c.endpoint || !issued.lasts(time.Unix(int64(d.ExpiresAt), 0), c.lasts) {
				t.Errorf("the answer to the call at %d for %v is %s", a.sent.Unix(), c.lasts, a.body)
			}
			host := strings.TrimPrefix(c.endpoint, "https://")
			if r := s.pull(c.registry, host, basicHeader("AWS", token)); r.Decision != authz.Allowed || r.Principal != c.principal || r.Source != "session" {
				t.Errorf("a pull is %v for %q: %s", r.Decision, r.Principal, r.Reason)
			}
			if r := s.last(); r.Operation != "ecr:GetAuthorizationToken" || r.Principal != c.principal || r.KeyID != c.key.ID {
				t.Errorf("logged %+v", r)
			}
		})
	}
}

// TestSessionStaysLimited checks that a token for the registry has the limits of the temporary
// credentials that it was issued for.
func TestSessionStaysLimited(t *testing.T) {
	s := start(t, stsFiles)
	login := func(parameters ...string) string {
		t.Helper()
		k := s.callAs(aliceKey, stsCall("AssumeRole", append([]string{"RoleArn", roleARN + "deploy", "RoleSessionName", "x1"}, parameters...)...)).works(t).key()
		a := s.callAs(k, ecrCall("GetAuthorizationToken", "{}")).works(t)
		text, _ := base64.StdEncoding.DecodeString(a.AuthorizationData[0].AuthorizationToken)
		return "Bearer " + strings.TrimPrefix(string(text), "AWS:")
	}
	const onlyLogin = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}}`
	for _, c := range []struct {
		name       string
		parameters []string
		want       authz.Outcome
	}{
		{"no limit", nil, authz.Allowed},
		{"a policy", []string{"Policy", onlyLogin}, authz.ImplicitDeny},
		{"a managed policy", []string{"PolicyArns.member.1.arn", "arn:aws:iam::123456789012:policy/login"}, authz.ImplicitDeny},
		{"a managed policy of AWS", []string{"PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"}, authz.Allowed},
		{"several policies, of which one allows it", []string{"Policy", onlyLogin, "PolicyArns.member.1.arn", "arn:aws:iam::123456789012:policy/pull"}, authz.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := login(c.parameters...)
			if r := s.pull("main", "registry.example.com", token); r.Decision != c.want {
				t.Errorf("a pull is %v: %s", r.Decision, r.Reason)
			}
			claims := claimsOf(t, strings.TrimPrefix(token, "Bearer "))
			if begin := time.Unix(int64(claims["iat"].(float64)), 0); time.Since(begin) > time.Minute {
				t.Errorf("the session began at %v", begin)
			}
		})
	}
	// A session that is revoked by its age stays revoked.
	old := s.callAs(nil, stsCall("AssumeRoleWithWebIdentity", "RoleArn", roleARN+"ci", "RoleSessionName", "build", "WebIdentityToken", s.ciToken(map[string]any{"iat": time.Now().Add(-time.Hour).Unix()}))).works(t).key()
	s.edit(map[string]string{"managed/pull.json": strings.Replace(pullPolicy, `"Statement":[`, `"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"`+time.Now().Add(-30*time.Minute).UTC().Format(time.RFC3339)+`"}}},`, 1)})
	s.callAs(old, ecrCall("GetAuthorizationToken", "{}")).is(t, http.StatusBadRequest, "AccessDeniedException", "with an explicit deny")
	s.callAs(s.ci(), ecrCall("GetAuthorizationToken", "{}")).works(t)
}

// TestReads checks what the operations return that read the policy directory, and who may.
func TestReads(t *testing.T) {
	s := start(t, ecrFiles)
	const arn = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	names := func(a *apiAnswer) (all string) {
		for _, r := range *a.Repositories {
			all += " " + r.Name
		}
		return strings.TrimSpace(all)
	}
	for _, c := range []struct {
		name            string
		key             *key
		operation, body string
		code, reason    string
		check           func(*apiAnswer) bool
	}{
		{"a repository policy", aliceKey, "GetRepositoryPolicy", `{"repositoryName":"team/app"}`, "", "", func(a *apiAnswer) bool {
			return a.PolicyText == repositoryPolicy && a.RegistryID == "123456789012" && a.RepositoryName == "team/app"
		}},
		{"with the account", aliceKey, "GetRepositoryPolicy", `{"registryId":"123456789012","repositoryName":"team/app"}`, "", "", func(a *apiAnswer) bool { return a.PolicyText == repositoryPolicy }},
		{"that the repository policy allows", bobKey, "GetRepositoryPolicy", `{"repositoryName":"team/app"}`, "", "", func(a *apiAnswer) bool { return a.PolicyText == repositoryPolicy }},
		{"that no policy allows", bobKey, "GetRepositoryPolicy", `{"repositoryName":"team/base"}`, "AccessDeniedException", "ecr:GetRepositoryPolicy on resource: " + arn + "team/base", nil},
		{"of a repository without one", aliceKey, "GetRepositoryPolicy", `{"repositoryName":"team/base"}`, "RepositoryPolicyNotFoundException", "team/base", nil},
		{"of a repository that does not exist", aliceKey, "GetRepositoryPolicy", `{"repositoryName":"team/none"}`, "RepositoryNotFoundException", "team/none", nil},
		{"of one that does not exist, without the permission", bobKey, "GetRepositoryPolicy", `{"repositoryName":"team/none"}`, "AccessDeniedException", "", nil},
		{"of one that a policy denies", aliceKey, "GetRepositoryPolicy", `{"repositoryName":"secret/app"}`, "AccessDeniedException", "with an explicit deny", nil},
		{"of an invalid name", aliceKey, "GetRepositoryPolicy", `{"repositoryName":"team/*"}`, "InvalidParameterException", "repositoryName", nil},
		{"of no name", aliceKey, "GetRepositoryPolicy", `{}`, "InvalidParameterException", "repositoryName", nil},

		{"the registry policy", aliceKey, "GetRegistryPolicy", `{}`, "", "", func(a *apiAnswer) bool { return a.PolicyText == registryPolicy && a.RegistryID == "123456789012" }},
		{"the registry policy, without the permission", bobKey, "GetRegistryPolicy", `{}`, "AccessDeniedException", "ecr:GetRegistryPolicy on resource: *", nil},

		{"tags", aliceKey, "ListTagsForResource", `{"resourceArn":"` + arn + `team/app"}`, "", "", func(a *apiAnswer) bool {
			return fmt.Sprint(*a.Tags) == "[{team blue} {stage }]" || fmt.Sprint(*a.Tags) == "[{stage } {team blue}]"
		}},
		{"no tags", aliceKey, "ListTagsForResource", `{"resourceArn":"` + arn + `team/base"}`, "", "", func(a *apiAnswer) bool { return len(*a.Tags) == 0 }},
		{"tags, without the permission", bobKey, "ListTagsForResource", `{"resourceArn":"` + arn + `team/app"}`, "AccessDeniedException", "ecr:ListTagsForResource", nil},
		{"tags of another resource", aliceKey, "ListTagsForResource", `{"resourceArn":"arn:aws:s3:::bucket"}`, "InvalidParameterException", "resourceArn", nil},

		{"all repositories", aliceKey, "DescribeRepositories", `{}`, "", "", func(a *apiAnswer) bool {
			first := (*a.Repositories)[0]
			return names(a) == "secret/app team/app team/base" && a.NextToken == "" && first.ARN == arn+"secret/app" && first.ID == "123456789012" && first.URI == "registry.example.com/secret/app"
		}},
		{"some", aliceKey, "DescribeRepositories", `{"repositoryNames":["team/base","team/app"]}`, "", "", func(a *apiAnswer) bool { return names(a) == "team/base team/app" }},
		{"one of several denied", aliceKey, "DescribeRepositories", `{"repositoryNames":["team/base","secret/app"]}`, "AccessDeniedException", arn + "secret/app with an explicit deny", nil},
		{"one of several missing", aliceKey, "DescribeRepositories", `{"repositoryNames":["team/base","team/none"]}`, "RepositoryNotFoundException", "team/none", nil},
		{"all, without the permission", bobKey, "DescribeRepositories", `{}`, "AccessDeniedException", arn + "*", nil},
		{"too many at a time", aliceKey, "DescribeRepositories", `{"maxResults":1001}`, "InvalidParameterException", "maxResults", nil},
		{"another token", aliceKey, "DescribeRepositories", `{"nextToken":"!"}`, "InvalidParameterException", "nextToken", nil},
		{"names and a page", aliceKey, "DescribeRepositories", `{"repositoryNames":["team/app"],"maxResults":1}`, "InvalidParameterException", "maxResults", nil},

		{"a write", aliceKey, "SetRepositoryPolicy", `{"repositoryName":"team/app","policyText":"{}"}`, "UnsupportedOperationException", "SetRepositoryPolicy is not supported here: policies, tags and repositories are in the operator's policy directory", nil},
		{"another write", bobKey, "DeleteRepository", `{"repositoryName":"team/app"}`, "UnsupportedOperationException", "policy directory", nil},
		{"a read of images", aliceKey, "BatchGetImage", `{}`, "UnsupportedOperationException", "images are in the registry itself", nil},
		{"an operation that does not exist", aliceKey, "get/../x", `{}`, "UnknownOperationException", "", nil},
		{"a body that is not JSON", aliceKey, "DescribeRepositories", `{`, "SerializationException", "", nil},
		{"a repeated member", aliceKey, "GetRepositoryPolicy", `{"repositoryName":"secret/app","repositoryName":"team/app"}`, "SerializationException", "", nil},
		{"a member of another type", aliceKey, "DescribeRepositories", `{"maxResults":"1"}`, "SerializationException", "", nil},
		{"unsigned", nil, "DescribeRepositories", `{}`, "MissingAuthenticationTokenException", "", nil},
		{"an unknown key", &key{ID: "AKIAIOSFODNN7UNKNOWN", Secret: aliceKey.Secret}, "DescribeRepositories", `{}`, "UnrecognizedClientException", "invalid", nil},
		{"another secret", &key{ID: aliceKey.ID, Secret: bobKey.Secret}, "DescribeRepositories", `{}`, "InvalidSignatureException", "does not match", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			clear(s.outcomes)
			a := s.callAs(c.key, ecrCall(c.operation, c.body))
			if c.code != "" {
				a.is(t, http.StatusBadRequest, c.code, c.reason)
				return
			}
			if a.works(t); !c.check(a) || s.took() != Answered {
				t.Errorf("the answer is %s", a.body)
			}
		})
	}
}

// TestPages checks the pages of a list, and that an inventory is the list.
func TestPages(t *testing.T) {
	s := start(t, func(files map[string]string) {
		ecrFiles(files)
		list := ""
		for _, name := range []string{"a1", "b2", "secret/app", "team/app", "team/base"} {
			list += fmt.Sprintf(`,{"repositoryArn":"arn:aws:ecr:eu-central-1:123456789012:repository/%s","registryId":"123456789012","repositoryName":%q}`, name, name)
		}
		files["accounts/123456789012/eu-central-1/repositories.json"] = `{"repositories":[` + list[1:] + `]}`
	})
	var pages []string
	for token := ""; ; {
		a := s.callAs(aliceKey, ecrCall("DescribeRepositories", fmt.Sprintf(`{"maxResults":2,"nextToken":%q}`, token))).works(t)
		page := ""
		for _, r := range *a.Repositories {
			page += r.Name + " "
		}
		pages = append(pages, page)
		if token = a.NextToken; token == "" || len(pages) > 5 {
			break
		}
	}
	if got, want := fmt.Sprintf("%q", pages), `["a1 b2 " "secret/app team/app " "team/base "]`; got != want {
		t.Errorf("pages %s, want %s", got, want)
	}
}

// TestHiddenRepositories checks that a caller who may not read a repository does not learn whether
// it exists.
func TestHiddenRepositories(t *testing.T) {
	s := start(t, func(files map[string]string) {
		ecrFiles(files)
		files["registries.yaml"] = strings.Replace(files["registries.yaml"], "tokenService: images", "tokenService: images, hideExistence: true", 1)
	})
	answers := map[string]bool{}
	for _, name := range []string{"secret/app", "secret/none"} {
		a := s.callAs(bobKey, ecrCall("ListTagsForResource", `{"resourceArn":"arn:aws:ecr:eu-central-1:123456789012:repository/`+name+`"}`))
		a.is(t, http.StatusBadRequest, "RepositoryNotFoundException", "")
		answers[strings.ReplaceAll(a.body, name, "NAME")] = true
		if r := s.last(); r.Decision != authz.ImplicitDeny || r.Repository != name {
			t.Errorf("logged %+v", r)
		}
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	s.callAs(aliceKey, ecrCall("ListTagsForResource", `{"resourceArn":"arn:aws:ecr:eu-central-1:123456789012:repository/team/none"}`)).is(t, http.StatusBadRequest, "RepositoryNotFoundException", "team/none")
}
