package containers

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"extauthz/tests/stack"
)

// EnvoyHost is the name of Envoy's container on the private network. A registry of the policies that
// clients in containers use has this host.
const EnvoyHost = "envoy"

// Crane runs crane in a container on the private network with Docker's config.json, and returns what
// it printed and an error if it failed. In args and in the file, the addresses of Envoy and of the
// registry may be those on this machine: they are replaced by those on the private network.
func (s *Containers) Crane(ctx context.Context, config string, args ...string) (string, error) {
	private := strings.NewReplacer(s.Address(stack.Envoy), EnvoyHost+":8080", s.Address(stack.Registry), "registry:5000")
	command := []string{"crane", "--insecure"} // plain HTTP to a host that is not a loopback address
	for _, arg := range args {
		command = append(command, private.Replace(arg))
	}
	client, err := testcontainers.Run(ctx, s.images.Client,
		network.WithNetworkName(nil, s.all.NetworkName()),
		testcontainers.WithCmd(command...),
		testcontainers.WithEnv(map[string]string{"DOCKER_CONFIG": "/tmp"}),
		testcontainers.WithFiles(testcontainers.ContainerFile{
			Reader: strings.NewReader(private.Replace(config)), ContainerFilePath: "/tmp/config.json", FileMode: 0o600,
		}),
		testcontainers.WithWaitStrategy(wait.ForExit().WithExitTimeout(10*time.Minute)),
	)
	defer testcontainers.TerminateContainer(client)
	if err != nil {
		return "", fmt.Errorf("client: %w", err)
	}
	return ended(ctx, client)
}

// ended returns the output of a container that has ended, and an error if its exit code is not 0.
func ended(ctx context.Context, c testcontainers.Container) (string, error) {
	state, err := c.State(ctx)
	if err != nil {
		return "", err
	}
	logs, err := c.Logs(ctx)
	if err != nil {
		return "", err
	}
	defer logs.Close()
	out, err := io.ReadAll(logs)
	if err == nil && state.ExitCode != 0 {
		err = fmt.Errorf("exit code %d", state.ExitCode)
	}
	return string(out), err
}
