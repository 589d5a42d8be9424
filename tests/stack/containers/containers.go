package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"extauthz/extauthztest"
	"extauthz/tests/images"
	"extauthz/tests/stack"
)

// Containers is a running system.
type Containers struct {
	images  images.Images
	all     *extauthztest.Container
	admin   testcontainers.Container // forwards to the admin interface of extauthz
	stopped map[stack.Part]bool
}

var _ stack.Stack = (*Containers)(nil)

// adminPort is where the admin interface is reachable; extauthz serves it at a loopback address.
const adminPort = "9194/tcp"

// Start starts a system and returns when all of its parts are ready. The folder share is mounted
// read-only at its own path; the policy directory and the certificates of the specification must
// be below it. After an error, no container is left.
func Start(ctx context.Context, found images.Images, spec stack.Spec, share string) (*Containers, error) {
	if err := supported(spec); err != nil {
		return nil, err
	}
	config, err := envoyConfig(spec)
	if err != nil {
		return nil, err
	}
	s := &Containers{images: found, stopped: map[stack.Part]bool{}}
	s.all, err = extauthztest.Run(ctx, found.Extauthz,
		extauthztest.WithEnvoyImage(found.Envoy),
		extauthztest.WithRegistryImage(found.Registry),
		extauthztest.WithEnvoyConfig(config),
		extauthztest.WithArguments(append([]string{"--policies", spec.Policies, "--drain-timeout", "2s"}, spec.Flags...)...),
		extauthztest.WithEnvoyOptions(mounting(share), listening(), testcontainers.WithCmdArgs("--component-log-level", "main:info")),
		testcontainers.WithExposedPorts(adminPort),
		mounting(share),
	)
	if err == nil {
		err = s.startForward(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// supported returns an error for a specification that only processes can have.
func supported(spec stack.Spec) error {
	if spec.Upstream != "" || len(spec.Under) > 0 || spec.Listen != "" {
		return errors.New("containers have neither another upstream, another command nor a listener's address")
	}
	return nil
}

// mounting mounts a folder of this machine read-only at its own path.
func mounting(folder string) testcontainers.ContainerCustomizer {
	return testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
		h.Binds = append(h.Binds, folder+":"+folder+":ro")
	})
}

// listening waits until Envoy has bound its listeners. Docker's own proxy accepts connections
// before.
func listening() testcontainers.ContainerCustomizer {
	return testcontainers.WithWaitStrategy(wait.ForLog("starting main dispatch loop"))
}

// envoyConfig returns the example with the addresses of the containers.
func envoyConfig(spec stack.Spec) ([]byte, error) {
	example, err := os.ReadFile(spec.Envoy)
	if err != nil {
		return nil, err
	}
	config, err := stack.Rewire(example, stack.Wiring{
		Listener: "0.0.0.0:8080", Registry: "registry:5000", Authz: "extauthz:9191", Admin: "/tmp/envoy.sock", Certs: spec.Certs,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(spec.Envoy), err)
	}
	return config, nil
}

// startForward makes the admin interface reachable. It runs in the network of extauthz, and so must
// start again when extauthz does.
func (s *Containers) startForward(ctx context.Context) error {
	started, err := testcontainers.Run(ctx, s.images.Client,
		testcontainers.WithCmd("forward", "0.0.0.0:9194", "127.0.0.1:9192"),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.NetworkMode = container.NetworkMode("container:" + s.all.GetContainerID())
		}),
	)
	if started != nil {
		s.admin = started
	}
	return err
}

// part returns the container of a part.
func (s *Containers) part(part stack.Part) testcontainers.Container {
	switch part {
	case stack.Envoy:
		return s.all.Envoy()
	case stack.Registry:
		return s.all.Registry()
	default:
		return s.all.Container
	}
}

// Address returns the HOST:PORT on this machine of a part, or "" if it is not running.
func (s *Containers) Address(part stack.Part) string {
	port := map[stack.Part]string{stack.Envoy: "8080/tcp", stack.Registry: "5000/tcp", stack.Extauthz: adminPort}[part]
	address, err := s.part(part).PortEndpoint(context.Background(), port, "")
	if err != nil {
		return ""
	}
	return address
}

// Log returns the output of a part since it was first started, or the reason why it is unavailable.
func (s *Containers) Log(part stack.Part) string {
	logs, err := s.part(part).Logs(context.Background())
	if err != nil {
		return err.Error()
	}
	defer logs.Close()
	text, err := io.ReadAll(logs)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Signal sends a signal to a part.
func (s *Containers) Signal(part stack.Part, signal syscall.Signal) error {
	return s.withDocker(func(ctx context.Context, docker client.APIClient) error {
		_, err := docker.ContainerKill(ctx, s.part(part).GetContainerID(), client.ContainerKillOptions{Signal: fmt.Sprint(int(signal))})
		return err
	})
}

// Kill ends a part with SIGKILL, and returns when it has ended.
func (s *Containers) Kill(part stack.Part) error {
	if err := s.Signal(part, syscall.SIGKILL); err != nil {
		return err
	}
	s.stopped[part] = true
	return s.withDocker(func(ctx context.Context, docker client.APIClient) error {
		wait := docker.ContainerWait(ctx, s.part(part).GetContainerID(), client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
		select {
		case err := <-wait.Error:
			return err
		case <-wait.Result:
			return nil
		}
	})
}

// Start starts a part that was killed, and returns when it is ready.
func (s *Containers) Start(part stack.Part) error {
	if !s.stopped[part] {
		return fmt.Errorf("%s is already running", part)
	}
	ctx := context.Background()
	if err := s.part(part).Start(ctx); err != nil {
		return err
	}
	s.stopped[part] = false
	if part != stack.Extauthz {
		return nil
	}
	if err := testcontainers.TerminateContainer(s.admin); err != nil {
		return err
	}
	return s.startForward(ctx)
}

// Close removes the containers and their network.
func (s *Containers) Close() error {
	var errs []error
	if s.admin != nil {
		errs = append(errs, testcontainers.TerminateContainer(s.admin, testcontainers.StopTimeout(0)))
	}
	return errors.Join(append(errs, testcontainers.TerminateContainer(s.all))...)
}

// withDocker calls f with a client of the engine, and a context for one call.
func (s *Containers) withDocker(f func(context.Context, client.APIClient) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return err
	}
	defer docker.Close()
	return f(ctx, docker)
}
