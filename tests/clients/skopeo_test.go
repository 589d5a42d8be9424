package clients

// skopeo is the command line client of the containers/image library.
var skopeo = &client{
	name:      "skopeo",
	find:      onPath("skopeo"),
	version:   command{"--version"},
	prepare:   func(s *session) { s.layout(); s.indexLayout() },
	mounts:    true,
	hidesHead: "403 (Forbidden)",
	verbs: map[occasion]verb{
		login:     simple("login", "--tls-verify=false", "-u", "$user", "-p", "$password", "$address"),
		pull:      skopeoCommand("copy", "--src-tls-verify=false", "docker://$1", "dir:pulled"),
		push:      skopeoCommand("copy", "--dest-tls-verify=false", "oci:layout:v1", "docker://$1"),
		pushIndex: skopeoCommand("copy", "--all", "--dest-tls-verify=false", "oci:index:v1", "docker://$1"),
		copies:    skopeoCommand("copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://$1", "docker://$2"),
		tags:      skopeoCommand("list-tags", "--tls-verify=false", "docker://$repository1"),
		deletes:   skopeoCommand("delete", "--tls-verify=false", "docker://$1"),
	},
}

// skopeoCommand is skopeo with no policy about signatures and no files outside
// the home folder.
func skopeoCommand(args ...string) verb {
	return simple(append([]string{"--insecure-policy"}, args...)...)
}
