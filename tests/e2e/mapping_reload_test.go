package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// soon waits until a condition is true. On a quiet machine this is within a second.
func soon(t *testing.T, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > busy {
			t.Fatalf("not within %s: %s", busy, what)
		}
	}
}

// edit replaces text in a file of the policies and returns when the change is in effect.
func (sys *system) edit(t *testing.T, file, old, new string) {
	t.Helper()
	before := sys.snapshot(t).Digest
	turnInPlace(old, new)(t, filepath.Join(sys.Policies, filepath.FromSlash(file)))
	soon(t, "the change of "+file+" is in force", func() bool { return sys.snapshot(t).Digest != before })
}

// spoil breaks a file of the policies, runs meanwhile, and restores the file. The log must
// state where the fault is.
func (sys *system) spoil(t *testing.T, file, old, new, problem string, meanwhile func()) {
	t.Helper()
	digest, failures := sys.snapshot(t).Digest, sys.metric(t, "extauthz_policy_reload_failures_total")
	path, spoilt := filepath.Join(sys.Policies, filepath.FromSlash(file)), time.Now()
	turnInPlace(old, new)(t, path)
	soon(t, "the failure is counted", func() bool { return sys.metric(t, "extauthz_policy_reload_failures_total") > failures })
	soon(t, "the log says where it is and what: "+problem, func() bool { return sys.loggedSince(spoilt, file+":", problem) })
	if sys.snapshot(t).Digest != digest {
		t.Error("the last good policies are not in force")
	}
	meanwhile()
	turnInPlace(new, old)(t, path)
}

// mappingsChange edits principals.yaml, with valid and invalid changes.
func mappingsChange(t *testing.T, sys *system) {
	atMain, atRelease := signed(t, sys.issuers.gitlab, pipeline, nil), signed(t, sys.issuers.gitlab, strings.Replace(pipeline, "main", "release", 1), nil)
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(atMain))
	sys.isRejected(t, "", bearer(atRelease))
	sys.edit(t, "principals.yaml", "ref:main", "ref:release")
	sys.isRejected(t, "", bearer(atMain))
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(atRelease))

	for _, c := range []struct{ name, file, old, new, problem string }{
		{"a capture of nothing", "principals.yaml", "assumed-role/{namespace}/pod", "assumed-role/{nothing}/pod", "nothing"},
		{"captures without a separator", "principals.yaml", "{namespace}:{name}", "{namespace}{name}", "namespace"},
		{"two names in one", "principals.yaml", "assumed-role/{namespace}/pod", "assumed-role/{namespace}-{name}/pod", "name"},
		{"patterns that overlap", "principals.yaml", "- header:", "- token: gitlab\n  claims: { sub: \"project_path:acme/app:ref_type:branch:ref:{ref}\" }\n  principal: arn:aws:iam::123456789012:user/alice\n- header:", "overlap"},
		{"a role that is not there", "principals.yaml", "role: arn:aws:iam::123456789012:role/ci/github", "role: arn:aws:iam::123456789012:role/ci/gone", "role/ci/gone"},
		{"a session of a role that is not there", "principals.yaml", "assumed-role/gitlab/pipeline", "assumed-role/gone/pipeline", "gone"},
		{"a trust policy that is not there", "principals.yaml", "trust: team-ci", "trust: gone", "gone"},
		{"a trust policy that cannot be read", "trust/github.json", `"Federated"`, `"Fedrated"`, "Fedrated"},
		{"keys that cannot be read", "jwks/kubernetes.json", `"kty"`, `"ktx"`, "key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sys.spoil(t, c.file, c.old, c.new, c.problem, func() {
				sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(atRelease))
				sys.isCaller(t, http.DefaultClient, "bearer", prodPod, bearer(signed(t, sys.issuers.cluster, deployer, nil)))
				sys.isRejected(t, "", bearer(atMain))
			})
		})
	}
}

// keyFileChanges puts another issuer's keys into the file: that issuer's tokens are then valid
// and earlier tokens are not, although they were verified before.
func keyFileChanges(t *testing.T, sys *system) {
	before := signed(t, sys.issuers.cluster, deployer, nil)
	sys.isCaller(t, http.DefaultClient, "bearer", prodPod, bearer(before))
	old := string(sys.issuers.cluster.KeySet())
	if err := sys.issuers.cluster.Rotate(issuer.RS256); err != nil {
		t.Fatal(err)
	}
	after := signed(t, sys.issuers.cluster, deployer, nil)
	sys.isRejected(t, "key-2", bearer(after))
	sys.issuers.cluster.Retire()
	sys.edit(t, "jwks/kubernetes.json", old, string(sys.issuers.cluster.KeySet()))
	sys.isCaller(t, http.DefaultClient, "bearer", prodPod, bearer(after))
	sys.isRejected(t, "key-1", bearer(before))
}

