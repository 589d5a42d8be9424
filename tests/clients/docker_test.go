package clients

import (
	"testing"

	"extauthz/tests/bounded"
)

// docker is Docker's command line client with an engine. A session removes its images from the
// engine at its end.
var docker = &client{
	name:    "docker",
	find:    onPath("docker"),
	version: command{"version", "--format", "client {{.Client.Version}}, engine {{.Server.Version}}"},
	daemon:  dockerAnswers,
	mounts:  true,
	headBy:  pull, // a push opens an upload without looking for the blob
	verbs: map[operation]verb{
		login:     simple("login", "-u", "$user", "-p", "$password", "$address"),
		pull:      dockerPull,
		push:      dockerPush,
		pushIndex: dockerPushIndex,
		copies:    dockerCopy,
	},
	gaps: map[operation]string{
		tags:    "it has no command to list a registry's tags",
		deletes: "it deletes only what it stores itself",
	},
}

// dockerAnswers ends the test if no engine responds. The client finds the address of the engine.
func dockerAnswers(t *testing.T) string {
	t.Helper()
	if err := bounded.Docker(t.Context()); err != nil {
		missing(t, "docker", err)
	}
	return ""
}

// dockerPull pulls an image and saves it, so that the test can read its content.
func dockerPull(s *session, references ...string) (string, error) {
	s.removeLater(references[0])
	return several(command{"pull", "$1"}, command{"save", "--output", "pulled.tar", "$1"})(s, references...)
}

// dockerPush loads an image from a file and pushes it.
func dockerPush(s *session, references ...string) (string, error) {
	s.removeLater(references[0])
	s.archive(references[0], "amd64")
	return several(command{"load", "--input", "amd64.tar"}, command{"push", "$1"})(s, references...)
}

// dockerPushIndex pushes an image for each of two architectures, then an index of both.
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

// dockerCopy pulls an image and pushes it with another name.
func dockerCopy(s *session, references ...string) (string, error) {
	s.removeLater(references[0])
	s.removeLater(references[1])
	return several(command{"pull", "$1"}, command{"tag", "$1", "$2"}, command{"push", "$2"})(s, references...)
}

// removeLater removes an image from the engine at the end of the test, if it exists.
func (s *session) removeLater(image string) {
	s.t.Cleanup(func() {
		_, _ = s.run(command{"image", "rm", "--force", image})
	})
}
