package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// The accounts of the exported policies, and the repositories of their registries.
const (
	ours   = "arn:aws:ecr:eu-central-1:111122223333:repository/"
	theirs = "arn:aws:ecr:us-east-1:444455556666:repository/"
)

// exported is a directory with the policies of two accounts in two regions. It contains
// only outputs of the AWS CLI and the policies of an organization. The first account is in
// a unit that denies other regions, the second in one with an allow list. Each registry
// has a listener, as in a mesh.
func exported(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = copyPolicies(t, filepath.Join("testdata", "aws"))
	spec.issuers, spec.second = newIssuers(t), freeAddress(t)
	must(t, os.Mkdir(filepath.Join(spec.Policies, "jwks"), 0o755))
	write(t, filepath.Join(spec.Policies, "jwks", "github.json"), spec.issuers.github.KeySet())
	write(t, filepath.Join(spec.Policies, "jwks", "gitlab.json"), spec.issuers.gitlab.KeySet())
	spec.Envoy = rewritten(t, spec.Envoy, func(listeners []any) []any {
		return append(listeners, listenerB(t, listeners[0], spec.second))
	})
	return spec
}

// An exportedCase is a request under those policies. The policy of one file denies it, for
// the reason at the end of the message.
type exportedCase struct {
	name         string
	header       [2]string
	method, path string
	status       int
	action, on   string // denied: the action and the ARN
	reason       string // denied: the end of the message
	by           string // denied by a statement: "FILE SID"
}

// password returns the header of a user of these policies.
func password(user string) [2]string { return basic(user, user+"-secret") }

// exportedAllowed returns requests to the first registry that a policy allows.
func (sys *system) exportedAllowed(t *testing.T) []exportedCase {
	t.Helper()
	pull := func(name string, header [2]string, repository string) exportedCase {
		return exportedCase{name: name, header: header, method: http.MethodGet, path: repository + "/manifests/v1", status: http.StatusOK}
	}
	push := func(name string, header [2]string, repository string) exportedCase {
		return exportedCase{name: name, header: header, method: http.MethodPost, path: repository + "/blobs/uploads/", status: http.StatusAccepted}
	}
	github, gitlab := sys.issuers.workflow(t, mainBranch, nil), signed(t, sys.issuers.gitlab, pipeline, nil)
	return []exportedCase{
		pull("a policy attached to a group", password("alice"), "team/app"),
		push("a policy attached to a group, to push", password("alice"), "team/app"),
		pull("a tag of the user and the repository", password("alice"), "tagged/blue"),
		pull("a policy of AWS", password("bob"), "team/app"),
		pull("another account, by the repository's policy", password("dave"), "shared/app"),
		{name: "another account, by the registry's policy", header: password("dave"), method: http.MethodGet, path: "shared/app/tags/list", status: http.StatusOK},
		push("a role that a token assumes", bearer(github), "team/app"),
		push("a role that another role assumes", basic("111122223333/ops/deployer", gitlab), "release/app"),
		{name: "catalog", header: password("admin"), method: http.MethodGet, path: "_catalog", status: http.StatusOK},
	}
}

