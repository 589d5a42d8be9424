package clients

import (
	"testing"

	"extauthz/tests/bounded"
)

// docker is Docker's command line client with an engine. What a session leaves
// in the engine it removes at its end.
var docker = &client{
	name:    "docker",
	find:    onPath("docker"),
	version: command{"version", "--format", "client {{.Client.Version}}, engine {{.Server.Version}}"},
	daemon:  dockerAnswers,
	mounts:  true,
	headBy:  pull, // a push opens an upload without asking for the blob
	verbs: map[occasion]verb{
		login:     simple("login", "-u", "$user", "-p", "$password", "$address"),
		pull:      dockerPull,
		push:      dockerPush,
		pushIndex: dockerPushIndex,
		copies:    dockerCopy,
	},
	gaps: map[occasion]string{
		tags:    "it has no command to list a registry's tags",
		deletes: "it deletes only what it stores itself",
	},
}

// dockerAnswers ends the test where no engine answers. The client finds the
// engine's address by itself.
func dockerAnswers(t *testing.T) string {
	t.Helper()
	if err := bounded.Docker(t.Context()); err != nil {
		missing(t, "docker", err)
	}
	return ""
}

// dockerPull saves the image too, so that its content can be looked at.
func dockerPull(s *session, references ...string) (string, error) {
	s.removeLater(references[0])
	return several(command{"pull", "$1"}, command{"save", "--output", "pulled.tar", "$1"})(s, references...)
}

// dockerPush pushes an image that the engine loads from a file.
func dockerPush(s *session, references ...string) (string, error) {
	s.removeLater(references[0])
	s.archive(references[0], "amd64")
	return several(command{"load", "--input", "amd64.tar"}, command{"push", "$1"})(s, references...)
}

// dockerPushIndex pushes an image for each of two architectures, and then an
// index of them.
func dockerPushIndex(s *session, references ...string) (string, error) {
	var commands []command
	for _, architecture := range []string{"amd64", "arm64"} {
		image := references[0] + "-" + architecture
		s.removeLater(image)
		s.archive(image, architecture)
		commands = append(commands, command{"load", "--input", architecture + ".tar"}, command{"push", image})
	}
	commands = append(commands,
		command{"manifest", "create", "--insecure", "$1", "$1-amd64", "$1-arm64"},
		command{"manifest", "push", "--insecure", "$1"})
	return several(commands...)(s, references...)
}

// dockerCopy pulls and pushes again under another name.
func dockerCopy(s *session, references ...string) (string, error) {
	s.removeLater(references[0])
	s.removeLater(references[1])
	return several(command{"pull", "$1"}, command{"tag", "$1", "$2"}, command{"push", "$2"})(s, references...)
}

// removeLater removes an image from the engine at the end of the test, if the
// engine got it.
func (s *session) removeLater(image string) {
	s.t.Cleanup(func() {
		_, _ = s.run(command{"image", "rm", "--force", image})
	})
}
