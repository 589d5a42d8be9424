package compose

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"extauthz/tests/checkout"
	"extauthz/tests/dockercli"

	_ "extauthz/goldentest" // accept -update
)

// TestExample types the commands of the README in order, and checks the system in between.
func TestExample(t *testing.T) {
	p := newProject(t)
	commands := commandsOf(t)
	const denial = "denied: User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:PutImage"
	p.types(t, commands[0], "docker compose up", "")
	t.Run("every container is healthy and confined", p.confined)
	p.types(t, commands[1], "echo alice-secret | docker login", "Login Succeeded")
	p.types(t, commands[2], "tar ", "sha256:")
	t.Cleanup(func() {
		if out, err := p.run("docker image rm localhost:8080/team/app:v1"); err != nil {
			t.Errorf("docker image rm: %v: %s", err, out)
		}
	})
	p.types(t, commands[3], "docker push", "digest: sha256:")
	p.types(t, commands[4], "echo bob-secret | docker login", "Login Succeeded")
	p.types(t, commands[5], "docker pull", "Digest: sha256:")
	p.types(t, commands[6], "docker push", denial)
	p.types(t, commands[7], "sed -i", "")
	p.types(t, commands[6], "docker push", "digest: sha256:")

	t.Run("Envoy is the only way to the registry", p.onlyThroughEnvoy)
	t.Run("Prometheus reads the metrics", p.scraped)
	t.Run("extauthz restarts", func(t *testing.T) {
		p.types(t, "docker compose restart extauthz", "docker compose", "")
		p.types(t, commands[5], "docker pull", "Digest: sha256:")
	})
	p.types(t, commands[8], "docker compose down --volumes", "")
	t.Run("nothing is left", p.gone)
}

// commandsOf returns the commands in the README of the example.
func commandsOf(t *testing.T) (commands []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(checkout.Root(), "examples", "compose", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^ *```bash\n(.*?)^ *```$").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			commands = append(commands, strings.TrimSpace(line))
		}
	}
	if len(commands) != 9 {
		t.Fatalf("%d commands, want 9: %q", len(commands), commands)
	}
	return commands
}

// types runs a command, which must begin with the prefix, until its output contains the text. It
// repeats it because a change of policies takes effect a moment after it. Without a text, the
// command must succeed at once.
func (p *project) types(t *testing.T, command, prefix, text string) {
	t.Helper()
	if !strings.HasPrefix(command, prefix) {
		t.Fatalf("the command is %q, want %q at its beginning", command, prefix)
	}
	var out string
	var err error
	if text == "" {
		if out, err = p.run(command); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
		return
	}
	dockercli.Soon(t, "the expected output of "+command, func() bool {
		out, err = p.run(command)
		if !strings.Contains(out, text) {
			t.Logf("%s: %v: %s", command, err, out)
			return false
		}
		return true
	})
}

// gone checks that Compose removed everything that it created.
func (p *project) gone(t *testing.T) {
	for _, list := range [][]string{{"ps", "--all"}, {"volume", "ls"}, {"network", "ls"}} {
		left := dockercli.Run(t, append(list, "--quiet", "--filter=label=com.docker.compose.project="+p.name)...)
		if left != "" {
			t.Errorf("docker %s: %s", strings.Join(list, " "), left)
		}
	}
}
