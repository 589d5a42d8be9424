package authz

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"extauthz/mapping"
)

// permissionsOf returns a detail with permissions, each written as "action resource decision".
func permissionsOf(detail string, permissions ...string) string {
	var list []string
	for _, text := range permissions {
		optional := ""
		if rest, found := strings.CutSuffix(text, " optional"); found {
			text, optional = rest, `,"optional":true`
		}
		words := strings.Fields(text)
		resource := ""
		if len(words) == 3 {
			resource = `"resource":"` + words[1] + `",`
		}
		list = append(list, `{"action":"`+words[0]+`",`+resource+`"decision":"`+words[len(words)-1]+`"`+optional+`}`)
	}
	return `{` + strings.Trim(detail+`,"permissions":[`+strings.Join(list, ",")+`]`, ",") + `}`
}

// TestDryRun checks the answers to dry runs, by registry and caller.
func TestDryRun(t *testing.T) {
	checker := newDenials(t)
	const (
		would, token, refused = "Request would have succeeded, but DryRun flag is set.", "ecr:GetAuthorizationToken", "requested access to the resource is denied"
		mount                 = "/dry-run/v2/team/app/blobs/uploads/?mount=" + digest + "&from=secret/app"
		app                   = central + "team/app"
	)
	push := sentence("reader", "ecr:PutImage", app, " because no identity-based policy allows the ecr:PutImage action")
	pushDetail := `"action":"ecr:PutImage","resource":"` + app + `","decision":"implicitDeny"`
	for _, c := range []struct {
		name     string
		request  *CheckRequest
		decision Outcome
		status   int
		code     string
		message  string
		detail   string
	}{
		{"allowed", at("full", "writer", "PUT", "/dry-run/v2/team/app/manifests/v1"), Allowed, 412, "DryRunOperation", would,
			permissionsOf("", token+" * allowed", "ecr:PutImage "+app+" allowed")},
		{"denied", at("full", "reader", "PUT", "/dry-run/v2/team/app/manifests/v1"), ImplicitDeny, 403, "UnauthorizedOperation", push,
			permissionsOf(pushDetail, token+" * allowed", "ecr:PutImage "+app+" implicitDeny")},
		{"denied by the first permission", at("full", "locked", "GET", "/dry-run/v2/team/app/manifests/v1"), ImplicitDeny, 403, "UnauthorizedOperation",
			sentence("locked", token, "*", " because no identity-based policy allows the "+token+" action"),
			permissionsOf(`"action":"`+token+`","resource":"*","decision":"implicitDeny"`, token+" * implicitDeny", "ecr:BatchGetImage "+app+" allowed")},
		{"denied explicitly", at("full", "reader", "GET", "/dry-run/v2/secret/app/manifests/v1"), ExplicitDeny, 403, "UnauthorizedOperation",
			sentence("reader", "ecr:BatchGetImage", central+"secret/app", " with an explicit deny in a resource-based policy"),
			permissionsOf(`"action":"ecr:BatchGetImage","resource":"`+central+`secret/app","decision":"explicitDeny"`,
				token+" * allowed", "ecr:BatchGetImage "+central+"secret/app explicitDeny")},
		{"a mount that would become an upload", at("full", "writer", "POST", mount), Allowed, 412, "DryRunOperation", would,
			permissionsOf("", token+" * allowed", "ecr:InitiateLayerUpload "+app+" allowed", "ecr:GetDownloadUrlForLayer "+central+"secret/app explicitDeny optional")},
		{"several tags", at("full", "writer", "PUT", "/dry-run/v2/team/app/manifests/v1?tag=v2&tag=v3"), Allowed, 412, "DryRunOperation", would,
			permissionsOf("", token+" * allowed", "ecr:PutImage "+app+" allowed")},
		{"the login", at("full", "writer", "GET", "/dry-run/v2/"), Allowed, 412, "DryRunOperation", would, permissionsOf("", token+" * allowed")},
		{"the login, denied", at("full", "locked", "GET", "/dry-run/v2/"), Unauthenticated, 403, "UnauthorizedOperation",
			sentence("locked", token, "*", " because no identity-based policy allows the "+token+" action"),
			permissionsOf(`"action":"`+token+`","resource":"*","decision":"implicitDeny"`, token+" * implicitDeny")},
		{"no credential", at("full", "", "PUT", "/dry-run/v2/team/app/manifests/v1"), Unauthenticated, 401, "UNAUTHORIZED",
			"authentication required: the request carries no credential", "{}"},
		{"a path that is refused", at("full", "writer", "PUT", "/dry-run/v2/team/../app/manifests/v1"), Refused, 400, "NAME_INVALID", `"team/../app" is not a valid repository name`, "{}"},

		{"the action only, allowed", at("action", "writer", "PUT", "/dry-run/v2/team/app/manifests/v1"), Allowed, 412, "DryRunOperation", would,
			permissionsOf("", token+" allowed", "ecr:PutImage allowed")},
		{"the action only, denied", at("action", "reader", "PUT", "/dry-run/v2/team/app/manifests/v1"), ImplicitDeny, 403, "UnauthorizedOperation",
			"not authorized to perform: ecr:PutImage", permissionsOf(`"action":"ecr:PutImage"`, token+" allowed", "ecr:PutImage denied")},
		{"no detail, allowed", at("none", "writer", "PUT", "/dry-run/v2/team/app/manifests/v1"), Allowed, 412, "DryRunOperation", would, "{}"},
		{"no detail, denied", at("none", "reader", "PUT", "/dry-run/v2/team/app/manifests/v1"), ImplicitDeny, 403, "UnauthorizedOperation", refused, "{}"},

		{"hidden", at("hidden", "writer", "GET", "/dry-run/v2/other/manifests/v1"), ImplicitDeny, 404, "NAME_UNKNOWN", "repository name not known to registry", `{"name":"other"}`},
		{"hidden, may read and not push", at("hidden", "reader", "PUT", "/dry-run/v2/team/app/manifests/v1"), ImplicitDeny, 403, "UnauthorizedOperation", push,
			permissionsOf(pushDetail, token+" * allowed", "ecr:PutImage "+app+" implicitDeny")},
		{"hidden, the source of a mount", at("hidden", "writer", "POST", mount), Allowed, 412, "DryRunOperation", would,
			permissionsOf("", token+" * allowed", "ecr:InitiateLayerUpload "+app+" allowed")},

		{"a missing repository", at("listed", "writer", "PUT", "/dry-run/v2/team/new/manifests/v1"), ImplicitDeny, 403, "UnauthorizedOperation",
			sentence("writer", "ecr:CreateRepository", west+"team/new", " because no identity-based policy allows the ecr:CreateRepository action"),
			permissionsOf(`"action":"ecr:CreateRepository","resource":"`+west+`team/new","decision":"implicitDeny"`,
				token+" * allowed", "ecr:PutImage "+west+"team/new allowed", "ecr:CreateRepository "+west+"team/new implicitDeny")},
		{"permissions after the first that is denied", at("listed", "reader", "PUT", "/dry-run/v2/team/new/manifests/v1"), ImplicitDeny, 403, "UnauthorizedOperation",
			sentence("reader", "ecr:PutImage", west+"team/new", " because no identity-based policy allows the ecr:PutImage action"),
			permissionsOf(`"action":"ecr:PutImage","resource":"`+west+`team/new","decision":"implicitDeny"`,
				token+" * allowed", "ecr:PutImage "+west+"team/new implicitDeny", "ecr:CreateRepository "+west+"team/new implicitDeny")},
		{"anonymous, the login", at("veiled", "", "GET", "/dry-run/v2/"), Allowed, 412, "DryRunOperation", would, "{}"},
		{"anonymous, denied", at("veiled", "", "GET", "/dry-run/v2/team/new/manifests/v1"), ImplicitDeny, 401, "UNAUTHORIZED", "authentication required", "{}"},

		{"not configured", at("untried", "writer", "PUT", "/dry-run/v2/team/app/manifests/v1"), Refused, 404, "UNSUPPORTED", `"/dry-run/v2/team/app/manifests/v1" is not an endpoint of a registry`, "{}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checker.Check(context.Background(), c.request)
			if r.Decision != c.decision || r.DryRun != (r.Registry != "untried") {
				t.Errorf("decision %s, dry run %t (%s); want %s", r.Decision, r.DryRun, r.Reason, c.decision)
			}
			checkDenial(t, r, c.status, c.code, c.message, c.detail)
		})
	}
}

