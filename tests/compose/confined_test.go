package compose

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"extauthz/tests/dockercli"
)

// container is what the engine reports about a container.
type container struct {
	Config     struct{ User string }
	HostConfig struct {
		ReadonlyRootfs               bool
		CapAdd, CapDrop, SecurityOpt []string
		Memory, PidsLimit            int64
		NetworkMode                  string
		Privileged                   bool
		RestartPolicy                struct{ Name string }
	}
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
		Ports    map[string][]struct{ HostIp, HostPort string }
	}
	State struct {
		Status   string
		ExitCode int
		Health   struct{ Status string }
	}
}

func (p *project) inspect(t *testing.T, service string) (c container) {
	t.Helper()
	if err := json.Unmarshal([]byte(dockercli.Inspect(t, p.container(t, service), "{{json .}}")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// services are those that keep running.
var services = []string{"registry", "extauthz", "envoy", "prometheus"}

// confined checks that each container may do no more than it needs.
func (p *project) confined(t *testing.T) {
	for _, service := range append([]string{"owner"}, services...) {
		c := p.inspect(t, service)
		h := c.HostConfig
		if !h.ReadonlyRootfs || h.Privileged || h.Memory <= 0 || h.PidsLimit <= 0 || !slices.Equal(h.CapDrop, []string{"ALL"}) ||
			!slices.Contains(h.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: %+v", service, h)
		}
		if service == "owner" {
			if c.State.Status != "exited" || c.State.ExitCode != 0 || !slices.Equal(trimmed(h.CapAdd), []string{"CHOWN"}) || h.NetworkMode != "none" {
				t.Errorf("owner: %+v, %+v", c.State, h)
			}
			continue
		}
		if user, _, _ := strings.Cut(c.Config.User, ":"); user == "" || user == "0" || user == "root" || len(h.CapAdd) > 0 {
			t.Errorf("%s runs as %q with the capabilities %v", service, c.Config.User, h.CapAdd)
		}
		if h.RestartPolicy.Name != "unless-stopped" {
			t.Errorf("%s: restart policy %q", service, h.RestartPolicy.Name)
		}
		dockercli.Soon(t, "healthy: "+service, func() bool { return p.inspect(t, service).State.Health.Status == "healthy" })
	}
}

// trimmed returns names of capabilities without the prefix that newer engines add.
func trimmed(capabilities []string) (names []string) {
	for _, name := range capabilities {
		names = append(names, strings.TrimPrefix(name, "CAP_"))
	}
	return names
}
