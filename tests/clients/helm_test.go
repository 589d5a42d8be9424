package clients

import (
	"os"
	"strings"

	"extauthz/tests/clientbin"
)

// helm pushes and pulls charts, which only helm can make.
var helm = &client{
	name:     "helm",
	find:     fromModule(clientbin.Helm),
	version:  command{"version", "--template", "{{.Version}}"},
	prepare:  writeChart,
	artifact: "demo:0.1.0",
	seeds:    true,
	pulled:   "name: demo",
	headText: "403: Forbidden",
	verbs: map[operation]verb{
		login: helmCommand("registry", "login", "--plain-http", "-u", "$user", "-p", "$password", "$address"),
		pull:  helmCommand("pull", "--plain-http", "--untar", "--untardir", "pulled", "oci://$repository1", "--version", "$tag1"),
		push:  helmPush,
		tags:  helmCommand("pull", "--plain-http", "oci://$repository1", "--version", ">0.0.0"),
	},
	gaps: map[operation]string{
		pushIndex: "a chart is for every platform",
		copies:    "it has no command to copy a chart",
		deletes:   "it has no command to delete a chart",
	},
}

// helmCommand returns the verb of a helm command with the session's login.
func helmCommand(args ...string) verb {
	return simple(append(args, "--registry-config", "$home/config.json")...)
}

// helmPush packs the chart and pushes it to the parent of the repository, because helm adds the
// name of the chart.
func helmPush(s *session, references ...string) (string, error) {
	parent := strings.TrimSuffix(references[0], "/demo:0.1.0")
	return several(command{"package", "demo"},
		command{"push", "demo-0.1.0.tgz", "oci://" + parent, "--plain-http", "--registry-config", "$home/config.json"})(s, references...)
}

// writeChart writes a minimal chart.
func writeChart(s *session) {
	s.t.Helper()
	if err := os.MkdirAll(s.path("demo/templates"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.write("demo/Chart.yaml", "apiVersion: v2\nname: demo\nversion: 0.1.0\n")
}
