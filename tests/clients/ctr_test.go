package clients

import (
	"slices"

	"extauthz/tests/clientbin"
)

// ctr is the machine's own client of containerd, with a containerd of the
// test. It asks with HEAD whether a manifest is there, and the answer to that
// has no body: it prints the status.
var ctr = ctrClient("ctr", onPath("ctr"), "403 Forbidden")

// ctr2 is a later one, with the same containerd: it does itself (--local) what
// it would leave to a containerd of its own age. When HEAD is denied it asks
// again with GET, and prints the answer.
var ctr2 = ctrClient("ctr2", fromModule(clientbin.Ctr), "", "--local")

// ctrClient is one release of ctr, which takes more flags than others do.
func ctrClient(name string, find func() (string, error), hides string, flags ...string) *client {
	c := ctrCommands(flags)
	return &client{
		name:    name,
		find:    besideContainerd(find),
		version: command{"--version"},
		daemon:  startContainerd,
		mounts:  true,
		verbs: map[occasion]verb{
			pull:      several(c.fetch(), c.images("export", "pulled.tar", "$1")),
			push:      c.push,
			pushIndex: c.pushIndex,
			copies:    several(c.fetch(), c.images("tag", "$1", "$2"), c.remote("push", "$2")),
		},
		gaps: map[occasion]string{
			login:   "each command takes the user name and the password",
			tags:    "it has no command to list a registry's tags",
			deletes: "it deletes only what it stores itself",
		},
		hides:     hides,
		hidesHead: hides,
	}
}

// ctrCommands are the commands of a release of ctr, by its own flags.
type ctrCommands command

// images is a command about images at the test's containerd, in a namespace of
// the session's own.
func (c ctrCommands) images(verb string, args ...string) command {
	return slices.Concat(command{"--address", "$daemon", "--namespace", "$name", "images", verb}, command(c), args)
}

// remote is a command that asks the registry.
func (c ctrCommands) remote(verb string, args ...string) command {
	return c.images(verb, append([]string{"--plain-http", "--user", "$user:$password"}, args...)...)
}

// fetch pulls and unpacks an image.
func (c ctrCommands) fetch() command { return c.remote("pull", "--snapshotter", "native", "$1") }

// push pushes an image that is imported from a file.
func (c ctrCommands) push(s *session, references ...string) (string, error) {
	s.archive(references[0], "amd64")
	return several(c.images("import", "--no-unpack", "amd64.tar"), c.remote("push", "$1"))(s, references...)
}

// pushIndex pushes an index that is imported from a file.
func (c ctrCommands) pushIndex(s *session, references ...string) (string, error) {
	folderOf(s.t, s.path("index"), indexOf(s.t, "pushed"))
	tarOf(s.t, s.path("index.tar"), s.path("index"))
	return several(c.images("import", "--no-unpack", "--all-platforms", "--index-name", "$1", "index.tar"),
		c.remote("push", "$1"))(s, references...)
}
