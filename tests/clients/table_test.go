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

// policies are those of the scenarios: alice may push and pull team/*, bob may pull it, and admin
// may do everything. Only admin may pull secret/*.
var policies = filepath.Join(stack.Root(), "tests", "e2e", "testdata", "policies")

// TestClients tests every operation of every client.
func TestClients(t *testing.T) {
	w := newSystem(t, policies)
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

// run tests every operation of the client. If the client does not have it, the table must have the
// reason.
func (c *client) run(t *testing.T, w *system) {
	v := &trial{client: c, system: w, program: c.require(t)}
	if c.daemon != nil {
		v.address = c.daemon(t)
	}
	v.seed(t)
	for _, at := range operations {
		verb, gap := c.verb(at), c.gap(at)
		if (verb == nil) == (gap == "") {
			t.Errorf("%s: want either a verb or a reason", at)
		}
		if verb == nil {
			continue
		}
		t.Run(string(at), func(t *testing.T) { v.check(t, at) })
	}
	v.checkReadme(t)
}

// check tests one operation through Envoy and, if it is not a denial, with the registry alone.
func (v *trial) check(t *testing.T, at operation) {
	check := checks[at]
	check(t, v, stack.Envoy)
	if at != login && denials[at].verb == "" {
		t.Run("without", func(t *testing.T) { check(t, v, stack.Registry) })
	}
}
