package authz

import (
	"context"
	"maps"
	"strings"
	"testing"
)

// hiding returns a checker of the directory of the denials with two registries that serve
// anonymous callers and hide existence from them. Every caller may read open/app. No policy
// mentions closed/app, which exists. The policy of secret/app denies everything. The inventory
// does not contain absent/app.
func hiding(t *testing.T) *Checker {
	t.Helper()
	contents := maps.Clone(denials)
	contents["registries.yaml"] = `registries:
- {name: basic, hosts: [h], account: "123456789012", region: eu-north-1, anonymous: true, hideExistence: true, pullThrough: [hub]}
- {name: bearer, hosts: [h], account: "123456789012", region: eu-north-1, anonymous: true, hideExistence: true, pullThrough: [hub], challenge: bearer, tokenRealm: "https://t/"}
`
	const north = "accounts/123456789012/eu-north-1/"
	contents[north+"repositories/open/app/_policy.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}}`
	contents[north+"repositories/secret/app/_policy.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:*"}}`
	var listed []string
	for _, name := range []string{"open/app", "closed/app", "secret/app", "hub/closed", "hub/secret"} {
		listed = append(listed, `{"repositoryName":"`+name+`","registryId":"123456789012","repositoryArn":"arn:aws:ecr:eu-north-1:123456789012:repository/`+name+`"}`)
	}
	contents[north+"repositories.json"] = `{"repositories":[` + strings.Join(listed, ",") + `]}`
	for name := range contents {
		if strings.HasPrefix(name, "accounts/") && !strings.HasPrefix(name, north) {
			delete(contents, name)
		}
	}
	return newCheckerOf(t, contents, "writer", "reader", "stranger", "locked", "viewer", "creator")
}

// TestHiddenFromAnonymous checks that the answers to an anonymous caller differ only in the name of
// the repository, whether it exists, is missing, or has a policy that denies everything.
func TestHiddenFromAnonymous(t *testing.T) {
	checker := hiding(t)
	for _, registry := range []string{"basic", "bearer"} {
		for _, c := range []struct{ name, method, path string }{
			{"pull", "GET", "/v2/NAME/manifests/v1"},
			{"manifest exists", "HEAD", "/v2/NAME/manifests/v1"},
			{"layer", "GET", "/v2/NAME/blobs/" + digest},
			{"layer exists", "HEAD", "/v2/NAME/blobs/" + digest},
			{"tags", "GET", "/v2/NAME/tags/list"},
			{"push", "PUT", "/v2/NAME/manifests/v1"},
			{"upload", "POST", "/v2/NAME/blobs/uploads/"},
			{"mount", "POST", "/v2/NAME/blobs/uploads/?mount=" + digest + "&from=open/app"},
			{"mount from it", "POST", "/v2/other/app/blobs/uploads/?mount=" + digest + "&from=NAME"},
			{"delete", "DELETE", "/v2/NAME/manifests/v1"},
		} {
			t.Run(registry+", "+c.name, func(t *testing.T) {
				want := ""
				for _, name := range []string{"closed/app", "secret/app", "absent/app", "hub/closed", "hub/absent"} {
					r := checker.Check(context.Background(), at(registry, "", c.method, strings.ReplaceAll(c.path, "NAME", name)))
					got := strings.ReplaceAll(textOf(r), name, "NAME")
					if r.Answer.Status != 401 || !strings.Contains(got, `"authentication required"`) {
						t.Fatalf("%s: %d %s (%s)", name, r.Answer.Status, got, r.Reason)
					}
					if want == "" {
						want = got
					}
					if got != want {
						t.Errorf("the answer to %s differs:\n%s\n%s", name, got, want)
					}
					if !strings.Contains(r.Reason, "not authorized to perform") {
						t.Errorf("%s: the log has %q", name, r.Reason)
					}
				}
			})
		}
	}
}

// TestNotHiddenFromAnonymous checks that an anonymous caller that may read a repository gets the
// reason why it may not write to it.
func TestNotHiddenFromAnonymous(t *testing.T) {
	checker := hiding(t)
	if r := checker.Check(context.Background(), at("basic", "", "GET", "/v2/open/app/manifests/v1")); r.Decision != Allowed {
		t.Errorf("%s (%s)", r.Decision, r.Reason)
	}
	r := checker.Check(context.Background(), at("basic", "", "PUT", "/v2/open/app/manifests/v1"))
	checkDenial(t, r, 401, "UNAUTHORIZED", "authentication required: User: anonymous is not authorized to perform: ecr:PutImage on resource: "+
		"arn:aws:ecr:eu-north-1:123456789012:repository/open/app because no resource-based policy allows the ecr:PutImage action", "")
}

// textOf returns an answer as text, without the ID of the decision.
func textOf(r *Result) string {
	text := string(r.Answer.Body)
	for _, h := range r.Answer.Headers {
		text += "\n" + h.Name + ": " + h.Value
	}
	return strings.ReplaceAll(text, r.ID, "ID")
}
