package clients

import (
	"path/filepath"
	"testing"

	"extauthz/goldentest"
	"extauthz/tests/stack"
)

// clients are the rows of the table.
var clients = []*client{
	crane, regctl, skopeo, podman, buildah, docker, ctr, ctr2, helm, cosign, proxy,
}

// policies are those of the scenarios: alice pushes and pulls team/*, bob
// pulls it, admin may do everything, and nobody else may pull secret/*.
var policies = filepath.Join(stack.Root(), "tests", "e2e", "testdata", "policies")

// TestClients runs every client through every occasion of the table.
func TestClients(t *testing.T) {
	w := newWorld(t, policies)
	t.Run("all", func(t *testing.T) {
		for _, c := range clients {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, w)
			})
		}
	})
	if goldentest.Updating() {
		writePage(t)
	}
}

// run runs the client on every occasion. What works must work with the
// registry alone too; what a client cannot do has a reason.
func (c *client) run(t *testing.T, w *world) {
	v := &visit{client: c, world: w, program: c.require(t)}
	if c.daemon != nil {
		v.address = c.daemon(t)
	}
	v.seed(t)
	for _, at := range occasions {
		verb, gap := c.verb(at), c.gap(at)
		if (verb == nil) == (gap == "") {
			t.Errorf("%s: want either a verb or the reason why there is none", at)
		}
		if verb == nil {
			continue
		}
		t.Run(string(at), func(t *testing.T) { v.check(t, at) })
	}
	v.told(t)
}

// check runs what must be true on one occasion, at Envoy and, where there is
// nothing to deny, at the registry itself.
func (v *visit) check(t *testing.T, at occasion) {
	check := checks[at]
	check(t, v, stack.Envoy)
	if at != login && denials[at].verb == "" {
		t.Run("without", func(t *testing.T) { check(t, v, stack.Registry) })
	}
}
