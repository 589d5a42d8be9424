package clients

import (
	"cmp"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// trial is a client that is tested with a system.
type trial struct {
	*client
	*system
	program string
	address string               // of its daemon, if it has one
	denials map[operation]string // what it printed when it was denied
	heads   map[operation]bool   // whether a HEAD was denied
}

// checks are the tests of each operation, through Envoy or with the registry alone.
var checks = map[operation]func(*testing.T, *trial, stack.Part){
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

// session returns a session of the client as user with a part of the stack.
func (v *trial) session(t *testing.T, part stack.Part, user string) *session {
	t.Helper()
	return v.newSession(t, v.Address(part), user)
}

// image returns the name of the client's artifact below a repository, without an address.
func (v *trial) image(repository string) string {
	return repository + "/" + cmp.Or(v.artifact, "app:v1")
}

// own returns the name of the client's artifact in a repository for one purpose and part.
func (v *trial) own(purpose string, part stack.Part) string {
	return v.image("team/" + v.name + "/" + purpose + "-" + string(part))
}

// do runs the verb of an operation, which must succeed.
func (v *trial) do(s *session, at operation, images ...string) string {
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

// try runs the verb of an operation with images at the session's address.
func (v *trial) try(s *session, at operation, images ...string) (string, error) {
	s.t.Helper()
	references := make([]string, len(images))
	for i, image := range images {
		references[i] = s.address + "/" + image
	}
	return v.verb(at)(s, references...)
}

// seed writes what the client pulls to the registry, bypassing Envoy.
func (v *trial) seed(t *testing.T) {
	t.Helper()
	v.denials, v.heads = map[operation]string{}, map[operation]bool{}
	v.put(t, v.own("pull", "seed"), teamText)
	v.put(t, v.image("secret/"+v.name), secretText)
}

// put writes an image to the registry. The client pushes an artifact that only it can make.
func (v *trial) put(t *testing.T, image, text string) {
	t.Helper()
	if !v.seeds {
		v.write(t, image, text)
	}
	if v.seeds || v.signs {
		v.do(v.session(t, stack.Registry, "alice"), push, image)
	}
}

// target returns the name of an image for a push. For a signature, it writes the signed image.
func (v *trial) target(t *testing.T, purpose string, part stack.Part) string {
	t.Helper()
	image := v.own(purpose, part)
	if v.signs {
		v.write(t, image, teamText)
	}
	return image
}

// leaves returns the name of what a push creates in the registry: the image, or the tag that lists
// its referrers.
func (v *trial) leaves(t *testing.T, image string) string {
	t.Helper()
	if !v.signs {
		return image
	}
	repository, _ := split(image)
	return repository + ":" + strings.Replace(v.byDigest(t, image).Identifier(), ":", "-", 1)
}

// logsIn checks that a pull succeeds after a login with the right password. With a wrong one, the
// login or the pull must fail, because some clients connect to the registry only for the pull.
func logsIn(t *testing.T, v *trial, part stack.Part) {
	s := v.session(t, part, "")
	s.user = "bob"
	v.do(s, login)
	v.do(s, pull, v.own("pull", "seed"))
	s = v.session(t, part, "")
	s.user = "unknown"
	if _, err := v.try(s, login); err != nil {
		return
	}
	if out, err := v.try(s, pull, v.own("pull", "seed")); err == nil {
		t.Errorf("the pull succeeded: %s", out)
	}
}

// pulls checks that the client pulls the whole image.
func pulls(t *testing.T, v *trial, part stack.Part) {
	s := v.session(t, part, "bob")
	out := v.do(s, pull, v.own("pull", "seed"))
	if text := cmp.Or(v.pulled, teamText); !s.has(text) && !strings.Contains(out, text) {
		t.Errorf("nothing pulled contains %q; it printed %s", text, out)
	}
}

// pushes checks that the image is in the registry after a push.
func pushes(t *testing.T, v *trial, part stack.Part) {
	image := v.target(t, "push", part)
	v.do(v.session(t, part, "alice"), push, image)
	if !v.holds(t, v.leaves(t, image)) {
		t.Errorf("the registry does not have %s", v.leaves(t, image))
	}
}

// pushesIndex checks that an index and its images are in the registry after a push.
func pushesIndex(t *testing.T, v *trial, part stack.Part) {
	image := v.own("index", part)
	v.do(v.session(t, part, "alice"), pushIndex, image)
	v.holdsIndex(t, image, "amd64", "arm64")
}

// copiesAcross checks that a copy is in another repository, and whether its blobs were mounted.
func copiesAcross(t *testing.T, v *trial, part stack.Part) {
	from, to := v.own("pull", "seed"), v.own("copy", part)
	v.do(v.session(t, part, "alice"), copies, from, to)
	if !v.holds(t, v.leaves(t, to)) {
		t.Errorf("the registry does not have %s", v.leaves(t, to))
	}
	repository, _ := split(to)
	if part != stack.Envoy {
		return
	}
	if got := v.mounted(t, repository); got != v.mounts {
		t.Errorf("blobs mounted: %v, want %v", got, v.mounts)
	}
}

// listsTags checks that the client prints the tag.
func listsTags(t *testing.T, v *trial, part stack.Part) {
	image := v.own("pull", "seed")
	_, tag := split(image)
	if out := v.do(v.session(t, part, "bob"), tags, image); !strings.Contains(out, tag) {
		t.Errorf("it printed %q, want %q in it", out, tag)
	}
}

// deletesTag checks that the image is deleted. Only the administrator may delete.
func deletesTag(t *testing.T, v *trial, part stack.Part) {
	image := v.own("delete", part)
	v.put(t, image, teamText)
	if !v.holds(t, v.leaves(t, image)) {
		t.Fatalf("the registry does not have %s", v.leaves(t, image))
	}
	v.do(v.session(t, part, "admin"), deletes, image)
	if v.holds(t, v.leaves(t, image)) {
		t.Errorf("%s still exists", v.leaves(t, image))
	}
}
