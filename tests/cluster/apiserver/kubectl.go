package apiserver

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
)

// kubectlLimit is for one command, which may wait for a condition.
const kubectlLimit = 10 * time.Minute

// Kubectl runs kubectl as the administrator, and returns what it prints. It fails the test if
// kubectl fails.
func (s *Server) Kubectl(t testing.TB, args ...string) string {
	t.Helper()
	return s.must(t, "", args)
}

// Apply runs kubectl apply with manifests, as Kubectl does.
func (s *Server) Apply(t testing.TB, manifests string, args ...string) string {
	t.Helper()
	return s.must(t, manifests, append([]string{"apply", "--filename=-"}, args...))
}

func (s *Server) must(t testing.TB, stdin string, args []string) string {
	t.Helper()
	out, err := s.Try(t.Context(), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Try runs kubectl with this standard input. If kubectl fails, the error contains what it wrote to
// standard error.
func (s *Server) Try(ctx context.Context, stdin string, args ...string) (string, error) {
	var out, reason bytes.Buffer
	kubectl := exec.Command(Program("kubectl"), append([]string{"--kubeconfig=" + s.Kubeconfig}, args...)...)
	kubectl.Stdin, kubectl.Stdout, kubectl.Stderr = strings.NewReader(stdin), &out, &reason
	if err := bounded.Run(ctx, kubectlLimit, kubectl); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(reason.String()))
	}
	return out.String(), nil
}