// tried are paths of requests of each kind, and some that are refused.
var tried = []string{
	"/v2/", "/v2", "/v2/_catalog", "/v2/team/app/manifests/v1", "/v2/team/app/manifests/rc-1", "/v2/other/manifests/v1", "/v2/secret/app/manifests/v1",
	"/v2/team/app/blobs/" + digest, "/v2/team/app/blobs/uploads/", "/v2/team/app/blobs/uploads/1", "/v2/team/app/blobs/uploads/1?digest=" + digest,
	"/v2/team/app/blobs/uploads/?mount=" + digest + "&from=secret/app", "/v2/team/app/manifests/v1?tag=a&tag=rc-2", "/v2/team/app/tags/list",
	"/v2/team/app/referrers/" + digest, "/v2/hub/alpine/manifests/3", "/v2/../x", "/v2//team/app/manifests/v1", "/v2/team/app/manifests/v1?x;", "/v2/%74eam/app/manifests/v1", "",
}

// TestDryRunDecidesAsTheRequest compares dry runs with the requests that they try, of every caller
// and registry: the decision, the reason and the evaluations are the same, and only the answer to a
// request that is allowed, or denied with 403, differs. Nothing is allowed.
func TestDryRunDecidesAsTheRequest(t *testing.T) {
	checker, outcomes := newDenials(t), map[Outcome]int{}
	for _, registry := range []string{"full", "action", "none", "hidden", "mute", "once", "quiet", "fresh", "listed", "veiled"} {
		for _, user := range []string{"", "writer", "reader", "stranger", "locked", "viewer", "creator"} {
			for _, method := range []string{"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"} {
				for _, path := range tried {
					real := checker.Check(context.Background(), at(registry, user, method, path))
					dry := checker.Check(context.Background(), at(registry, user, method, "/dry-run"+path))
					if path == "" {
						checkNotDryRun(t, dry)
						continue
					}
					checkDryRun(t, dry, real)
					outcomes[real.Decision]++
				}
			}
		}
	}
	for _, o := range []Outcome{Refused, Unauthenticated, ImplicitDeny, ExplicitDeny, Allowed} {
		if outcomes[o] < 50 {
			t.Errorf("%d requests are %s, want at least 50", outcomes[o], o)
		}
	}
}

