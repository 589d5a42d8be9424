package clients

import (
	"slices"

	"extauthz/tests/clientbin"
)

// ctr is the client of containerd that is installed on this machine, with a containerd of the test.
// It looks for manifests with HEAD. The response to that does not have a body, so that ctr prints
// only the status.
var ctr = ctrClient("ctr", onPath("ctr"), "403 Forbidden")

// ctr2 is a later release, with the same containerd. It runs with --local, because it would leave
// its work to a containerd of the same release. When HEAD is denied, it sends GET and prints the
// response.
var ctr2 = ctrClient("ctr2", fromModule(clientbin.Ctr), "", "--local")

// ctrClient returns the client for a release of ctr, which may need additional flags.
func ctrClient(name string, find func() (string, error), denialText string, flags ...string) *client {
	c := ctrCommands(flags)
	return &client{
		name:    name,
		find:    withContainerd(find),
		version: command{"--version"},
		daemon:  startContainerd,
		mounts:  true,
		verbs: map[operation]verb{
			pull:      several(c.fetch(), c.images("export", "pulled.tar", "$1")),
			push:      c.push,
			pushIndex: c.pushIndex,
			copies:    several(c.fetch(), c.images("tag", "$1", "$2"), c.remote("push", "$2")),
		},
		gaps: map[operation]string{
			login:   "each command takes the user name and the password",
			tags:    "it has no command to list a registry's tags",
			deletes: "it deletes only what it stores itself",
		},
		denialText: denialText,
		headText:   denialText,
	}
}

// ctrCommands are the commands of a release of ctr, with its flags.
type ctrCommands command

// images returns a command about images in the test's containerd, in the namespace of the
// session.
func (c ctrCommands) images(verb string, args ...string) command {
	return slices.Concat(command{"--address", "$daemon", "--namespace", "$name", "images", verb}, command(c), args)
}

// remote returns a command that connects to the registry.
func (c ctrCommands) remote(verb string, args ...string) command {
	return c.images(verb, append([]string{"--plain-http", "--user", "$user:$password"}, args...)...)
}

// fetch pulls and unpacks an image.
func (c ctrCommands) fetch() command { return c.remote("pull", "--snapshotter", "native", "$1") }

// push imports an image from a file and pushes it.
func (c ctrCommands) push(s *session, references ...string) (string, error) {
	s.archive(references[0], "amd64")
	return several(c.images("import", "--no-unpack", "amd64.tar"), c.remote("push", "$1"))(s, references...)
}

// pushIndex imports an index from a file and pushes it.
func (c ctrCommands) pushIndex(s *session, references ...string) (string, error) {
	folderOf(s.t, s.path("index"), indexOf(s.t, "pushed"))
	tarOf(s.t, s.path("index.tar"), s.path("index"))
	return several(c.images("import", "--no-unpack", "--all-platforms", "--index-name", "$1", "index.tar"),
		c.remote("push", "$1"))(s, references...)
}