// foreignTokens have AWS itself as audience. They are accepted only if the operator configures
// it, and lint reports that.
func foreignTokens(t *testing.T, sys *system) {
	token := sys.issuers.workflow(t, production, issuer.Claims{"aud": "sts.amazonaws.com"})
	sys.isRejected(t, "sts.amazonaws.com", basic("123456789012/team/ci", token))
	sys.edit(t, "principals.yaml", `session: "{run}"`, "session: \"{run}\"\n  foreignAudiences: [sts.amazonaws.com]")
	sys.isCaller(t, http.DefaultClient, "basic", teamRun, basic("123456789012/team/ci", token))
	sys.isRejected(t, "sts:AssumeRoleWithWebIdentity", bearer(sys.issuers.workflow(t, mainBranch, issuer.Claims{"aud": "sts.amazonaws.com"})))
	if !strings.Contains(sys.Log(stack.Extauthz), "foreignAudiences") && !strings.Contains(sys.Log(stack.Extauthz), "another service") {
		t.Error("the log does not warn of tokens made for another service")
	}
}

// groupLists binds callers by the elements of a list claim, which Envoy's jwt_authn forwards
// or extauthz reads from the token.
func groupLists(t *testing.T, sys *system) {
	sys.edit(t, "principals.yaml", `sub: "project_path:acme/{project}:ref_type:branch:ref:main"`, `groups: "team-{project}"`)
	member := func(groups ...any) [2]string {
		return bearer(signed(t, sys.issuers.gitlab, pipeline, issuer.Claims{"groups": groups}))
	}
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, member("staff", "team-app", 7, "team-app"))
	sys.getWith(t, "/v2/team/app/tags/list", member("staff", "team-app")).hasStatus(t, http.StatusOK)
	sys.getWith(t, "/v2/team/other/tags/list", member("staff", "team-app")).hasStatus(t, http.StatusForbidden)
	sys.isRejected(t, "several elements", member("team-app", "team-other"))
	sys.isRejected(t, "several elements", member("team-other", "team-app"))
	sys.isRejected(t, "no principal is bound", member("staff"))
	sys.isRejected(t, "no principal is bound", member())

	sys.edit(t, "trust/github.json", `"StringEquals": {`, `"ForAnyValue:StringEquals": { "token.actions.githubusercontent.com:groups": "developers" },
        "StringEquals": {`)
	developer := func(groups ...any) string {
		return sys.issuers.workflow(t, mainBranch, issuer.Claims{"groups": groups})
	}
	sys.isCaller(t, http.DefaultClient, "jwt_authn", githubRun, bearer(developer("staff", "developers")))
	sys.isCaller(t, http.DefaultClient, "basic", githubRun, basic("AWS", developer("staff", "developers")))
	sys.isRejected(t, "sts:AssumeRoleWithWebIdentity", bearer(developer("staff")))
	sys.isRejected(t, "sts:AssumeRoleWithWebIdentity", basic("AWS", developer("staff")))
}

// sessionTags are in the token itself. The trust policy must allow them, and they then decide
// which repository the session can use.
func sessionTags(t *testing.T, sys *system) {
	tagged := func(project string) [2]string {
		return basic("123456789012/team/ci", sys.issuers.workflow(t, production, issuer.Claims{
			"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"project": []string{project}}},
		}))
	}
	sys.isRejected(t, "sts:TagSession", tagged("app"))
	sys.edit(t, "trust/team-ci.json", `"sts:AssumeRoleWithWebIdentity"`, `["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]`)
	sys.getWith(t, "/v2/team/app/tags/list", tagged("app")).hasStatus(t, http.StatusOK)
	sys.edit(t, "principals.yaml", "  trust: team-ci\n  policies: [team-push]", "  trust: team-ci\n  policies: [project-push]")
	sys.getWith(t, "/v2/team/app/tags/list", tagged("app")).hasStatus(t, http.StatusOK)
	sys.getWith(t, "/v2/team/app/tags/list", tagged("other")).hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "ecr:ListImages", repositoryARN+"team/app")
	sys.getWith(t, "/v2/team/app/tags/list", basic("123456789012/team/ci", sys.issuers.workflow(t, production, nil))).hasStatus(t, http.StatusForbidden)
	sys.isRejected(t, "256", tagged(strings.Repeat("x", 257)))
}
