package outages

import (
	"testing"

	"extauthz/tests/dockercli"
)

// TestReplicaKilled kills one of two replicas. The other decides all requests as soon as Envoy has
// noticed.
func TestReplicaKilled(t *testing.T) {
	s := start(t, config{}, config{})
	f := s.traffic(t, usual...)
	f.recovers(t)
	dockercli.Run(t, "kill", s.replicas[0].name)
	f.recovers(t)
	dockercli.Run(t, "start", s.replicas[0].name)
	s.healthy(t)
	f.finish(t)
}

// TestReplicaPaused pauses one of two replicas, whose connections stay open.
func TestReplicaPaused(t *testing.T) {
	s := start(t, config{}, config{})
	f := s.traffic(t, usual...)
	f.recovers(t)
	dockercli.Run(t, "pause", s.replicas[0].name)
	f.next(t, 5)
	f.recovers(t)
	dockercli.Run(t, "unpause", s.replicas[0].name)
	f.recovers(t)
	f.finish(t)
}
