package mesh

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestLiveIstio runs Istio's control plane with an API server that has the manifests of the example.
func TestLiveIstio(t *testing.T) {
	p := startIstio(t)
	p.startEnvoy(t, settings(t))
	record(t, "istio", "http://"+envoyAdmin)
	t.Run("extauthz doctor has one suggestion", p.doctor)
	p.run(t)
	t.Run("a fragment is not forwarded", func(t *testing.T) { fragment(t, p.site) })
	t.Run("a host that the policies do not know", p.unknownHost)
	t.Run("the provider does not exist", p.missingProvider)
	t.Run("the provider does not speak gRPC", p.wrongProtocol)
	t.Run("no setting of path normalization reveals the secret", p.normalizations)
}

// configured waits until Envoy has a text in its configuration.
func (p *istio) configured(t *testing.T, text string) {
	t.Helper()
	for limit := time.Now().Add(readyLimit); ; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(configDump(t, "http://"+envoyAdmin), text) {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("Envoy's configuration does not have %s", text)
		}
	}
}

// doctor checks the running Envoy as the README of the example describes.
func (p *istio) doctor(t *testing.T) {
	out, err := exec.Command(programs.Extauthz, "doctor", "--policies", p.policies, "--admin", envoyAdmin).Output()
	if err != nil || strings.Count(string(out), "suggestion: no-retry") != 1 || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%v: %s", err, out)
	}
}

// fragment sends a fragment, which Istio's Envoys remove before the check.
func fragment(t *testing.T, s *site) {
	got := s.send(t, request{host: registryHost, user: "bob", method: "GET", target: "/v2/team/app/manifests/v1#/../../../../secret/app/manifests/v1",
		header: []string{"Accept", "application/vnd.docker.distribution.manifest.v2+json"}})
	if strings.Contains(got.body, secret) {
		t.Errorf("status %d, body %.200q", got.status, got.body)
	}
	s.send(t, request{host: mirrorHost, user: "alice", method: "GET", target: "/v2/team/app/manifests/v1#/../../../../secret/app/manifests/v1"})
	for _, r := range s.mirror.take() {
		if r.RequestURI != "/v2/team/app/manifests/v1" {
			t.Errorf("the mirror received %q", r.RequestURI)
		}
	}
}

// unknownHost adds a route for a host that no registry of the policies has.
func (p *istio) unknownHost(t *testing.T) {
	p.api.Kubectl(t, "patch", "gateways.networking.istio.io", "registries", "--namespace=registry", "--type=json",
		"--patch", `[{"op":"add","path":"/spec/servers/0/hosts/-","value":"./`+thirdHost+`"}]`)
	p.api.Apply(t, strings.NewReplacer("name: mirror,", "name: third,", mirrorHost, thirdHost).Replace(lastDocument(example(t, "istio", "routes.yaml"))))
	p.configured(t, thirdHost)
	pull := request{host: thirdHost, user: "alice", method: "GET", target: "/v2/team/app/manifests/v1"}
	for limit := time.Now().Add(readyLimit); ; time.Sleep(50 * time.Millisecond) {
		got := p.send(t, pull)
		if got.status < 400 || time.Now().After(limit) {
			t.Fatalf("status %d, body %.200q, want a denial by extauthz", got.status, got.body)
		}
		if got.status == http.StatusMisdirectedRequest {
			break
		}
	}
	if received := p.mirror.take(); len(received) != 0 {
		t.Errorf("the mirror received %d requests, want none", len(received))
	}
}

// lastDocument returns the last document of a file.
func lastDocument(text string) string { return text[strings.LastIndex(text, "---\n"):] }

// missingProvider renames the provider, and gives it a Service that does not exist: Istio denies every
// request that the policy matches.
func (p *istio) missingProvider(t *testing.T) {
	pull := request{host: registryHost, user: "alice", method: "GET", target: "/v2/team/app/manifests/v1"}
	for _, change := range []func(provider map[string]any){
		func(provider map[string]any) { provider["name"] = "another" },
		func(provider map[string]any) {
			provider["envoyExtAuthzGrpc"].(map[string]any)["service"] = "another.registry.svc.cluster.local"
		},
	} {
		config := meshConfig(t)
		config["enableAutoMtls"] = false
		change(config["extensionProviders"].([]any)[0].(map[string]any))
		p.applyMesh(t, config)
		p.becomes(t, pull, http.StatusForbidden)
		p.send(t, request{host: registryHost, method: "GET", target: pull.target}).is(t, http.StatusForbidden, "RBAC")
		p.setMesh(t, "")
		p.becomes(t, pull, http.StatusOK)
	}
}

// wrongProtocol renames the port of extauthz, so that Envoy sends checks in HTTP/1.1.
func (p *istio) wrongProtocol(t *testing.T) {
	rename := func(name string) {
		for _, object := range []struct{ kind, name, path string }{{"service", "extauthz", "/spec/ports/0/name"}, {"endpointslice", "extauthz-1", "/ports/0/name"}} {
			p.api.Kubectl(t, "patch", object.kind, object.name, "--namespace=registry", "--type=json",
				"--patch", `[{"op":"replace","path":"`+object.path+`","value":"`+name+`"}]`)
		}
	}
	pull := request{host: registryHost, user: "alice", method: "GET", target: "/v2/team/app/manifests/v1"}
	rename("http")
	p.becomes(t, pull, http.StatusServiceUnavailable)
	rename("grpc")
	p.becomes(t, pull, http.StatusOK)
}

// normalizations runs Envoy without the gateway's own settings, as an older release of Istio does, with
// each way of Istio to normalize paths.
func (p *istio) normalizations(t *testing.T) {
	p.proxy.Stop()
	p.startEnvoy(t, nil)
	for _, c := range []struct{ normalization, configured string }{
		{"BASE", `"normalize_path": true`},
		{"MERGE_SLASHES", `"merge_slashes": true`},
		{"DECODE_AND_MERGE_SLASHES", `"path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"`},
		{"NONE", `"normalize_path": false`},
	} {
		t.Run(c.normalization, func(t *testing.T) {
			p.setMesh(t, c.normalization)
			p.configured(t, c.configured)
			hostilePaths(t, p.site)
			fragment(t, p.site)
		})
	}
}
