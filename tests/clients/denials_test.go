package clients

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// isDeniedPull checks that the client prints the reason and pulls nothing.
func isDeniedPull(t *testing.T, v *trial, part stack.Part) {
	s := v.session(t, part, "alice")
	image := v.image("secret/" + v.name)
	v.isDenied(s, deniedPull, image, image)
	if s.has(secretText) {
		t.Error("the secret was pulled")
	}
}

// isDeniedPush checks that the client prints the reason and pushes nothing.
func isDeniedPush(t *testing.T, v *trial, part stack.Part) {
	image := v.target(t, "denied", part)
	v.isDenied(v.session(t, part, "bob"), deniedPush, image, image)
	if v.signs && v.holds(t, v.leaves(t, image)) {
		t.Error("the registry has a signature")
	}
	if !v.signs {
		v.hasNothing(t, image)
	}
}

// isDeniedCopy checks that the client prints the reason and copies nothing.
func isDeniedCopy(t *testing.T, v *trial, part stack.Part) {
	image := v.own("denied-copy", part)
	v.isDenied(v.session(t, part, "bob"), deniedCopy, image, v.own("pull", "seed"), image)
	v.hasNothing(t, image)
}

// isDeniedDelete checks that the client prints the reason, and that the manifest is not deleted.
// alice may move the tag, which is not a deletion.
func isDeniedDelete(t *testing.T, v *trial, part stack.Part) {
	image := v.own("denied-delete", part)
	v.put(t, image, teamText)
	kept := v.byDigest(t, v.leaves(t, image))
	v.isDenied(v.session(t, part, "alice"), deniedDelete, image, image)
	if _, err := remote.Head(kept); err != nil {
		t.Errorf("%s is gone: %v", kept, err)
	}
	if moved := v.byDigest(t, v.leaves(t, image)) != kept; moved != v.retags {
		t.Errorf("the tag was moved: %v, want %v", moved, v.retags)
	}
}

// isDeniedHead checks what the client prints when a HEAD request is denied, whose response does not
// have a body. The user may neither pull nor push, so that the HEAD request with which the client
// looks for a blob or a manifest is denied.
func isDeniedHead(t *testing.T, v *trial, part stack.Part) {
	const user = "dave" // may only log in
	image, pushes := v.own("pull", "seed"), v.verbOf(deniedHead) == push
	if pushes {
		image = v.target(t, "denied-head", part)
	}
	out, err := v.try(v.session(t, part, user), deniedHead, image)
	if err == nil {
		t.Fatalf("it succeeded: %s", out)
	}
	want := v.headText
	if want == "" {
		want = "User: " + userARN + user + " is not authorized to perform: ecr:"
	}
	if !strings.Contains(out, want) {
		t.Errorf("it printed %q, want %q in it", out, want)
	}
	if v.headText != "" && strings.Contains(out, "not authorized to perform") {
		t.Errorf("it printed the reason: %q", out)
	}
	repository, _ := split(image)
	if !v.deniesHead(t, repository) {
		t.Errorf("Envoy did not deny a HEAD request to %s", repository)
	}
	v.isLogged(t, user, repository, "is not authorized to perform: ecr:")
	v.denials[deniedHead] = v.newSession(t, v.Address(part), "").denialLine(out)
	if pushes {
		v.hasNothing(t, image)
	}
}

// byDigest returns the manifest of a tag as a reference with its digest.
func (v *trial) byDigest(t *testing.T, image string) name.Reference {
	t.Helper()
	tag := v.behind(t, image)
	named, err := remote.Head(tag)
	if err != nil {
		t.Fatal(err)
	}
	return tag.Context().Digest(named.Digest.String())
}

// hasNothing checks that the repository of an image does not exist in the registry.
func (v *trial) hasNothing(t *testing.T, image string) {
	t.Helper()
	repository, _ := split(image)
	a, err := http.Get("http://" + v.Address(stack.Registry) + "/v2/" + repository + "/tags/list")
	if err != nil {
		t.Fatal(err)
	}
	if a.Body.Close(); a.StatusCode != http.StatusNotFound {
		t.Errorf("the registry has status %s for the repository, want 404", a.Status)
	}
}

// isDenied checks that the verb of a denial fails and prints the reason, and that the decision log
// has the reason even if the client hides it.
func (v *trial) isDenied(s *session, at operation, denied string, images ...string) {
	s.t.Helper()
	out, err := v.try(s, at, images...)
	if (err == nil) != (at == v.exitsZero) {
		s.t.Fatalf("it ended with %v: %s", err, out)
	}
	repository, _ := split(denied)
	why := reason(s.user, denials[at].action, repository)
	want := why
	if v.denialText != "" {
		want = v.denialText
	}
	if !strings.Contains(out, want) {
		s.t.Errorf("it printed %q, want %q in it", out, want)
	}
	v.isLogged(s.t, s.user, repository, why)
	v.denials[at], v.heads[at] = s.denialLine(out), v.deniesHead(s.t, repository)
	if v.heads[at] && v.noHead != "" {
		s.t.Errorf("a HEAD was denied; set headBy to the verb that sends it, instead of noHead")
	}
}

// reason returns AWS's message about a user whose policies do not allow an action.
func reason(user, action, repository string) string {
	return "User: " + userARN + user + " is not authorized to perform: " + action +
		" on resource: arn:aws:ecr:eu-central-1:123456789012:repository/" + repository +
		" because no identity-based policy allows the " + action + " action"
}

// userARN is the ARN of a user without the name.
const userARN = "arn:aws:iam::123456789012:user/"

// isLogged checks that extauthz's decision log has a line with the reason.
func (w *system) isLogged(t *testing.T, user, repository, why string) {
	t.Helper()
	for range 1200 { // a minute; a decision may be logged after its response
		for text := range strings.Lines(w.Log(stack.Extauthz)) {
			var line struct{ Msg, Decision, Principal, Repository, Reason string }
			if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "decision" && line.Decision == "implicitDeny" &&
				line.Principal == userARN+user && line.Repository == repository && strings.Contains(line.Reason, why) {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the decision log does not contain: %s", why)
}
