package extauthztest

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// Ports in the containers.
const (
	envoyPort    = "8080/tcp"
	registryPort = "5000/tcp"
	probePort    = "9193/tcp"
)

// startLimit is how long a container may take to be ready on a busy machine.
const startLimit = 5 * time.Minute

// daemonHost returns the host at which the engine publishes ports.
func daemonHost(ctx context.Context) (string, error) {
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return "", err
	}
	defer provider.Close()
	return provider.DaemonHost(ctx)
}

// publish publishes a port of a container: at a loopback address of this machine if the engine runs
// here, so that no other machine reaches it.
func publish(port, host string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		if err := testcontainers.WithExposedPorts(port)(req); err != nil {
			return err
		}
		address, loopback := loopbackOf(host)
		if !loopback {
			return nil
		}
		inside, err := network.ParsePort(port)
		if err != nil {
			return err
		}
		return testcontainers.WithHostConfigModifier(func(config *container.HostConfig) {
			if config.PortBindings == nil {
				config.PortBindings = network.PortMap{}
			}
			config.PortBindings[inside] = []network.PortBinding{{HostIP: address}}
		})(req)
	}
}

// loopbackOf returns the address of a host that is this machine.
func loopbackOf(host string) (address netip.Addr, ok bool) {
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	address, err := netip.ParseAddr(host)
	return address, err == nil && address.IsLoopback()
}

// ready waits until a request for path at a port is answered with one of the statuses.
func ready(port, path string, statuses ...int) testcontainers.CustomizeRequestOption {
	accepted := func(status int) bool { return slices.Contains(statuses, status) }
	answer := wait.ForHTTP(path).WithPort(port).WithStatusCodeMatcher(accepted).WithStartupTimeout(startLimit)
	return testcontainers.WithWaitStrategyAndDeadline(startLimit, answer)
}
