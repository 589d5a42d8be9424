package images

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/testcontainers/testcontainers-go"

	"extauthz/tests/bounded"
)

// Testcontainers returns the variables that testcontainers needs on this machine, as NAME=VALUE.
// Most machines need none. A variable that is set already is not changed. It returns an error if no
// Docker engine responds.
//
//	TESTCONTAINERS_RYUK_DISABLED   where the image cannot be pulled that removes containers which
//	                               a test leaves behind when it is killed
//	TESTCONTAINERS_HOST_OVERRIDE   where a container runs both the tests and the engine: in a
//	                               container testcontainers expects the ports at another address
func Testcontainers(ctx context.Context, progress io.Writer) (variables []string, err error) {
	if err := bounded.Docker(ctx); err != nil {
		return nil, err
	}
	e, err := connect(ctx, progress)
	if err != nil {
		return nil, err
	}
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") == "" && !e.canHave(ctx, testcontainers.ReaperDefaultImage) { //nolint:staticcheck // deprecated, but what replaces it is internal
		variables = append(variables, "TESTCONTAINERS_RYUK_DISABLED=true")
	}
	if os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") == "" && inContainer() && e.isHere(ctx) {
		variables = append(variables, "TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1")
	}
	return variables, nil
}

// canHave reports whether the engine has an image, or has pulled it now.
func (e *engine) canHave(ctx context.Context, image string) bool {
	if has, err := e.has(ctx, image); has || err != nil {
		return has
	}
	fmt.Fprintln(e.progress, "Pulling", image)
	_, err := e.docker(ctx, nil, pullLimit, "pull", "--quiet", image)
	return err == nil
}

// inContainer reports what testcontainers takes for a container.
func inContainer() bool {
	_, err := os.Stat("/.dockerenv")
	return err == nil
}

// isHere reports whether this process is in the network of the engine: it sees the interface of the
// engine's bridge.
func (e *engine) isHere(ctx context.Context) bool {
	const name = `{{index .Options "com.docker.network.bridge.name"}}`
	bridge, err := e.docker(ctx, nil, answerLimit, "network", "inspect", "--format="+name, "bridge")
	if err != nil {
		return false
	}
	_, err = net.InterfaceByName(bridge)
	return err == nil
}