// exportedDenied returns requests to the first registry that are denied, one for each kind
// of policy and reason.
func (sys *system) exportedDenied(t *testing.T) []exportedCase {
	t.Helper()
	const account, explicit = "accounts/111122223333/", " with an explicit deny in a "
	lacks := func(class, action string) string { return " because no " + class + " allows the " + action + " action" }
	case403 := func(name string, header [2]string, method, path, action, on, reason, by string) exportedCase {
		return exportedCase{name, header, method, path, http.StatusForbidden, action, on, reason, by}
	}
	github, gitlab := bearer(sys.issuers.workflow(t, mainBranch, nil)), signed(t, sys.issuers.gitlab, pipeline, nil)
	deployer := basic("111122223333/ops/deployer", gitlab)
	const get, post, put, remove = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []exportedCase{
		case403("no policy allows it", password("alice"), get, "secret/app/manifests/v1", "ecr:BatchGetImage", ours+"secret/app",
			lacks("identity-based policy", "ecr:BatchGetImage"), ""),
		case403("a tag of another team", password("alice"), get, "tagged/red/manifests/v1", "ecr:BatchGetImage", ours+"tagged/red",
			lacks("identity-based policy", "ecr:BatchGetImage"), ""),
		case403("a user's boundary", password("alice"), remove, "team/app/manifests/v1", "ecr:BatchDeleteImage", ours+"team/app",
			lacks("permissions boundary", "ecr:BatchDeleteImage"), ""),
		case403("a role's boundary", deployer, get, "_catalog", "ecr:DescribeRepositories", ours+"*",
			lacks("permissions boundary", "ecr:DescribeRepositories"), ""),
		case403("a group's inline policy", password("mallory"), post, "team/app/blobs/uploads/", "ecr:InitiateLayerUpload", ours+"team/app",
			" with an explicit deny in an identity-based policy", account+"authorization-details.json NoPushes"),
		case403("a version that is not the default", password("mallory"), get, "shared/app/manifests/v1", "ecr:BatchGetImage", ours+"shared/app",
			lacks("identity-based policy", "ecr:BatchGetImage"), ""),
		case403("a service control policy", password("admin"), remove, "release/app/manifests/v1", "ecr:BatchDeleteImage", ours+"release/app",
			explicit+"service control policy", "organization/scp/ou-ab12-11111111/keep-releases.json KeepReleases"),
		case403("a resource control policy", password("dave"), get, "secret/app/manifests/v1", "ecr:BatchGetImage", ours+"secret/app",
			explicit+"resource control policy", "organization/rcp/r-ab12/secrets-stay.json SecretsStay"),
		case403("a registry's policy", password("alice"), put, "frozen/app/manifests/v2", "ecr:PutImage", ours+"frozen/app",
			explicit+"resource-based policy", account+"eu-central-1/registry-policy.json frozen"),
		case403("a repository's policy", password("bob"), get, "secret/app/manifests/v1", "ecr:BatchGetImage", ours+"secret/app",
			explicit+"resource-based policy", account+"eu-central-1/repositories/secret/app/_policy.json never bob"),
		case403("a repository without a policy, for another account", password("dave"), get, "team/app/manifests/v1", "ecr:BatchGetImage", ours+"team/app",
			lacks("resource-based policy", "ecr:BatchGetImage"), ""),
		case403("a session's policy", github, post, "release/app/blobs/uploads/", "ecr:InitiateLayerUpload", ours+"release/app",
			lacks("session policy", "ecr:InitiateLayerUpload"), ""),
		case403("a role that only assumes another", basic("AWS", gitlab), get, "team/app/manifests/v1", "ecr:BatchGetImage", ours+"team/app",
			lacks("identity-based policy", "ecr:BatchGetImage"), ""),
		case403("a repository that is not listed", password("alice"), post, "team/new/blobs/uploads/", "ecr:CreateRepository", ours+"team/new",
			lacks("identity-based policy", "ecr:CreateRepository"), ""),
	}
}

// asExported sends each request, and compares the reason of a denial in the answer and in
// the decision log.
func asExported(t *testing.T, sys *system) {
	for _, repository := range []string{"release/app", "frozen/app", "tagged/blue", "tagged/red", "tools/app"} {
		must(t, remote.Write(sys.behind(t, repository, "v1"), sys.team))
	}
	sys.logsAll(t, password("alice"))
	for _, c := range append(sys.exportedAllowed(t), sys.exportedDenied(t)...) {
		t.Run(c.name, func(t *testing.T) {
			before := len(sys.decisions(t))
			a := sys.requestWith(t, http.DefaultClient, c.method, "/v2/"+c.path, c.header).hasStatus(t, c.status)
			line := sys.nextDecision(t, before)
			if c.action == "" {
				line.is(t, "allowed")
				return
			}
			a.hasError(t, "DENIED", "is not authorized to perform: "+c.action+" on resource: "+c.on+c.reason)
			if !strings.HasSuffix(a.header.Get("X-Ecr-Authz-Reason"), c.reason) {
				t.Errorf("reason header %q does not end with %q", a.header.Get("X-Ecr-Authz-Reason"), c.reason)
			}
			line.isDeniedBy(t, c)
		})
	}
}

// exportedElsewhere sends requests to the other account's registry in the other region.
func exportedElsewhere(t *testing.T, sys *system) {
	must(t, remote.Write(sys.behind(t, "tools/app", "v1"), sys.team))
	get := func(user, path string) answer {
		return at(t, sys.second, "b.example.com", "/v2/"+path, password(user))
	}
	get("dave", "tools/app/manifests/v1").hasStatus(t, http.StatusOK)
	get("dave", "team/app/manifests/v1").hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "ecr:BatchGetImage on resource: "+theirs+"team/app because no identity-based policy")
	get("admin", "tools/app/manifests/v1").hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "ecr:GetAuthorizationToken on resource: * with an explicit deny in a service control policy")
	get("dave", "_catalog").hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "ecr:DescribeRepositories on resource: "+theirs+"*")
}

