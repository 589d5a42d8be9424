package compose

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/dockercli"
	"extauthz/tests/images"
	"extauthz/tests/prerequisite"
)

// environment returns the variables that name the images of the example.
func environment(t *testing.T) []string {
	t.Helper()
	found, err := images.Ensure(t.Context(), t.Output())
	prerequisite.Check(t, err)
	found.Registry = complete(t, found.Registry, map[string]string{"/bin/chown": "busybox", "/bin/wget": "busybox"})
	found.Envoy = complete(t, found.Envoy, map[string]string{"/usr/local/bin/bash": "bash"})
	return append(found.Environment(), "PROMETHEUS_IMAGE="+prometheusImage(t))
}

// complete returns an image with programs of this machine, by path in the image, if base is an
// equivalent of an official image, and otherwise base.
func complete(t *testing.T, base string, programs map[string]string) string {
	t.Helper()
	if !strings.HasPrefix(base, "extauthz-images/") {
		return base
	}
	return build(t, []string{"FROM " + base, "COPY files /"}, programs)
}

// prometheusImage returns the image that PROMETHEUS_IMAGE names, or one with the prometheus of this
// machine, or the official one.
func prometheusImage(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("PROMETHEUS_IMAGE"); name != "" {
		return name
	}
	if _, err := exec.LookPath("prometheus"); err != nil {
		const official = "prom/prometheus:v3.5.0"
		if _, err := dockercli.Try("pull", "--quiet", official); err != nil {
			prerequisite.Check(t, fmt.Errorf("no prometheus on PATH, and: %w", err))
		}
		return official
	}
	return build(t, []string{"FROM scratch", "COPY files /", "USER 65534:65534", `ENTRYPOINT ["/bin/prometheus"]`},
		map[string]string{"/bin/prometheus": "prometheus", "/bin/wget": "busybox"})
}

// build builds an image from instructions that copy the folder files, which contains the programs
// with their libraries, and a folder /prometheus that every user can write to. The image is removed
// after the test.
func build(t *testing.T, instructions []string, programs map[string]string) string {
	t.Helper()
	dockerfile := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(dockerfile, []byte(strings.Join(instructions, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	places := []images.Place{{From: dockerfile, To: "Dockerfile"}, {To: "files/prometheus"}}
	for path, program := range programs {
		for _, file := range filesOf(t, program) {
			places = append(places, images.Place{From: file, To: "files" + file})
		}
		places = append(places, images.Place{From: located(t, program), To: "files" + path})
	}
	content := images.Archive(places)
	defer content.Close()
	image := "extauthz-compose:" + strings.ToLower(rand.Text())
	dockercli.Input(t, content, "build", "--quiet", "--force-rm", "--network=none", "--tag="+image, "-")
	dockercli.After(t, "image", "rm", image)
	return image
}

// filesOf returns the libraries of a program on PATH.
func filesOf(t *testing.T, program string) []string {
	t.Helper()
	libraries, err := images.Libraries(t.Context(), located(t, program))
	if err != nil {
		t.Fatal(err)
	}
	return libraries
}

// located returns the path of a program on PATH.
func located(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	prerequisite.Check(t, err)
	return path
}
