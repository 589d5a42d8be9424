package clients

import (
	"context"
	"io"

	"extauthz/tests/stack"
)

// crane is the command line client of go-containerregistry.
var crane = &client{
	name:      "crane",
	find:      func() (string, error) { return stack.Crane(context.Background(), io.Discard) },
	version:   command{"version"},
	prepare:   func(s *session) { s.layout(); folderOf(s.t, s.path("index"), indexOf(s.t, "pushed")) },
	mounts:    true,
	hidesHead: "403 Forbidden (HEAD responses have no body",
	verbs: map[occasion]verb{
		login:     simple("auth", "login", "$address", "-u", "$user", "-p", "$password"),
		pull:      simple("pull", "--format=oci", "$1", "pulled"),
		push:      simple("push", "layout", "$1"),
		pushIndex: simple("push", "--index", "index", "$1"),
		copies:    simple("copy", "$1", "$2"),
		tags:      simple("ls", "$repository1"),
		deletes:   simple("delete", "$1"),
	},
}
