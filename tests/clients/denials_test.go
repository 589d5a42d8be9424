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

// isDeniedPull wants a person to read why, and to get nothing.
func isDeniedPull(t *testing.T, v *visit, part stack.Part) {
	s := v.session(t, part, "alice")
	image := v.image("secret/" + v.name)
	v.isDenied(s, deniedPull, image, image)
	if s.has(secretText) {
		t.Error("the secret was pulled")
	}
}

// isDeniedPush wants a person to read why, and the registry to get nothing.
func isDeniedPush(t *testing.T, v *visit, part stack.Part) {
	image := v.target(t, "denied", part)
	v.isDenied(v.session(t, part, "bob"), deniedPush, image, image)
	if v.signs && v.holds(t, v.leaves(t, image)) {
		t.Error("the registry has a signature")
	}
	if !v.signs {
		v.hasNothing(t, image)
	}
}

// isDeniedCopy wants a person to read why, and the registry to get nothing.
func isDeniedCopy(t *testing.T, v *visit, part stack.Part) {
	image := v.own("denied-copy", part)
	v.isDenied(v.session(t, part, "bob"), deniedCopy, image, v.own("pull", "seed"), image)
	v.hasNothing(t, image)
}

// isDeniedDelete wants a person to read why, and what the tag named to stay.
// To move the tag is no deletion, and alice may do it.
func isDeniedDelete(t *testing.T, v *visit, part stack.Part) {
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

// isDeniedHead checks what a person reads whose HEAD request is denied: the answer has
// no body. The user may neither pull nor push, so that the HEAD with which the
// client looks for a blob or a manifest is denied.
func isDeniedHead(t *testing.T, v *visit, part stack.Part) {
	const user = "dave" // who may log in and nothing else
	image, pushes := v.own("pull", "seed"), v.verbOf(deniedHead) == push
	if pushes {
		image = v.target(t, "denied-head", part)
	}
	out, err := v.try(v.session(t, part, user), deniedHead, image)
	if err == nil {
		t.Fatalf("it succeeded: %s", out)
	}
	want := v.hidesHead
	if want == "" {
		want = "User: " + userARN + user + " is not authorized to perform: ecr:"
	}
	if !strings.Contains(out, want) {
		t.Errorf("it printed %q, want %q in it", out, want)
	}
	if v.hidesHead != "" && strings.Contains(out, "not authorized to perform") {
		t.Errorf("it printed the reason: %q", out)
	}
	repository, _ := split(image)
	if !v.deniesHead(t, repository) {
		t.Errorf("Envoy denied no HEAD request to %s", repository)
	}
	v.wantsLogged(t, user, repository, "is not authorized to perform: ecr:")
	v.denials[deniedHead] = v.newSession(t, v.Address(part), "").spoken(out)
	if pushes {
		v.hasNothing(t, image)
	}
}

// byDigest names by its digest what a tag names now.
func (v *visit) byDigest(t *testing.T, image string) name.Reference {
	t.Helper()
	tag := v.behind(t, image)
	named, err := remote.Head(tag)
	if err != nil {
		t.Fatal(err)
	}
	return tag.Context().Digest(named.Digest.String())
}

// hasNothing wants the registry not to know the repository of an image.
func (v *visit) hasNothing(t *testing.T, image string) {
	t.Helper()
	repository, _ := split(image)
	a, err := http.Get("http://" + v.Address(stack.Registry) + "/v2/" + repository + "/tags/list")
	if err != nil {
		t.Fatal(err)
	}
	if a.Body.Close(); a.StatusCode != http.StatusNotFound {
		t.Errorf("the registry answers %s for the repository, want 404", a.Status)
	}
}

// isDenied wants the verb of a denial on images to fail and to tell the reason,
// and the decision log to have it whatever the client tells.
func (v *visit) isDenied(s *session, at occasion, denied string, images ...string) {
	s.t.Helper()
	out, err := v.try(s, at, images...)
	if (err == nil) != (at == v.shrugs) {
		s.t.Fatalf("it ended with %v: %s", err, out)
	}
	repository, _ := split(denied)
	why := reason(s.user, denials[at].action, repository)
	want := why
	if v.hides != "" {
		want = v.hides
	}
	if !strings.Contains(out, want) {
		s.t.Errorf("it printed %q, want %q in it", out, want)
	}
	v.wantsLogged(s.t, s.user, repository, why)
	v.denials[at], v.heads[at] = s.spoken(out), v.deniesHead(s.t, repository)
	if v.heads[at] && v.noHead != "" {
		s.t.Errorf("a HEAD was denied; say which verb sends it, in headBy, instead of noHead")
	}
}

// reason is AWS's sentence about a user whose policies do not allow an action.
func reason(user, action, repository string) string {
	return "User: " + userARN + user + " is not authorized to perform: " + action +
		" on resource: arn:aws:ecr:eu-central-1:123456789012:repository/" + repository +
		" because no identity-based policy allows the " + action + " action"
}

// userARN is the ARN of a user without the name.
const userARN = "arn:aws:iam::123456789012:user/"

// wantsLogged wants a line with the reason in extauthz's decision log.
func (w *world) wantsLogged(t *testing.T, user, repository, why string) {
	t.Helper()
	for range 100 { // a decision is logged beside its answer
		for text := range strings.Lines(w.Log(stack.Extauthz)) {
			var line struct{ Msg, Decision, Principal, Repository, Reason string }
			if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "decision" && line.Decision == "implicitDeny" &&
				line.Principal == userARN+user && line.Repository == repository && strings.Contains(line.Reason, why) {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the decision log does not tell that %s", why)
}
