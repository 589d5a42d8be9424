package envoybin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// image is the release that Docker runs where neither PATH nor the package
// index has one.
const image = "envoyproxy/envoy:v" + Pinned

// fromImage is Envoy's image on this machine's network, where a Docker engine
// answers. Host networking is Linux's: elsewhere the loopback addresses inside
// are not those outside.
func fromImage(ctx context.Context, _ string, progress io.Writer) (*Envoy, error) {
	if err := dockerAnswers(ctx); err != nil {
		return nil, err
	}
	fmt.Fprintln(progress, "Pulling", image)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	pull := exec.CommandContext(ctx, "docker", "pull", image)
	pull.Stdout, pull.Stderr = progress, progress
	if err := pull.Run(); err != nil {
		return nil, fmt.Errorf("docker cannot pull %s: %w", image, err)
	}
	return &Envoy{Source: "image " + image, command: mounted(nil), image: true}, nil
}

// dockerAnswers tells a client that reaches an engine from one that does not.
func dockerAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := exec.CommandContext(ctx, "docker", "info").Run(); err != nil {
		return errors.New("no Docker engine answers")
	}
	return nil
}

// mounted is the docker run that gives Envoy the folders under their own names
// and the rights of this user to them.
func mounted(folders []string) []string {
	argv := []string{"docker", "run", "--rm", "--network=host",
		fmt.Sprintf("--user=%d:%d", os.Getuid(), os.Getgid()), "--entrypoint=envoy"}
	for _, folder := range folders {
		argv = append(argv, "--volume="+folder+":"+folder)
	}
	return append(argv, image)
}
