package envoybin

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"

	"extauthz/tests/bounded"
)

// image is the release that Docker runs where neither PATH nor the package
// index has one.
const image = "envoyproxy/envoy:v" + Pinned

// fromImage is Envoy's image on this machine's network, where a Docker engine
// answers. Host networking is Linux's: elsewhere the loopback addresses inside
// are not those outside.
func fromImage(ctx context.Context, _ string, progress io.Writer) (*Envoy, error) {
	if err := bounded.Docker(ctx); err != nil {
		return nil, fmt.Errorf("%w; install Docker and start its engine", err)
	}
	fmt.Fprintln(progress, "Pulling", image)
	if err := bounded.Quietly(ctx, fetchLimit, exec.Command("docker", "pull", image), progress, "pulling"); err != nil {
		return nil, fmt.Errorf("docker pull %s: %w; check the network", image, err)
	}
	return &Envoy{Source: "image " + image, command: mounted(nil), image: true}, nil
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
