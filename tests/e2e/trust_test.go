package e2e

import (
	"net/http"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// trustPolicies decide which token assumes which role.
func trustPolicies(t *testing.T, sys *system) {
	const refused = "is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::123456789012:role/"
	atMain, inProduction := sys.issuers.workflow(t, mainBranch, nil), sys.issuers.workflow(t, production, nil)
	feature := sys.issuers.workflow(t, "repo:acme/app:ref:refs/heads/feature", nil)
	pod := signed(t, sys.issuers.cluster, deployer, nil)
	for _, c := range []struct{ name, user, token, reason string }{
		{"a branch that the policy does not trust", "AWS", feature, refused + "ci/github"},
		{"another repository", "AWS", sys.issuers.workflow(t, "repo:evil/app:ref:refs/heads/main", nil), refused + "ci/github"},
		{"another organization with the trusted one's name", "AWS", sys.issuers.workflow(t, "repo:acme@654321/app@456789:ref:refs/heads/main", nil), refused + "ci/github"},
		{"an organization with the same prefix", "AWS", sys.issuers.workflow(t, "repo:acme-evil@123456/app@456789:ref:refs/heads/main", nil), refused + "ci/github"},
		{"another role's subject", "123456789012/team/ci", atMain, refused + "team/ci"},
		{"the first role's subject", "AWS", inProduction, refused + "ci/github"},
		{"an unknown role", "123456789012/team/none", inProduction, "role/team/none"},
		{"a role without a trust policy", "123456789012/gitlab", inProduction, "role/gitlab"},
		{"a role in another account", "999999999999/team/ci", inProduction, "999999999999"},
		{"a role by a principal that may assume none", "123456789012/team/ci", pod, "sts:AssumeRole"},
		{"no account", "team/ci", inProduction, "ACCOUNT/ROLE"},
		{"an ARN", "arn:aws:iam::123456789012:role/team/ci", inProduction, ""},
		{"no role", "someone", inProduction, ""},
	} {
		t.Run(c.name, func(t *testing.T) { sys.isRejected(t, c.reason, basic(c.user, c.token)) })
	}
	sys.isRejected(t, refused+"ci/github", bearer(feature))
	sys.isCaller(t, http.DefaultClient, "basic", githubRun, basic("123456789012/ci/github", atMain))
	sys.isCaller(t, http.DefaultClient, "basic", githubRun, basic("AWS", sys.issuers.workflow(t, immutable, nil)))
}

// rightsOfTokens checks what the policies of roles and the tags of sessions allow.
func rightsOfTokens(t *testing.T, sys *system) {
	other := signed(t, sys.issuers.gitlab, "project_path:acme/other:ref_type:branch:ref:main", nil)
	reader := signed(t, sys.issuers.cluster, "system:serviceaccount:prod:reader", nil)
	for _, c := range []struct {
		name, token, action string
	}{
		{"a run of main", sys.issuers.workflow(t, mainBranch, nil), ""},
		{"the project's own repository", signed(t, sys.issuers.gitlab, pipeline, nil), ""},
		{"another project's repository", other, "ecr:InitiateLayerUpload"},
		{"the service account that deploys", signed(t, sys.issuers.cluster, deployer, nil), ""},
		{"another service account", reader, "ecr:InitiateLayerUpload"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodPost, "http://"+sys.Address(stack.Envoy)+"/v2/team/app/blobs/uploads/", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header["Authorization"] = []string{bearer(c.token)[1]}
			a := exchange(t, http.DefaultClient, request)
			if c.action == "" {
				a.hasStatus(t, http.StatusAccepted)
				return
			}
			a.hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "not authorized to perform: "+c.action)
		})
	}
	sys.getWith(t, "/v2/team/app/manifests/v1", bearer(reader)).hasStatus(t, http.StatusOK)
}

// longNames sends the longest and the shortest names of Kubernetes, which fit the example's
// mapping, and names that do not fit a mapping to role and session names.
func longNames(t *testing.T, sys *system) {
	const role, prod = "- arn: arn:aws:iam::123456789012:role/kubernetes/", "- arn: arn:aws:iam::123456789012:role/kubernetes/prod\n"
	namespace, account := strings.Repeat("n", 63), strings.Repeat("a.", 126)+"a"
	pod := func(namespace, name string) [2]string {
		return bearer(signed(t, sys.issuers.cluster, "system:serviceaccount:"+namespace+":"+name, nil))
	}
	session := func(role, session string) string {
		return "arn:aws:sts::123456789012:assumed-role/" + role + "/" + session
	}
	sys.edit(t, "principals.yaml", prod, role+namespace+"\n"+role+"n\n"+role+"k8s-prod\n"+prod)
	sys.isCaller(t, http.DefaultClient, "bearer", session(namespace, "pod"), pod(namespace, account))
	sys.isCaller(t, http.DefaultClient, "bearer", session("n", "pod"), pod("n", "a"))

	sys.edit(t, "principals.yaml", "assumed-role/{namespace}/pod", "assumed-role/k8s-{namespace}/{name}")
	sys.isCaller(t, http.DefaultClient, "bearer", session("k8s-prod", "deployer"), pod("prod", "deployer"))
	sys.isRejected(t, "64", pod(namespace, "app"))
	sys.isRejected(t, "64", pod("prod", account))
	sys.isRejected(t, "2", pod("prod", "a"))
}
