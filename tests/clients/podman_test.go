package clients

// podman keeps its images in the session's home.
var podman = &client{
	name:      "podman",
	find:      onPath("podman"),
	version:   command{"--version"},
	prepare:   func(s *session) { s.indexLayout() },
	mounts:    true,
	hidesHead: "403 (Forbidden)",
	verbs: map[occasion]verb{
		login: storing(command{"login", "--tls-verify=false", "-u", "$user", "-p", "$password", "$address"}),
		pull:  storing(command{"pull", "--tls-verify=false", "$1"}),
		push:  podmanPush,
		pushIndex: storing(command{"manifest", "create", "--all", "index", "oci:index:v1"},
			command{"manifest", "push", "--all", "--tls-verify=false", "index", "docker://$1"}),
		copies: storing(command{"pull", "--tls-verify=false", "$1"}, command{"push", "--tls-verify=false", "$1", "docker://$2"}),
		tags:   storing(command{"search", "--list-tags", "--tls-verify=false", "$repository1"}),
	},
	gaps: map[occasion]string{deletes: "it deletes only what it stores itself"},
}

// podmanPush pushes an image that is loaded from a file.
func podmanPush(s *session, references ...string) (string, error) {
	s.archive(references[0], "amd64")
	return storing(command{"load", "--input", "amd64.tar"}, command{"push", "--tls-verify=false", "$1"})(s, references...)
}

// storing is the verb of a program that stores images below the session's
// home, and nowhere else.
func storing(commands ...command) verb {
	for i, args := range commands {
		commands[i] = append(command{"--root", "$home/root", "--runroot", "$home/run", "--storage-driver", "vfs"}, args...)
	}
	return several(commands...)
}
