package clients

import (
	"context"
	"io"

	"extauthz/tests/clientbin"
	"extauthz/tests/stack"
)

// crane is the command line client of go-containerregistry.
var crane = &client{
	name:     "crane",
	find:     func() (string, error) { return stack.Crane(context.Background(), io.Discard) },
	version:  command{"version"},
	prepare:  func(s *session) { s.layout(); folderOf(s.t, s.path("index"), indexOf(s.t, "pushed")) },
	mounts:   true,
	headText: "403 Forbidden (HEAD responses have no body",
	verbs: map[operation]verb{
		login:     simple("auth", "login", "$address", "-u", "$user", "-p", "$password"),
		pull:      simple("pull", "--format=oci", "$1", "pulled"),
		push:      simple("push", "layout", "$1"),
		pushIndex: simple("push", "--index", "index", "$1"),
		copies:    simple("copy", "$1", "$2"),
		tags:      simple("ls", "$repository1"),
		deletes:   simple("delete", "$1"),
	},
}

// regctl is the command line client of regclient.
var regctl = &client{
	name:    "regctl",
	find:    fromModule(clientbin.Regctl),
	version: command{"version", "--format", "{{.VCSTag}}"},
	prepare: func(s *session) { s.layout(); s.indexLayout() },
	mounts:  true,
	retags:  true,
	verbs: map[operation]verb{
		login:     regctlCommand("registry", "login", "$address", "-u", "$user", "-p", "$password"),
		pull:      regctlCommand("image", "copy", "$1", "ocidir://pulled:v1"),
		push:      regctlCommand("image", "copy", "ocidir://layout:v1", "$1"),
		pushIndex: regctlCommand("image", "copy", "ocidir://index:v1", "$1"),
		copies:    regctlCommand("image", "copy", "$1", "$2"),
		tags:      regctlCommand("tag", "ls", "$repository1"),
		deletes:   regctlCommand("tag", "delete", "$1"),
	},
}

// regctlCommand returns the verb of a regctl command without TLS.
func regctlCommand(args ...string) verb {
	return simple(append([]string{"--host", "reg=$address,tls=disabled"}, args...)...)
}

// skopeo is the command line client of the containers/image library.
var skopeo = &client{
	name:     "skopeo",
	find:     onPath("skopeo"),
	version:  command{"--version"},
	prepare:  func(s *session) { s.layout(); s.indexLayout() },
	mounts:   true,
	headText: "403 (Forbidden)",
	verbs: map[operation]verb{
		login:     simple("login", "--tls-verify=false", "-u", "$user", "-p", "$password", "$address"),
		pull:      skopeoCommand("copy", "--src-tls-verify=false", "docker://$1", "dir:pulled"),
		push:      skopeoCommand("copy", "--dest-tls-verify=false", "oci:layout:v1", "docker://$1"),
		pushIndex: skopeoCommand("copy", "--all", "--dest-tls-verify=false", "oci:index:v1", "docker://$1"),
		copies:    skopeoCommand("copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://$1", "docker://$2"),
		tags:      skopeoCommand("list-tags", "--tls-verify=false", "docker://$repository1"),
		deletes:   skopeoCommand("delete", "--tls-verify=false", "docker://$1"),
	},
}

// skopeoCommand returns the verb of a skopeo command, without a policy about signatures and without
// files outside the home folder.
func skopeoCommand(args ...string) verb {
	return simple(append([]string{"--insecure-policy"}, args...)...)
}

// buildah keeps its images in the session's home, and pushes an image that it builds.
var buildah = &client{
	name:    "buildah",
	find:    onPath("buildah"),
	version: command{"--version"},
	prepare: func(s *session) {
		s.indexLayout()
		s.write("Containerfile", "FROM scratch\nCOPY Containerfile /\n")
	},
	mounts:   true,
	headText: "403 (Forbidden)",
	verbs: map[operation]verb{
		login: storing(command{"login", "--tls-verify=false", "-u", "$user", "-p", "$password", "$address"}),
		pull:  storing(command{"pull", "--tls-verify=false", "$1"}),
		push: storing(command{"build", "--isolation", "chroot", "--tag", "built", "."},
			command{"push", "--tls-verify=false", "built", "docker://$1"}),
		pushIndex: storing(command{"manifest", "create", "--all", "index", "oci:index:v1"},
			command{"manifest", "push", "--all", "--tls-verify=false", "index", "docker://$1"}),
		copies: storing(command{"pull", "--tls-verify=false", "$1"}, command{"push", "--tls-verify=false", "$1", "docker://$2"}),
	},
	gaps: map[operation]string{
		tags:    "it has no command to list a registry's tags",
		deletes: "it deletes only what it stores itself",
	},
}

// podman keeps its images in the session's home.
var podman = &client{
	name:     "podman",
	find:     onPath("podman"),
	version:  command{"--version"},
	prepare:  func(s *session) { s.indexLayout() },
	mounts:   true,
	headText: "403 (Forbidden)",
	verbs: map[operation]verb{
		login: storing(command{"login", "--tls-verify=false", "-u", "$user", "-p", "$password", "$address"}),
		pull:  storing(command{"pull", "--tls-verify=false", "$1"}),
		push:  podmanPush,
		pushIndex: storing(command{"manifest", "create", "--all", "index", "oci:index:v1"},
			command{"manifest", "push", "--all", "--tls-verify=false", "index", "docker://$1"}),
		copies: storing(command{"pull", "--tls-verify=false", "$1"}, command{"push", "--tls-verify=false", "$1", "docker://$2"}),
		tags:   storing(command{"search", "--list-tags", "--tls-verify=false", "$repository1"}),
	},
	gaps: map[operation]string{deletes: "it deletes only what it stores itself"},
}

// podmanPush loads an image from a file and pushes it.
func podmanPush(s *session, references ...string) (string, error) {
	s.archive(references[0], "amd64")
	return storing(command{"load", "--input", "amd64.tar"}, command{"push", "--tls-verify=false", "$1"})(s, references...)
}

// storing returns the verb of a program that stores images only below the session's home.
func storing(commands ...command) verb {
	for i, args := range commands {
		commands[i] = append(command{"--root", "$home/root", "--runroot", "$home/run", "--storage-driver", "vfs"}, args...)
	}
	return several(commands...)
}
