package outages

import (
	"testing"

	"extauthz/tests/dockercli"
)

// TestPaused pauses extauthz: the requests that wait for it are answered 503, and none is forwarded
// when it continues.
func TestPaused(t *testing.T) {
	s := start(t, config{})
	f := s.traffic(t, usual...)
	f.recovers(t)
	dockercli.Run(t, "pause", s.replicas[0].name)
	f.unavailable(t)
	dockercli.Run(t, "unpause", s.replicas[0].name)
	f.recovers(t)
	f.finish(t)
}

// TestKilled kills extauthz and starts it again.
func TestKilled(t *testing.T) {
	s := start(t, config{})
	f := s.traffic(t, usual...)
	f.recovers(t)
	dockercli.Run(t, "kill", s.replicas[0].name)
	f.unavailable(t)
	dockercli.Run(t, "start", s.replicas[0].name)
	f.recovers(t)
	f.finish(t)
}

// TestRestarted restarts extauthz, which ends in order.
func TestRestarted(t *testing.T) {
	s := start(t, config{})
	f := s.traffic(t, usual...)
	f.recovers(t)
	dockercli.Run(t, "stop", s.replicas[0].name)
	if code := dockercli.Inspect(t, s.replicas[0].name, "{{.State.ExitCode}}"); code != "0" {
		t.Errorf("exit code %s, want 0", code)
	}
	f.unavailable(t)
	dockercli.Run(t, "start", s.replicas[0].name)
	f.recovers(t)
	f.finish(t)
}

// TestCutOff removes extauthz from the network, so that its connections neither end nor carry data.
func TestCutOff(t *testing.T) {
	s := start(t, config{})
	f := s.traffic(t, usual...)
	f.recovers(t)
	s.network.disconnect(t, s.replicas[0].name)
	f.unavailable(t)
	s.network.connect(t, s.replicas[0].name, s.replicas[0].address)
	f.recovers(t)
	f.finish(t)
}
