package clients

// ctr is containerd's own client, with a containerd of the test. Older ones
// ask for a manifest with HEAD only, whose answer has no body: a person reads
// the status, and finds the reason in the answer's header.
var ctr = &client{
	name:    "ctr",
	find:    containerdAndClient,
	version: command{"--version"},
	daemon:  startContainerd,
	mounts:  true,
	verbs: map[occasion]verb{
		pull:      containing(fetch, command{"images", "export", "pulled.tar", "$1"}),
		push:      ctrPush,
		pushIndex: ctrPushIndex,
		copies: containing(fetch, command{"images", "tag", "$1", "$2"},
			command{"images", "push", "--plain-http", "--user", "$user:$password", "$2"}),
	},
	gaps: map[occasion]string{
		login:   "each command takes the user name and the password",
		tags:    "it has no command to list a registry's tags",
		deletes: "it deletes only what it stores itself",
	},
	pullDenied: "403 Forbidden",
	pushDenied: "403 Forbidden",
}

// fetch pulls and unpacks an image.
var fetch = command{"images", "pull", "--plain-http", "--user", "$user:$password", "--snapshotter", "native", "$1"}

// containing is the verb of ctr at the test's containerd, in a namespace of
// the session's own.
func containing(commands ...command) verb {
	for i, args := range commands {
		commands[i] = append(command{"--address", "$daemon", "--namespace", "$name"}, args...)
	}
	return several(commands...)
}

// ctrPush pushes an image that is imported from a file.
func ctrPush(s *session, references ...string) (string, error) {
	s.archive(references[0], "amd64")
	return containing(command{"images", "import", "--no-unpack", "amd64.tar"},
		command{"images", "push", "--plain-http", "--user", "$user:$password", "$1"})(s, references...)
}

// ctrPushIndex pushes an index that is imported from a file.
func ctrPushIndex(s *session, references ...string) (string, error) {
	folderOf(s.t, s.path("index"), indexOf(s.t, "pushed"))
	tarOf(s.t, s.path("index.tar"), s.path("index"))
	return containing(command{"images", "import", "--no-unpack", "--all-platforms", "--index-name", "$1", "index.tar"},
		command{"images", "push", "--plain-http", "--user", "$user:$password", "$1"})(s, references...)
}
