package authz

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity/basic/basictest"
	"extauthz/mapping"
	"extauthz/policystore"
)

// The policies of most tests: alice pushes and pulls team/* and may log in, bob pulls team/* and
// public/*, carol may do everything except log in, and dave's login is explicitly denied. No
// caller may use secret/app.
var directory = map[string]string{
	"registries.yaml": `registries:
- {name: main, hosts: [localhost], account: "123456789012", region: eu-central-1, realm: The realm}
- {name: open, hosts: [open.example.com], account: "123456789012", region: eu-central-1, passAuthorization: true, deleteBlobs: true, tls: true}
`,
	"principals.yaml": `credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/alice"}
- {basic: bob, principal: "arn:aws:iam::123456789012:user/bob"}
- {basic: carol, principal: "arn:aws:iam::123456789012:user/carol"}
- {basic: dave, principal: "arn:aws:iam::123456789012:user/dave"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [push]}
- {arn: "arn:aws:iam::123456789012:user/bob", policies: [pull]}
- {arn: "arn:aws:iam::123456789012:user/carol", policies: [nologin]}
- {arn: "arn:aws:iam::123456789012:user/dave", policies: [pull, denylogin]}
`,
	"managed/push.json": `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},
  {"Effect":"Allow","Action":["ecr:*Layer*","ecr:PutImage","ecr:BatchGetImage","ecr:BatchCheckLayerAvailability"],"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/*"},
  {"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"StringLike":{"oci:Reference":"prod-*"}}},
  {"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}`,
	"managed/pull.json": `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["ecr:GetAuthorizationToken"],"Resource":"*"},
  {"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":["arn:aws:ecr:eu-central-1:123456789012:repository/team/*","arn:aws:ecr:eu-central-1:123456789012:repository/public/*"]}]}`,
	"managed/nologin.json":   `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/*"}}`,
	"managed/denylogin.json": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:GetAuthorizationToken","Resource":"*"}}`,
	"accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr:*"}]}`,
}

func newChecker(t testing.TB) *Checker {
	t.Helper()
	return newCheckerOf(t, directory, "alice", "bob", "carol", "dave")
}

// newCheckerOf returns a checker of a directory, to which it adds passwords of the users.
func newCheckerOf(t testing.TB, directory map[string]string, users ...string) *Checker {
	t.Helper()
	return newCheckerWith(t, decision.Options{CacheSize: 100}, directory, users...)
}

func newCheckerWith(t testing.TB, o decision.Options, directory map[string]string, users ...string) *Checker {
	t.Helper()
	dir := t.TempDir()
	contents := maps.Clone(directory)
	contents["htpasswd"] = basictest.Passwords(t, users...)
	for path, content := range contents {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := policystore.Load(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return &Checker{Snapshots: func() *policystore.Snapshot { return snapshot }}
}

func basic(user string) mapping.Header {
	return mapping.Header{Name: "authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+user+"-secret"))}
}

// from returns a request of a user ("" for none) to the registry "main".
func from(user, method, path string, headers ...mapping.Header) *CheckRequest {
	r := &CheckRequest{
		ID: "id-1", Method: method, Path: path, Host: "localhost:8080", Peer: "192.0.2.1",
		Headers: headers, Extensions: Extensions{Registry: "main"}, Time: time.Unix(1_800_000_000, 0),
	}
	if user != "" {
		r.Headers = append(r.Headers, basic(user))
	}
	return r
}

// toOpen changes the registry of a request to "open".
func toOpen(r *CheckRequest) *CheckRequest {
	r.Extensions, r.Host = Extensions{Registry: "open"}, "open.example.com"
	return r
}

const (
	digest = "sha256:69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd"
	denied = "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: "
)

// TestCheck checks the result of requests of each kind.
func TestCheck(t *testing.T) {
	checker := newChecker(t)
	for _, c := range []struct {
		name     string
		request  *CheckRequest
		decision Outcome
		status   int    // where not allowed
		code     string // the OCI error code
		message  string // part of the error's message
	}{
		{"anonymous", from("", "GET", "/v2/team/app/manifests/v1"), Unauthenticated, 401, "UNAUTHORIZED", "no credential"},
		{"anonymous ping", from("", "GET", "/v2/"), Unauthenticated, 401, "UNAUTHORIZED", "no credential"},
		{"anonymous, and no registry request", from("", "GET", "/metrics"), Unauthenticated, 401, "UNAUTHORIZED", "no credential"},
		{"wrong password", from("", "GET", "/v2/", mapping.Header{Name: "authorization", Value: "Basic Ym9iOndyb25n"}), Unauthenticated, 401, "UNAUTHORIZED", "wrong password"},
		{"two credentials", from("bob", "GET", "/v2/", basic("alice")), Unauthenticated, 401, "UNAUTHORIZED", "repeated"},
		{"ping", from("bob", "GET", "/v2/"), Allowed, 0, "", ""},
		{"ping without the right to log in", from("carol", "GET", "/v2/"), Unauthenticated, 401, "UNAUTHORIZED", "ecr:GetAuthorizationToken"},
		{"ping with login explicitly denied", from("dave", "GET", "/v2/"), Unauthenticated, 401, "UNAUTHORIZED", "explicit deny"},
		{"pull", from("bob", "GET", "/v2/team/app/manifests/v1"), Allowed, 0, "", ""},
		{"pull without the right to log in", from("carol", "GET", "/v2/team/app/manifests/v1"), ImplicitDeny, 403, "DENIED", "ecr:GetAuthorizationToken on resource: * because no identity-based policy allows"},
		{"pull with login explicitly denied", from("dave", "GET", "/v2/team/app/manifests/v1"), ExplicitDeny, 403, "DENIED", "ecr:GetAuthorizationToken on resource: * with an explicit deny in an identity-based policy"},
		{"pull elsewhere", from("bob", "GET", "/v2/other/app/manifests/v1"), ImplicitDeny, 403, "DENIED",
			denied + "ecr:BatchGetImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/other/app because no identity-based policy allows the ecr:BatchGetImage action"},
		{"pull what the repository denies", from("carol", "GET", "/v2/secret/app/manifests/v1"), ImplicitDeny, 403, "DENIED", "GetAuthorizationToken"},
		{"the repository's deny", from("bob", "GET", "/v2/secret/app/manifests/v1"), ExplicitDeny, 403, "DENIED",
			denied + "ecr:BatchGetImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/secret/app with an explicit deny in a resource-based policy"},
		{"push", from("alice", "PUT", "/v2/team/app/manifests/v1"), Allowed, 0, "", ""},
		{"push over TLS, which a policy denies", toOpen(from("alice", "PUT", "/v2/team/app/manifests/v1")), ExplicitDeny, 403, "DENIED", "explicit deny in an identity-based policy"},
		{"push by digest", from("alice", "PUT", "/v2/team/app/manifests/"+digest), Allowed, 0, "", ""},
		{"push of a tag that a policy denies", from("alice", "PUT", "/v2/team/app/manifests/prod-1"), ExplicitDeny, 403, "DENIED", "ecr:PutImage"},
		{"push of several tags", from("alice", "PUT", "/v2/team/app/manifests/"+digest+"?tag=a&tag=b"), Allowed, 0, "", ""},
		{"push of several tags, one denied", from("alice", "PUT", "/v2/team/app/manifests/"+digest+"?tag=a&tag=prod-1"), ExplicitDeny, 403, "DENIED", "ecr:PutImage"},
		{"push without rights", from("bob", "PUT", "/v2/team/app/manifests/v1"), ImplicitDeny, 403, "DENIED", "ecr:PutImage"},
		{"all of several permissions", from("alice", "POST", "/v2/team/app/blobs/uploads/?digest="+digest), Allowed, 0, "", ""},
		{"one of several is missing", from("bob", "POST", "/v2/team/app/blobs/uploads/?digest="+digest), ImplicitDeny, 403, "DENIED", "ecr:InitiateLayerUpload"},
		{"HEAD blob by the right to read it", from("bob", "HEAD", "/v2/team/app/blobs/"+digest), Allowed, 0, "", ""},
		{"HEAD blob elsewhere", from("bob", "HEAD", "/v2/other/app/blobs/"+digest), ImplicitDeny, 403, "DENIED", "ecr:BatchCheckLayerAvailability"},
		{"HEAD blob with an explicit deny", from("bob", "HEAD", "/v2/secret/app/blobs/"+digest), ExplicitDeny, 403, "DENIED", "ecr:BatchCheckLayerAvailability"},
		{"delete a blob", from("alice", "DELETE", "/v2/team/app/blobs/"+digest), Refused, 405, "UNSUPPORTED", ""},
		{"delete a blob where the registry can", toOpen(from("alice", "DELETE", "/v2/team/app/blobs/"+digest)), ImplicitDeny, 403, "DENIED", "ecr:BatchDeleteImage"},
		{"hostile path", from("alice", "GET", "/v2/team%2fapp/manifests/v1"), Refused, 400, "NAME_INVALID", ""},
		{"endless User-Agent", from("alice", "GET", "/v2/", mapping.Header{Name: "user-agent", Value: strings.Repeat("a", maxHeader+1)}), Refused, 431, "UNSUPPORTED", "user-agent is longer"},
		{"not the registry's host", func() *CheckRequest { r := from("bob", "GET", "/v2/"); r.Host = "open.example.com"; return r }(), Refused, 421, "DENIED", "not a registry"},
		{"not the registry's host, and no ping", func() *CheckRequest { r := from("", "HEAD", "/v2/team/app/manifests/v1"); r.Host = "x"; return r }(), Refused, 421, "DENIED", "not a registry"},
		{"no registry named", func() *CheckRequest { r := from("bob", "GET", "/v2/"); r.Extensions = Extensions{}; return r }(), Refused, 421, "DENIED", "not a registry"},
		{"zero request", &CheckRequest{}, Refused, 421, "DENIED", "not a registry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time from the cache
				result := checker.Check(context.Background(), c.request)
				checkResult(t, result, c.decision, c.status, c.code, c.message)
			}
		})
	}
}

func checkResult(t *testing.T, r *Result, decision Outcome, status int, code, message string) {
	t.Helper()
	if r.Decision != decision || r.Answer.Status != status || r.Answer.Allowed != (decision == Allowed) {
		t.Fatalf("%s, status %d, allowed %t (%s); want %s, %d", r.Decision, r.Answer.Status, r.Answer.Allowed, r.Reason, decision, status)
	}
	if decision == Allowed {
		return
	}
	var body errorBody
	if err := json.Unmarshal(r.Answer.Body, &body); err != nil || len(body.Errors) != 1 {
		t.Fatalf("body %s: %v", r.Answer.Body, err)
	}
	if e := body.Errors[0]; e.Code != code || !strings.Contains(e.Message, message) {
		t.Errorf("error %+v, want %s %q", e, code, message)
	}
	if strings.Contains(string(r.Answer.Body)+r.Reason, "-secret") {
		t.Error("the answer contains a password")
	}
	if got := header(r, "content-type"); got != "application/json" {
		t.Errorf("content-type %q", got)
	}
	if got := header(r, "www-authenticate"); (got == `Basic realm="The realm", charset="UTF-8"`) != (status == 401) {
		t.Errorf("challenge %q with status %d", got, status)
	}
	if header(r, ReasonHeader) == "" {
		t.Error("no reason in a header")
	}
}

func header(r *Result, name string) string {
	for _, h := range r.Answer.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// TestCheckRemoves checks which headers and parameters an allowed request loses.
func TestCheckRemoves(t *testing.T) {
	checker := newChecker(t)
	const upload = "/v2/team/app/blobs/uploads/"
	for _, c := range []struct {
		name                 string
		request              *CheckRequest
		parameters           []string
		authorizationRemoved bool
	}{
		{"nothing but the credential", from("bob", "GET", "/v2/team/app/manifests/v1"), nil, true},
		{"not even that", toOpen(from("bob", "GET", "/v2/team/app/manifests/v1")), nil, false},
		{"mount whose source may be read", from("alice", "POST", upload+"?mount="+digest+"&from=team/other"), nil, true},
		{"mount whose source may not be read", from("alice", "POST", upload+"?mount="+digest+"&from=secret/app"), []string{"mount", "from"}, true},
		{"mount from anywhere", from("alice", "POST", upload+"?mount="+digest), []string{"mount"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checker.Check(context.Background(), c.request)
			if r.Decision != Allowed {
				t.Fatalf("%s: %s", r.Decision, r.Reason)
			}
			if !slices.Equal(r.Answer.RemoveQueryParameters, c.parameters) {
				t.Errorf("parameters %q, want %q", r.Answer.RemoveQueryParameters, c.parameters)
			}
			if got := slices.Contains(r.Answer.RemoveHeaders, "authorization"); got != c.authorizationRemoved {
				t.Errorf("authorization removed %t, want %t", got, c.authorizationRemoved)
			}
			for _, name := range mapping.RemoveHeaders() {
				if !slices.Contains(r.Answer.RemoveHeaders, name) {
					t.Errorf("%s is not removed", name)
				}
			}
		})
	}
}

// TestCheckRemovesPresentHeaders checks that an allowed request loses only headers that it
// has, and all of those, if Envoy shows all headers.
func TestCheckRemovesPresentHeaders(t *testing.T) {
	checker := newChecker(t)
	for _, c := range []struct {
		name    string
		headers []string
		want    []string
	}{
		{"the credential", nil, []string{"authorization"}},
		{"headers of other names", []string{"accept", "x-forwarded", "x-forwarded-hosts"}, []string{"authorization"}},
		{"a header", []string{"x-real-ip"}, []string{"x-real-ip", "authorization"}},
		{"a header in upper case", []string{"X-Real-IP"}, []string{"x-real-ip", "authorization"}},
		{"a header that is repeated", []string{"forwarded", "forwarded"}, []string{"forwarded", "authorization"}},
		{"all headers", mapping.RemoveHeaders(), append(mapping.RemoveHeaders(), "authorization")},
	} {
		for _, path := range []string{"/v2/", "/v2/team/app/manifests/v1"} {
			r := from("bob", "GET", path)
			r.Extensions.AllHeaders = true
			for _, name := range c.headers {
				r.Headers = append(r.Headers, mapping.Header{Name: name, Value: "a"})
			}
			got := checker.Check(context.Background(), r)
			if got.Decision != Allowed || !slices.Equal(got.Answer.RemoveHeaders, c.want) {
				t.Errorf("%s: %s, loses %q, want %q", c.name, got.Decision, got.Answer.RemoveHeaders, c.want)
			}
		}
	}
	open := toOpen(from("bob", "GET", "/v2/team/app/manifests/v1"))
	open.Extensions.AllHeaders = true
	if got := checker.Check(context.Background(), open); got.Decision != Allowed || len(got.Answer.RemoveHeaders) > 0 {
		t.Errorf("a registry that needs the credential: %s, loses %q", got.Decision, got.Answer.RemoveHeaders)
	}
}

// checkOffline returns the result of Check with everything that explains it.
func checkOffline(c *Checker, r *CheckRequest) *OfflineResult {
	return checkOfflineWithin(context.Background(), c, r)
}

func checkOfflineWithin(ctx context.Context, c *Checker, r *CheckRequest) *OfflineResult {
	k := c.newOfflineCheck(r)
	k.run(ctx)
	return k.offlineResult()
}

// TestCheckExplains checks that a result contains the reasons for each decision.
func TestCheckExplains(t *testing.T) {
	r := checkOffline(newChecker(t), from("bob", "GET", "/v2/secret/app/manifests/v1"))
	why := r.Explain()
	if len(why) != len(r.Evaluations) || len(why) != 2 {
		t.Fatalf("%d explanations of %d permissions, want 2", len(why), len(r.Evaluations))
	}
	last := why[len(why)-1]
	if len(last.Matched) != 1 || !strings.HasSuffix(last.Matched[0].Policy.Source.String(), "secret/app/_policy.json") || last.Matched[0].Statement.Start.Line != 1 {
		t.Errorf("matched %+v", last.Matched)
	}
	if r.Principal != "arn:aws:iam::123456789012:user/bob" || r.Source != "basic" || r.Registry != "main" || r.Operation != "GetManifest" ||
		r.Repository != "secret/app" || r.Reference != "v1" || r.Action() != "ecr:BatchGetImage" || !strings.HasPrefix(r.Digest, "sha256:") {
		t.Errorf("result %+v", r)
	}
}

// TestReasons checks that a result contains the reasons for its decisions. A checker may omit
// those of an allowed request.
func TestReasons(t *testing.T) {
	for _, omit := range []bool{false, true} {
		checker := newChecker(t)
		checker.OmitReasons = omit
		for path, want := range map[string]Outcome{"/v2/team/app/manifests/v1": Allowed, "/v2/secret/app/manifests/v1": ExplicitDeny, "/v2/": Allowed} {
			for range 2 { // the second decision is cached
				r := checker.Check(context.Background(), from("bob", "GET", path))
				if r.Decision != want {
					t.Fatalf("%s: %s, %s", path, r.Decision, r.Reason)
				}
				why := checkOffline(checker, from("bob", "GET", path)).Explain()
				for i := range r.Evaluations {
					e := &r.Evaluations[i]
					switch {
					case omit && want == Allowed:
						if e.Reason != nil {
							t.Errorf("%s: the reason for %s is not omitted", path, e.Action)
						}
					case e.Reason == nil || e.Reason.Decision != e.Decision || !slices.Equal(e.Matched(), why[i].Matched) || len(e.Matched()) == 0:
						t.Errorf("omit %t, %s: %s has the reason %+v, want the statements %+v", omit, path, e.Action, e.Reason, why[i].Matched)
					}
				}
			}
		}
	}
}

// TestCheckBeforeTheFirstSnapshot checks that a request without policies gets 503.
func TestCheckBeforeTheFirstSnapshot(t *testing.T) {
	c := &Checker{Snapshots: func() *policystore.Snapshot { return nil }}
	r := c.Check(context.Background(), from("alice", "GET", "/v2/"))
	checkResult(t, r, Unavailable503, 503, "UNAVAILABLE", "no policies are loaded yet")
	if header(r, "retry-after") == "" || r.RequestID != "id-1" || r.Method != "GET" || r.Client != "192.0.2.1" || r.Time.IsZero() {
		t.Errorf("no Retry-After, or the result lacks the request: %+v", r)
	}
}

// TestCheckAfterTheDeadline checks that a request after its deadline gets 503.
func TestCheckAfterTheDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	checker := newChecker(t)
	if r := checker.Check(ctx, from("bob", "GET", "/v2/")); r.Decision != Allowed {
		t.Fatal(r.Reason)
	}
	cancel()
	for user, message := range map[string]string{"bob": "deadline", "alice": "the credential cannot be checked"} { // a remembered password, and one still to check
		r := checker.Check(ctx, from(user, "GET", "/v2/"))
		checkResult(t, r, Unavailable503, 503, "UNAVAILABLE", message)
		if !strings.Contains(r.Reason, "deadline") {
			t.Errorf("%s: the log has %q", user, r.Reason)
		}
	}
}

// TestCheckSurvivesAPanic checks that a panic refuses the request.
func TestCheckSurvivesAPanic(t *testing.T) {
	c := &Checker{Snapshots: func() *policystore.Snapshot { panic("no concern of the client") }}
	r := c.Check(context.Background(), from("alice", "GET", "/v2/"))
	checkResult(t, r, Unavailable503, 503, "UNAVAILABLE", "internal fault")
	if strings.Contains(string(r.Answer.Body), "concern") || !strings.Contains(r.Reason, "concern") {
		t.Errorf("the client receives %s, the log has %q", r.Answer.Body, r.Reason)
	}
}

// TestResultContainsNoSecret checks that a result, which a log may retain, contains no header
// and, for a refused request, no part of the path.
func TestResultContainsNoSecret(t *testing.T) {
	checker := newChecker(t)
	for _, path := range []string{"/v2/team/app/manifests/v1", "/v2/alice:s3cret@team/app/manifests/v1", "/s3cret", `/v2/"s3cret/manifests/v1`, "/v2/team/app/blobs/uploads/?from=s3cret&mount=" + digest, "/v2/team/app/tags/list?access_token=s3cret"} {
		r := from("alice", "GET", path, mapping.Header{Name: "content-type", Value: "multipart/form-data; boundary=s3cret"})
		if strings.Contains(path, "uploads") {
			r.Method = "POST"
		}
		result := checker.Check(context.Background(), r)
		result.Answer = Answer{} // only the client receives its own text
		if text := fmt.Sprintf("%+v", *result); strings.Contains(text, "s3cret") || strings.Contains(text, basic("alice").Value) {
			t.Errorf("%s: the result contains %s", path, text)
		}
	}
}

