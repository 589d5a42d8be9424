package mesh

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// thirdHost is the host of a registry that an update adds.
const thirdHost = "third.example.com"

// TestXDSUpdates changes the files of examples/mesh/xds. During and after each change, Envoy forwards
// no request that extauthz has not allowed.
func TestXDSUpdates(t *testing.T) {
	s := startXDS(t)
	fill(t, s.site)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *xdsSite)
	}{
		{"a registry is added", addRegistry},
		{"the listener changes", changeListener},
		{"a file is invalid", invalidFile},
		{"extauthz has no cluster", noCluster},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.watch(t)
			c.run(t, s)
			s.swap(t, s.files)
			s.becomes(t, request{host: registryHost, user: "alice", method: "GET", target: "/v2/"}, http.StatusOK)
			p.end(t, s)
		})
	}
}

// addRegistry adds a virtual host that the policies do not know, without context extensions. The
// filter of the listener checks it too, and extauthz refuses it.
func addRegistry(t *testing.T, s *xdsSite) {
	const updated = "http.registries.rds.registries.update_success"
	before := s.stat(t, updated)
	s.swap(t, s.changed(t, "routes.yaml", "  - name: others\n", `  - name: third
    domains: ["`+thirdHost+`"]
    routes: [ { match: { prefix: "/" }, route: { cluster: mirror } } ]
  - name: others
`))
	s.exceeds(t, updated, before)
	for _, user := range []string{"", "alice"} {
		got := s.send(t, request{host: thirdHost, user: user, method: "GET", target: "/v2/team/app/manifests/v1"})
		if got.status < 400 || !strings.Contains(got.body, `"errors"`) {
			t.Errorf("a registry that the policies do not know, as %q: status %d, body %.200q", user, got.status, got.body)
		}
	}
}

// changeListener replaces the listener, and with it all connections.
func changeListener(t *testing.T, s *xdsSite) {
	const added = "listener_manager.listener_modified"
	before := s.stat(t, added)
	s.swap(t, s.changed(t, "listeners.yaml", "stat_prefix: registries\n        codec_type", "stat_prefix: changed\n        codec_type"))
	s.exceeds(t, added, before)
	for range 50 {
		s.send(t, request{host: registryHost, method: "GET", target: "/v2/team/app/manifests/v1"}).is(t, http.StatusUnauthorized, "UNAUTHORIZED")
		s.send(t, request{host: registryHost, user: "bob", method: "PUT", target: "/v2/team/app/manifests/v1"}).is(t, http.StatusForbidden, "ecr:PutImage")
	}
	s.becomes(t, request{host: registryHost, user: "bob", method: "GET", target: "/v2/team/app/manifests/v1"}, http.StatusOK)
}

// invalidFile replaces each file with one that Envoy cannot parse, and with one that it rejects: the
// last one stays in effect.
func invalidFile(t *testing.T, s *xdsSite) {
	for _, c := range []struct{ file, counters, old, unparsable, invalid string }{
		{"listeners.yaml", "listener_manager.lds.", "timeout: 0.5s", "timeout: 5", "timeout: -1s"},
		{"routes.yaml", "http.registries.rds.registries.", "route: { cluster: registry }", "route: { cluster: [] }", "route: { cluster: \"\" }"},
		{"clusters.yaml", "cluster_manager.cds.", "dns_refresh_rate: 5s", "dns_refresh_rate: 5", "dns_refresh_rate: 0s"},
	} {
		for _, fault := range []struct{ text, counter string }{{c.unparsable, c.counters + "update_failure"}, {c.invalid, c.counters + "update_rejected"}} {
			before := s.stat(t, fault.counter)
			s.swap(t, s.changed(t, c.file, c.old, fault.text))
			s.exceeds(t, fault.counter, before)
			s.send(t, request{host: registryHost, user: "bob", method: "GET", target: "/v2/team/app/manifests/v1"}).is(t, http.StatusOK, "")
			s.send(t, request{host: registryHost, user: "bob", method: "PUT", target: "/v2/team/app/manifests/v1"}).is(t, http.StatusForbidden, "ecr:PutImage")
		}
	}
}

// noCluster removes the cluster of extauthz: every answer is 503.
func noCluster(t *testing.T, s *xdsSite) {
	const first = "- \"@type\": type.googleapis.com/envoy.config.cluster.v3.Cluster\n  name: ext-authz\n"
	_, cluster, _ := strings.Cut(s.files["clusters.yaml"], first)
	s.swap(t, s.changed(t, "clusters.yaml", first+cluster, ""))
	s.becomes(t, request{host: registryHost, user: "alice", method: "GET", target: "/v2/"}, http.StatusServiceUnavailable)
}

// A probe sends requests that no policy allows, at least 30, until it ends.
type probe struct {
	stop chan struct{}
	done sync.WaitGroup
	sent int
}

// watch starts a probe: no update may let its requests through.
func (s *xdsSite) watch(t *testing.T) *probe {
	t.Helper()
	p := &probe{stop: make(chan struct{})}
	client := &http.Client{Transport: s.transport(t, nil)}
	p.done.Go(func() {
		for {
			for _, host := range []string{registryHost, mirrorHost, thirdHost} {
				p.sent++
				response, err := client.Get("https://" + host + "/v2/team/app/manifests/v1")
				if err != nil {
					continue // a connection may end with its listener
				}
				response.Body.Close()
				if response.StatusCode < 400 {
					t.Errorf("an anonymous pull at %s: status %d during an update", host, response.StatusCode)
				}
			}
			select {
			case <-p.stop:
				if p.sent >= 30 {
					return
				}
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	return p
}

// end ends the probe, and checks that no request reached the mirror.
func (p *probe) end(t *testing.T, s *xdsSite) {
	t.Helper()
	close(p.stop)
	p.done.Wait()
	if received := s.mirror.take(); len(received) != 0 {
		t.Errorf("the mirror received %d of %d requests, want none", len(received), p.sent)
	}
}