// exportedUnits checks that each account has the service control policies of its own
// unit, also after an account has been moved to another one.
func exportedUnits(t *testing.T, sys *system) {
	must(t, remote.Write(sys.behind(t, "tools/app", "v1"), sys.team))
	dave := func(method, path string) answer {
		request, err := http.NewRequest(method, "http://"+sys.second+"/v2/"+path, nil)
		must(t, err)
		request.Host = "b.example.com"
		request.Header.Set("Authorization", password("dave")[1])
		return exchange(t, http.DefaultClient, request)
	}
	const uploads = "tools/app/blobs/uploads/"
	const because = "ecr:InitiateLayerUpload on resource: " + theirs + "tools/app because no service control policy allows the ecr:InitiateLayerUpload action"
	dave(http.MethodGet, "tools/app/manifests/v1").hasStatus(t, http.StatusOK) // in a region that only the other unit denies
	dave(http.MethodPost, uploads).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", because)
	sys.requestWith(t, http.DefaultClient, http.MethodPost, "/v2/team/app/blobs/uploads/", password("alice")).hasStatus(t, http.StatusAccepted)

	file := filepath.Join(sys.Policies, "organization.yaml")
	before, err := os.ReadFile(file)
	must(t, err)
	unit := filepath.Join(sys.Policies, "organization", "scp", "ou-ab12-22222222")
	aside := filepath.Join(sys.Policies, ".aside") // a folder that is on no account's path would be an error
	must(t, os.Rename(unit, aside))
	write(t, file, turned(t, file, "ou-ab12-22222222", "ou-ab12-11111111"))
	pulls := func() bool { return dave(http.MethodGet, "tools/app/manifests/v1").status == http.StatusOK }
	soon(t, "the policies of the new unit", func() bool { return !pulls() })
	dave(http.MethodPost, uploads).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", "with an explicit deny in a service control policy")

	must(t, os.Rename(aside, unit))
	write(t, file, before)
	soon(t, "the policies of the old unit", pulls)
	dave(http.MethodPost, uploads).hasStatus(t, http.StatusForbidden).hasError(t, "DENIED", because)
}

// exportedTrust checks who may assume which role, by the trust policies of the export.
func exportedTrust(t *testing.T, sys *system) {
	const role = " on resource: arn:aws:iam::111122223333:role/"
	gitlab := signed(t, sys.issuers.gitlab, pipeline, nil)
	sys.isRejected(t, "sts:AssumeRoleWithWebIdentity"+role+"ci/github", bearer(sys.issuers.workflow(t, "repo:acme/app:ref:refs/heads/feature", nil)))
	sys.isRejected(t, "sts:AssumeRoleWithWebIdentity"+role+"ops/deployer", basic("111122223333/ops/deployer", sys.issuers.workflow(t, mainBranch, nil)))
	sys.isRejected(t, "sts:AssumeRole"+role+"ops/auditor", basic("111122223333/ops/auditor", gitlab))
	sys.isRejected(t, "ops/none", basic("111122223333/ops/none", gitlab))
}

// exportedClients push, pull, mount and delete, each as far as the policies allow.
func exportedClients(t *testing.T, sys *system) {
	pushed := image(t, "pushed under exported policies")
	must(t, remote.Write(sys.through(t, "team/app", "v2"), pushed, as("alice")))
	got, err := remote.Image(sys.through(t, "team/app", "v2"), as("bob"))
	must(t, err)
	if digest(t, got) != digest(t, pushed) {
		t.Errorf("pulled %s, want %s", digest(t, got), digest(t, pushed))
	}
	deniedOn(t, remote.Tag(sys.through(t, "frozen/app", "v2"), sys.team, as("alice")), "ecr:PutImage", ours+"frozen/app")
	deniedOn(t, remote.Write(sys.through(t, "team/new", "v1"), pushed, as("alice")), "ecr:CreateRepository", ours+"team/new")

	sys.mountAs(t, "alice", "release/app", layer(t, pushed), "team/app").hasStatus(t, http.StatusCreated)
	sys.mountAs(t, "alice", "release/app", layer(t, sys.secret), "secret/app").hasStatus(t, http.StatusAccepted)
	sys.hasBlob(t, "release/app", layer(t, sys.secret), false)

	target := sys.through(t, "team/app", "v2").Digest(digest(t, pushed))
	deniedOn(t, remote.Delete(target, as("alice")), "ecr:BatchDeleteImage", ours+"team/app")
	must(t, remote.Delete(target, as("mallory")))
	deniedOn(t, remote.Delete(sys.through(t, "release/app", "v1").Digest(digest(t, sys.team)), as("admin")), "ecr:BatchDeleteImage", ours+"release/app")

	out, err := sys.command(t, "dave", "digest", sys.through(t, "shared/app", "v1").String())
	if err != nil || strings.TrimSpace(out) != digest(t, sys.team) {
		t.Errorf("crane printed %q (%v)", out, err)
	}
	out, err = sys.command(t, "dave", "digest", sys.through(t, "secret/app", "v1").String())
	if err == nil || !strings.Contains(out, "403") {
		t.Errorf("crane printed %q (%v)", out, err)
	}
}
