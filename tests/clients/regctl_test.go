package clients

import "extauthz/tests/clientbin"

// regctl is the command line client of regclient.
var regctl = &client{
	name:    "regctl",
	find:    fromModule(clientbin.Regctl),
	version: command{"version", "--format", "{{.VCSTag}}"},
	prepare: func(s *session) { s.layout(); s.indexLayout() },
	mounts:  true,
	retags:  true,
	verbs: map[occasion]verb{
		login:     regctlCommand("registry", "login", "$address", "-u", "$user", "-p", "$password"),
		pull:      regctlCommand("image", "copy", "$1", "ocidir://pulled:v1"),
		push:      regctlCommand("image", "copy", "ocidir://layout:v1", "$1"),
		pushIndex: regctlCommand("image", "copy", "ocidir://index:v1", "$1"),
		copies:    regctlCommand("image", "copy", "$1", "$2"),
		tags:      regctlCommand("tag", "ls", "$repository1"),
		deletes:   regctlCommand("tag", "delete", "$1"),
	},
}

// regctlCommand is regctl without TLS.
func regctlCommand(args ...string) verb {
	return simple(append([]string{"--host", "reg=$address,tls=disabled"}, args...)...)
}