// checkNotDryRun checks that a result neither allows nor is a dry run.
func checkNotDryRun(t *testing.T, r *Result) {
	t.Helper()
	if r.Answer.Allowed || r.Decision == Allowed || r.DryRun {
		t.Errorf("%s, allowed %t, dry run %t", r.Decision, r.Answer.Allowed, r.DryRun)
	}
}

// checkDryRun compares the result of a dry run with that of the request.
func checkDryRun(t *testing.T, dry, real *Result) {
	t.Helper()
	if !dry.DryRun || dry.Answer.Allowed || real.DryRun {
		t.Errorf("dry run %t, allowed %t; the request is a dry run: %t", dry.DryRun, dry.Answer.Allowed, real.DryRun)
	}
	status, a, b := real.Answer.Status, withoutID(dry), withoutID(real)
	switch {
	case real.Answer.Allowed:
		status = 412
	case real.Decision == Unauthenticated && real.Principal != "" && len(real.Evaluations) > 0: // may not log in
		status = 403
	case real.Answer.Status != 403 || real.Decision == Refused:
		if !bytes.Equal(a.Answer.Body, b.Answer.Body) {
			t.Errorf("the answer to the dry run is %s, and that to the request %s", a.Answer.Body, b.Answer.Body)
		}
	}
	if dry.Answer.Status != status {
		t.Errorf("the dry run is answered with %d %s, and the request with %d %s", dry.Answer.Status, dry.Answer.Body, real.Answer.Status, real.Answer.Body)
	}
	a.DryRun, a.Answer, b.Answer = false, Answer{}, Answer{}
	for _, r := range []*Result{&a, &b} {
		for i := range r.Evaluations {
			r.Evaluations[i].Reason = nil
		}
	}
	if !sameResult(&a, &b) {
		t.Errorf("the dry run results in %+v\nand the request in %+v", a, b)
	}
}

