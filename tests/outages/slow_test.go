package outages

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"extauthz/tests/dockercli"
	"extauthz/tests/prerequisite"
)

// TestSlowNetwork limits the bandwidth of what extauthz sends. Requests are decided as long as
// answers arrive within Envoy's time limit. Otherwise they are answered 503, and are not forwarded
// when the answers arrive later.
func TestSlowNetwork(t *testing.T) {
	needsTrafficControl(t)
	s := start(t, config{})
	f := s.traffic(t, usual...)
	f.recovers(t)
	r := s.replicas[0]
	r.bandwidth(t, "add", "tbf", "rate", "2mbit", "burst", "4kb", "limit", "1mb")
	f.recovers(t)
	r.bandwidth(t, "change", "tbf", "rate", "2kbit", "burst", "2kb", "limit", "1mb")
	dockercli.Soon(t, "answers later than the limit", func() bool {
		for _, a := range f.next(t, 5) {
			if a.status != 503 {
				return false
			}
		}
		return true
	})
	r.bandwidth(t, "del")
	f.recovers(t)
	f.finish(t)
}

// needsTrafficControl skips the test if the bandwidth of a container cannot be limited here.
func needsTrafficControl(t *testing.T) {
	t.Helper()
	for _, program := range []string{"nsenter", "tc"} {
		_, err := exec.LookPath(program)
		prerequisite.Check(t, err)
	}
	if os.Geteuid() != 0 {
		prerequisite.Check(t, errors.New("only root can limit the bandwidth of a container"))
	}
}

// bandwidth changes the queue of what the container sends.
func (r *replica) bandwidth(t *testing.T, change string, queue ...string) {
	t.Helper()
	pid := dockercli.Inspect(t, r.name, "{{.State.Pid}}")
	args := append([]string{"--target", pid, "--net", "tc", "qdisc", change, "dev", "eth0", "root"}, queue...)
	if out, err := exec.Command("nsenter", args...).CombinedOutput(); err != nil {
		t.Fatalf("nsenter %q: %v: %s", args, err, out)
	}
}
