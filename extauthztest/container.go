package extauthztest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
)

// A Container is extauthz in a container, with Envoy and a registry in two others.
type Container struct {
	testcontainers.Container // extauthz

	envoy, registry testcontainers.Container
	network         *testcontainers.DockerNetwork
	options         *options
	host            string // at which the engine publishes ports

	mu         sync.Mutex // of SetPolicies
	generation int        // of the policies that were copied last
	content    []byte     // their archive
	loaded     error      // of loading them
}

// Run starts extauthz from the image, Envoy and a registry, and returns when Envoy answers requests.
// If it returns an error and a Container, that has the parts that were started, and must be
// terminated; [testcontainers.CleanupContainer] and [testcontainers.TerminateContainer] accept nil.
func Run(ctx context.Context, image string, opts ...testcontainers.ContainerCustomizer) (*Container, error) {
	o, others, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	host, err := daemonHost(ctx)
	if err != nil {
		return nil, fmt.Errorf("extauthztest: Docker engine: %w", err)
	}
	o.hosts = []string{"localhost", "127.0.0.1", "envoy", host}
	private, err := network.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("extauthztest: network: %w", err)
	}
	c := &Container{network: private, options: o, host: host}
	if err := c.startRegistry(ctx, o); err != nil {
		return c, fmt.Errorf("extauthztest: registry: %w", err)
	}
	if err := c.startExtauthz(ctx, image, o, others); err != nil {
		return c, fmt.Errorf("extauthztest: extauthz: %w", err)
	}
	if err := c.startEnvoy(ctx, o); err != nil {
		return c, fmt.Errorf("extauthztest: envoy: %w", err)
	}
	return c, nil
}

func (c *Container) startRegistry(ctx context.Context, o *options) error {
	started, err := testcontainers.Run(ctx, o.registryImage,
		network.WithNetwork([]string{"registry"}, c.network),
		testcontainers.WithEnv(map[string]string{
			"REGISTRY_HTTP_RELATIVEURLS":      "true", // behind a proxy a registry does not know its own address
			"REGISTRY_STORAGE_DELETE_ENABLED": "true", // a policy decides who may delete
		}),
		publish(registryPort, c.host),
		ready(registryPort, "/v2/", http.StatusOK),
	)
	c.registry = orNil(started)
	return err
}

// startExtauthz starts the sidecar after its policies have been copied. It needs neither root's
// capabilities nor a file system to write to.
func (c *Container) startExtauthz(ctx context.Context, image string, o *options, others []testcontainers.ContainerCustomizer) error {
	copyPolicies := func(ctx context.Context, created testcontainers.Container) error {
		return c.copyPolicies(ctx, created.GetContainerID(), o.policies)
	}
	started, err := testcontainers.Run(ctx, image, append([]testcontainers.ContainerCustomizer{
		network.WithNetwork([]string{"extauthz"}, c.network),
		testcontainers.WithCmd(append([]string{"serve", "--policies", policyLink,
			"--listen", "0.0.0.0:9191", "--probe-listen", "0.0.0.0:9193"}, o.arguments...)...),
		testcontainers.WithHostConfigModifier(func(config *container.HostConfig) {
			config.ReadonlyRootfs, config.CapDrop = true, []string{"ALL"}
			config.SecurityOpt = append(config.SecurityOpt, "no-new-privileges")
			config.Mounts = append(config.Mounts, mount.Mount{Type: mount.TypeVolume, Target: policyRoot})
		}),
		testcontainers.WithLifecycleHooks(testcontainers.ContainerLifecycleHooks{
			PostCreates: []testcontainers.ContainerHook{copyPolicies},
		}),
		publish(probePort, c.host),
		ready(probePort, "/readyz", http.StatusOK),
	}, others...)...)
	c.Container = orNil(started)
	return err
}

func (c *Container) startEnvoy(ctx context.Context, o *options) error {
	started, err := testcontainers.Run(ctx, o.envoyImage, append([]testcontainers.ContainerCustomizer{
		network.WithNetwork([]string{"envoy"}, c.network),
		testcontainers.WithFiles(testcontainers.ContainerFile{
			Reader: bytes.NewReader(o.envoyConfig), ContainerFilePath: "/etc/envoy/extauthztest.yaml", FileMode: 0o644,
		}),
		testcontainers.WithCmd("envoy", "-c", "/etc/envoy/extauthztest.yaml", "--log-level", "warning",
			"--file-flush-interval-msec", "100"), // so that the access log is soon complete
		publish(envoyPort, c.host),
		ready(envoyPort, "/v2/", http.StatusOK, http.StatusUnauthorized),
	}, o.envoyOptions...)...)
	c.envoy = orNil(started)
	return err
}

// orNil returns a nil interface for a nil pointer.
func orNil(c *testcontainers.DockerContainer) testcontainers.Container {
	if c == nil {
		return nil
	}
	return c
}

// Envoy returns the container of Envoy, and Registry that of the registry.
func (c *Container) Envoy() testcontainers.Container { return c.envoy }

// Registry returns the container of the registry.
func (c *Container) Registry() testcontainers.Container { return c.registry }

// NetworkName returns the name of the network on which Envoy is envoy:8080. A client in a container
// joins it with the package network of testcontainers.
func (c *Container) NetworkName() string { return c.network.Name }

// Address returns the HOST:PORT of Envoy: the registry, as clients should use it.
func (c *Container) Address(ctx context.Context) (string, error) {
	return c.envoy.PortEndpoint(ctx, envoyPort, "")
}

// RegistryAddress returns the HOST:PORT of the registry itself, where no policy applies: a test
// pushes there what must exist before the test begins.
func (c *Container) RegistryAddress(ctx context.Context) (string, error) {
	return c.registry.PortEndpoint(ctx, registryPort, "")
}

// MetricsURL returns the address of the metrics of extauthz.
func (c *Container) MetricsURL(ctx context.Context) (string, error) {
	address, err := c.PortEndpoint(ctx, probePort, "http")
	return address + "/metrics", err
}

// DockerConfig returns the configuration of a client that is logged in as the user: the content of
// config.json in the folder that the variable DOCKER_CONFIG names. The error is [ErrUnknownUser] if
// the user's password is not known.
func (c *Container) DockerConfig(ctx context.Context, user string) ([]byte, error) {
	address, err := c.Address(ctx)
	if err != nil {
		return nil, err
	}
	return c.dockerConfig(address, user)
}

// Decisions returns the lines of the decision log, one JSON object for each request that Envoy
// has checked, in the order of the decisions.
func (c *Container) Decisions(ctx context.Context) ([]string, error) {
	logs, err := c.Logs(ctx)
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	text, err := io.ReadAll(logs)
	if err != nil {
		return nil, err
	}
	return decisions(string(text)), nil
}

// Terminate ends and removes the containers, Envoy first, and their network.
func (c *Container) Terminate(ctx context.Context, opts ...testcontainers.TerminateOption) error {
	if c == nil {
		return nil
	}
	var errs []error
	for _, part := range []testcontainers.Container{c.envoy, c.Container, c.registry} {
		if part != nil {
			errs = append(errs, part.Terminate(ctx, opts...))
		}
	}
	return errors.Join(append(errs, c.network.Remove(ctx))...)
}