// TestZeroValuesRefuse checks that the zero values of a result do not allow.
func TestZeroValuesRefuse(t *testing.T) {
	if (Answer{}).Allowed || (Result{}).Decision != Refused || Outcome(99).String() != "refused" {
		t.Error("a zero value allows")
	}
}

// TestImageContext checks policies about oci:Reference and oci:ReferenceType.
func TestImageContext(t *testing.T) {
	base := make(iam.Context, 1, 10)
	base[0] = iam.ContextEntry{Key: "aws:SourceIp", Value: "192.0.2.1"}
	for _, c := range []struct {
		name    string
		mapping mapping.Mapping
		want    []string // reference and type, "" for none
	}{
		{"tag", mapping.Mapping{Operation: mapping.GetManifest, Reference: "v1"}, []string{"v1 tag"}},
		{"digest", mapping.Mapping{Operation: mapping.HeadManifest, Reference: digest}, []string{digest + " digest"}},
		{"referrers", mapping.Mapping{Operation: mapping.ListReferrers, Reference: digest}, []string{digest + " digest"}},
		{"digest and tags", mapping.Mapping{Operation: mapping.PutManifest, Reference: digest, Tags: []string{"a", "b"}}, []string{digest + " digest", "a tag", "b tag"}},
		{"blob", mapping.Mapping{Operation: mapping.GetBlob, Reference: digest}, []string{" "}},
		{"upload", mapping.Mapping{Operation: mapping.UploadChunk, Reference: "id"}, []string{" "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for i := range 1 + len(c.mapping.Tags) {
				context := imageContext(base, &c.mapping, i)
				reference, _ := context.Lookup(iam.KeyReference)
				kind, _ := context.Lookup(iam.KeyReferenceType)
				ip, _ := context.Lookup("aws:SourceIp")
				got = append(got, reference.Value+" "+kind.Value)
				if ip.Value != "192.0.2.1" {
					t.Errorf("the request's own keys are lost: %v", context)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	checker := newChecker(b)
	r := from("bob", "GET", "/v2/team/app/manifests/v1")
	b.ReportAllocs()
	for b.Loop() {
		if checker.Check(context.Background(), r).Decision != Allowed {
			b.Fatal("denied")
		}
	}
}

func BenchmarkCheckDenied(b *testing.B) {
	checker := newChecker(b)
	r := from("bob", "GET", "/v2/secret/app/manifests/v1")
	b.ReportAllocs()
	for b.Loop() {
		if checker.Check(context.Background(), r).Decision != ExplicitDeny {
			b.Fatal("not denied")
		}
	}
}
