package compose

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// onlyThroughEnvoy checks which ports this machine can reach, which is every address of a container
// here, and not only published ones. The registry has no network at all.
func (p *project) onlyThroughEnvoy(t *testing.T) {
	if registry := p.inspect(t, "registry"); registry.HostConfig.NetworkMode != "none" || len(addresses(registry)) != 0 {
		t.Errorf("the registry has the network %s and addresses %v, want none", registry.HostConfig.NetworkMode, addresses(registry))
	}
	for service, want := range map[string]struct {
		open      []int
		published string
	}{
		"envoy":      {[]int{8080, 9902}, p.envoy},
		"extauthz":   {[]int{9193}, ""},
		"prometheus": {[]int{9090}, p.prometheus},
	} {
		c := p.inspect(t, service)
		if len(addresses(c)) == 0 {
			t.Errorf("%s has no address", service)
		}
		for _, address := range addresses(c) {
			if open := openPorts(address); !slices.Equal(open, want.open) {
				t.Errorf("%s at %s has the open ports %v, want %v", service, address, open, want.open)
			}
		}
		if got := published(c); got != want.published {
			t.Errorf("%s publishes %q, want %q", service, got, want.published)
		}
	}
	for address, want := range map[string]int{p.envoy: http.StatusUnauthorized, p.prometheus: http.StatusNotFound} {
		if got := status(t, "http://"+address+"/v2/team/app/manifests/v1"); got != want {
			t.Errorf("%s answers a pull with %d, want %d", address, got, want)
		}
	}
	envoy := addresses(p.inspect(t, "envoy"))[0]
	for _, path := range []string{"/config_dump", "/quitquitquit", "/v2/", "/stats/prometheus/../../config_dump"} {
		if got := status(t, "http://"+net.JoinHostPort(envoy.String(), "9902")+path); got != http.StatusNotFound {
			t.Errorf("the listener for metrics answers %s with %d, want 404", path, got)
		}
	}
}

// addresses returns the IP addresses of a container.
func addresses(c container) (found []netip.Addr) {
	for _, network := range c.NetworkSettings.Networks {
		if ip, err := netip.ParseAddr(network.IPAddress); err == nil {
			found = append(found, ip)
		}
	}
	return found
}

// published returns the only address at which a container publishes a port, or "".
func published(c container) (address string) {
	for _, bindings := range c.NetworkSettings.Ports {
		for _, b := range bindings {
			if address != "" {
				return "several"
			}
			address = net.JoinHostPort(b.HostIp, b.HostPort)
		}
	}
	return address
}

// lastPort is above every port at which a program of the example can listen.
const lastPort = 10000

// openPorts returns the ports of the address that accept TCP connections.
func openPorts(address netip.Addr) (open []int) {
	ports := make(chan int)
	var mu sync.Mutex
	var scanning sync.WaitGroup
	for range 32 {
		scanning.Go(func() {
			for port := range ports {
				c, err := net.DialTimeout("tcp", net.JoinHostPort(address.String(), strconv.Itoa(port)), 10*time.Second)
				if err == nil {
					c.Close()
					mu.Lock()
					open = append(open, port)
					mu.Unlock()
				}
			}
		})
	}
	for port := 1; port <= lastPort; port++ {
		ports <- port
	}
	close(ports)
	scanning.Wait()
	slices.Sort(open)
	return open
}

func status(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}
