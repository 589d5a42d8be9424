package clients

// buildah keeps its images in the session's home. It pushes what it built.
var buildah = &client{
	name:    "buildah",
	find:    onPath("buildah"),
	version: command{"--version"},
	prepare: func(s *session) {
		s.indexLayout()
		s.write("Containerfile", "FROM scratch\nCOPY Containerfile /\n")
	},
	mounts:    true,
	hidesHead: "403 (Forbidden)",
	verbs: map[occasion]verb{
		login: storing(command{"login", "--tls-verify=false", "-u", "$user", "-p", "$password", "$address"}),
		pull:  storing(command{"pull", "--tls-verify=false", "$1"}),
		push: storing(command{"build", "--isolation", "chroot", "--tag", "built", "."},
			command{"push", "--tls-verify=false", "built", "docker://$1"}),
		pushIndex: storing(command{"manifest", "create", "--all", "index", "oci:index:v1"},
			command{"manifest", "push", "--all", "--tls-verify=false", "index", "docker://$1"}),
		copies: storing(command{"pull", "--tls-verify=false", "$1"}, command{"push", "--tls-verify=false", "$1", "docker://$2"}),
	},
	gaps: map[occasion]string{
		tags:    "it has no command to list a registry's tags",
		deletes: "it deletes only what it stores itself",
	},
}
