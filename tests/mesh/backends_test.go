package mesh

import (
	"context"
	"net/http"
	"testing"
	"time"

	"extauthz/tests/daemon"
)

// readyLimit is how long a change may take to have an effect on a busy machine.
const readyLimit = 5 * time.Minute

// answers returns a function that returns nil when the status of a URL is 200.
func answers(url string) func(context.Context) error { return daemon.OK(http.DefaultClient, url) }

// places are the addresses of the registry, of the mirror and of extauthz in the network namespace.
type places struct{ registry, mirror, checker string }

// startBackends starts the registry, the mirror and extauthz with the policies of an example.
func startBackends(t *testing.T, example string, at places) *site {
	t.Helper()
	const admin = "127.0.0.1:9192"
	s := &site{registry: at.registry, policies: copied(t, example), mirror: newMirror(t, at.mirror)}
	daemon.Start(t, answers("http://"+s.registry+"/v2/"), programs.Registry, s.registry, t.TempDir())
	s.checker = daemon.Start(t, answers("http://"+admin+"/readyz"), programs.Extauthz, "serve",
		"--policies", s.policies, "--listen", at.checker, "--admin-listen", admin, "--drain-timeout", "2s")
	return s
}
