package clients

import (
	"cmp"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// visit is one client at one world.
type visit struct {
	*client
	*world
	program string
	address string              // of its daemon, if it has one
	denials map[occasion]string // what it printed when it was denied
	heads   map[occasion]bool   // whether a HEAD was denied
}

// checks is what must be true on each occasion, at Envoy or at the registry alone.
var checks = map[occasion]func(*testing.T, *visit, stack.Part){
	login:     logsIn,
	pull:      pulls,
	push:      pushes,
	pushIndex: pushesIndex,
	copies:    copiesAcross,
	tags:      listsTags,
	deletes:   deletesTag,

	deniedPull:   isDeniedPull,
	deniedPush:   isDeniedPush,
	deniedCopy:   isDeniedCopy,
	deniedDelete: isDeniedDelete,
	deniedHead:   isDeniedHead,
}

// session is the client at work for user at a part of the stack.
func (v *visit) session(t *testing.T, part stack.Part, user string) *session {
	t.Helper()
	return v.newSession(t, v.Address(part), user)
}

// image names the client's artifact below a repository, without an address.
func (v *visit) image(repository string) string {
	return repository + "/" + cmp.Or(v.artifact, "app:v1")
}

// own names the client's artifact in a repository for one purpose at one part.
func (v *visit) own(purpose string, part stack.Part) string {
	return v.image("team/" + v.name + "/" + purpose + "-" + string(part))
}

// do runs the verb of an occasion and wants it to succeed.
func (v *visit) do(s *session, at occasion, images ...string) string {
	s.t.Helper()
	out, err := v.try(s, at, images...)
	if err != nil {
		s.t.Fatalf("%s: %v: %s", at, err, out)
	}
	if !strings.Contains(out, v.remarks[at]) {
		s.t.Errorf("%s: it printed %q, want %q in it", at, out, v.remarks[at])
	}
	return out
}

// try runs the verb of an occasion on images at the session's address.
func (v *visit) try(s *session, at occasion, images ...string) (string, error) {
	s.t.Helper()
	references := make([]string, len(images))
	for i, image := range images {
		references[i] = s.address + "/" + image
	}
	return v.verb(at)(s, references...)
}

// seed puts what the client pulls into the registry, around Envoy.
func (v *visit) seed(t *testing.T) {
	t.Helper()
	v.denials, v.heads = map[occasion]string{}, map[occasion]bool{}
	v.put(t, v.own("pull", "seed"), teamText)
	v.put(t, v.image("secret/"+v.name), secretText)
}

// put has an image in the registry; an artifact of a kind of its own is pushed
// by the client itself.
func (v *visit) put(t *testing.T, image, text string) {
	t.Helper()
	if !v.seeds {
		v.write(t, image, text)
	}
	if v.seeds || v.signs {
		v.do(v.session(t, stack.Registry, "alice"), push, image)
	}
}

// target names an image for a push. What a signature is about must be there.
func (v *visit) target(t *testing.T, purpose string, part stack.Part) string {
	t.Helper()
	image := v.own(purpose, part)
	if v.signs {
		v.write(t, image, teamText)
	}
	return image
}

// leaves is the name of what a push leaves in the registry: the image, or the
// tag that lists what refers to it.
func (v *visit) leaves(t *testing.T, image string) string {
	t.Helper()
	if !v.signs {
		return image
	}
	repository, _ := split(image)
	return repository + ":" + strings.Replace(v.byDigest(t, image).Identifier(), ":", "-", 1)
}

// logsIn wants a pull to succeed after a login with the password, and to fail
// after one with another, at the latest: some clients ask the registry only then.
func logsIn(t *testing.T, v *visit, part stack.Part) {
	s := v.session(t, part, "")
	s.user = "bob"
	v.do(s, login)
	v.do(s, pull, v.own("pull", "seed"))
	s = v.session(t, part, "")
	s.user = "nobody"
	if _, err := v.try(s, login); err != nil {
		return
	}
	if out, err := v.try(s, pull, v.own("pull", "seed")); err == nil {
		t.Errorf("nobody pulled: %s", out)
	}
}

// pulls wants every byte.
func pulls(t *testing.T, v *visit, part stack.Part) {
	s := v.session(t, part, "bob")
	out := v.do(s, pull, v.own("pull", "seed"))
	if text := cmp.Or(v.pulled, teamText); !s.has(text) && !strings.Contains(out, text) {
		t.Errorf("nothing pulled holds %q; it printed %s", text, out)
	}
}

// pushes wants the registry to have it.
func pushes(t *testing.T, v *visit, part stack.Part) {
	image := v.target(t, "push", part)
	v.do(v.session(t, part, "alice"), push, image)
	if !v.holds(t, v.leaves(t, image)) {
		t.Errorf("the registry has no %s", v.leaves(t, image))
	}
}

// pushesIndex wants the registry to have an index and its images.
func pushesIndex(t *testing.T, v *visit, part stack.Part) {
	image := v.own("index", part)
	v.do(v.session(t, part, "alice"), pushIndex, image)
	v.wantsIndex(t, image, "amd64", "arm64")
}

// copiesAcross wants a copy in another repository to which no blob was
// uploaded, if the client can mount one.
func copiesAcross(t *testing.T, v *visit, part stack.Part) {
	from, to := v.own("pull", "seed"), v.own("copy", part)
	v.do(v.session(t, part, "alice"), copies, from, to)
	if !v.holds(t, v.leaves(t, to)) {
		t.Errorf("the registry has no %s", v.leaves(t, to))
	}
	repository, _ := split(to)
	if part != stack.Envoy {
		return
	}
	if got := v.mounted(t, repository); got != v.mounts {
		t.Errorf("blobs mounted: %v, want %v", got, v.mounts)
	}
}

// listsTags wants the tag.
func listsTags(t *testing.T, v *visit, part stack.Part) {
	image := v.own("pull", "seed")
	_, tag := split(image)
	if out := v.do(v.session(t, part, "bob"), tags, image); !strings.Contains(out, tag) {
		t.Errorf("it printed %q, want %q in it", out, tag)
	}
}

// deletesTag wants the image gone; deleting is for the administrator.
func deletesTag(t *testing.T, v *visit, part stack.Part) {
	image := v.own("delete", part)
	v.put(t, image, teamText)
	if !v.holds(t, v.leaves(t, image)) {
		t.Fatalf("the registry has no %s", v.leaves(t, image))
	}
	v.do(v.session(t, part, "admin"), deletes, image)
	if v.holds(t, v.leaves(t, image)) {
		t.Errorf("%s is still there", v.leaves(t, image))
	}
}