// FuzzDryRun checks that no path that begins with the prefix, in any spelling, and no path that
// does not begin with /v2 is ever allowed, and that a dry run has the decision of the request.
func FuzzDryRun(f *testing.F) {
	for _, path := range []string{
		"/dry-run/v2/team/app/manifests/v1", "/dry-run//v2/team/app/manifests/v1", "//dry-run/v2/", "/dry-run/dry-run/v2/", "/dry%2drun/v2/", "/dry%2Drun/v2/", "/DRY-RUN/v2/",
		"/dry-run/../v2/", "/dry-run/./v2/", "/v2/../dry-run/v2/", "http://h/dry-run/v2/", "/dry-run?/v2/", "/dry-run;/v2/", "/dry-run#/v2/", "/dry-run\\v2/", "/dry-run/%76%32/",
		"/dry-run", "/dry-run/", "/dry-runv2/", "/dry-run/v2?x=/v2/", "/x/dry-run/v2/", "*", "", "/dry-run/V2/", "/dry-run /v2/", "/dry-run\x00/v2/", "/dry-run/v2/team/app/blobs/uploads/?mount=x&from=team/app",
	} {
		f.Add("GET", path, "")
		f.Add("PUT", path, "x-original-url: /v2/team/app/manifests/v1")
	}
	checker := newDenials(f)
	f.Fuzz(func(t *testing.T, method, path, header string) {
		name, value, _ := strings.Cut(header, ": ")
		check := func(registry, path string) *Result {
			r := at(registry, "creator", method, path)
			r.Headers = append(r.Headers, mapping.Header{Name: name, Value: value})
			return checker.Check(context.Background(), r)
		}
		for _, registry := range []string{"full", "untried"} {
			r := check(registry, path)
			if r.Answer.Allowed && (!strings.HasPrefix(path, "/v2") || r.DryRun) {
				t.Errorf("%q is allowed", path)
			}
			sendable(t, &r.Answer)
		}
		switch dry := check("full", "/dry-run"+path); {
		case !strings.HasPrefix(path, "/"):
			checkNotDryRun(t, dry)
		case strings.HasPrefix(path, "/dry-run/"):
			if dry.Decision == Allowed {
				t.Errorf("the dry run of a dry run of %q is allowed", path)
			}
		default:
			checkDryRun(t, dry, check("full", path))
		}
	})
}

// TestDryRunHasReasons checks that the result of a dry run contains the reasons for the log, also
// if the checker omits them for requests that are allowed.
func TestDryRunHasReasons(t *testing.T) {
	checker := newDenials(t)
	checker.OmitReasons = true
	r := checker.Check(context.Background(), at("full", "writer", "GET", "/dry-run/v2/team/app/manifests/v1"))
	if len(r.Evaluations) != 2 || len(r.Evaluations[0].Matched()) == 0 || len(r.Evaluations[1].Matched()) == 0 {
		t.Errorf("evaluations %+v", r.Evaluations)
	}
}

// TestDryRunOffline checks that an offline check of a dry run has the same answer.
func TestDryRunOffline(t *testing.T) {
	checker := newDenials(t)
	caller, err := checker.Snapshots().CallerNamed("arn:aws:iam::123456789012:user/writer")
	if err != nil {
		t.Fatal(err)
	}
	got := checker.CheckAs(caller, at("full", "", "PUT", "/dry-run/v2/team/app/manifests/v1"))
	want := checker.Check(context.Background(), at("full", "writer", "PUT", "/dry-run/v2/team/app/manifests/v1"))
	if !got.DryRun || got.Answer.Status != 412 || !bytes.Equal(withoutID(got.Result).Answer.Body, withoutID(want).Answer.Body) || len(got.Requests) != len(got.Evaluations) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
