package mesh

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"extauthz/tests/certs"
)

// secret is in the image of the repository secret/app only: a response that contains it reveals it.
const secret = "the-secret-of-the-private-repository"

// scenarios run one after the other on a site. The last ones change it.
var scenarios = []struct {
	name string
	run  func(*testing.T, *site)
}{
	{"callers log in", logIn},
	{"pushes and pulls", pushAndPull},
	{"the registry is the host's", registryByHost},
	{"a mount needs a readable source", mounts},
	{"hostile paths reveal nothing", hostilePaths},
	{"forged headers identify no caller", forgedHeaders},
	{"the registry receives no credential", strippedHeaders},
	{"a workload's certificate", certificates},
	{"a policy changes", policyChange},
	{"extauthz is killed", outage},
}

// run runs every scenario.
func (s *site) run(t *testing.T) {
	fill(t, s)
	for _, c := range scenarios {
		t.Run(c.name, func(t *testing.T) { c.run(t, s) })
	}
}

// fill pushes the images to the registry directly.
func fill(t *testing.T, s *site) {
	t.Helper()
	for _, repository := range []string{"team/app", "secret/app"} {
		tag, err := name.NewTag(s.registry+"/"+repository+":v1", name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(tag, image(t, repository)); err != nil {
			t.Fatal(err)
		}
	}
}

// image returns an image with one layer.
func image(t *testing.T, repository string) v1.Image {
	t.Helper()
	content := "a layer of " + repository
	if repository == "secret/app" {
		content = secret
	}
	made, err := mutate.Append(empty.Image, mutate.Addendum{Layer: static.NewLayer([]byte(content), types.OCILayer), Annotations: map[string]string{"content": content}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// blob returns the digest of the image's layer.
func blob(t *testing.T, repository string) string {
	t.Helper()
	layers, err := image(t, repository).Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func logIn(t *testing.T, s *site) {
	anonymous := s.send(t, request{host: registryHost, method: "GET", target: "/v2/"})
	anonymous.is(t, http.StatusUnauthorized, "UNAUTHORIZED")
	if challenge := anonymous.header.Get("Www-Authenticate"); !strings.HasPrefix(challenge, "Basic ") {
		t.Errorf("challenge %q, want Basic", challenge)
	}
	s.send(t, request{host: registryHost, user: "mallory", method: "GET", target: "/v2/"}).is(t, http.StatusUnauthorized, "")
	s.send(t, request{host: registryHost, user: "alice", method: "GET", target: "/v2/"}).is(t, http.StatusOK, "")
}

func pushAndPull(t *testing.T, s *site) {
	tag, err := name.NewTag(registryHost + "/team/pushed:v1")
	if err != nil {
		t.Fatal(err)
	}
	through := func(user string) []remote.Option {
		return []remote.Option{remote.WithTransport(s.transport(t, nil)), remote.WithAuth(&authn.Basic{Username: user, Password: user + "-secret"})}
	}
	if err := remote.Write(tag, image(t, "team/pushed"), through("alice")...); err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(tag, through("bob")...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pulled.RawConfigFile(); err != nil {
		t.Error(err)
	}
	if err := remote.Write(tag, image(t, "team/other"), through("bob")...); err == nil || !strings.Contains(err.Error(), "ecr:InitiateLayerUpload") {
		t.Errorf("bob pushes: %v, want a denial of ecr:InitiateLayerUpload", err)
	}
	s.send(t, request{host: registryHost, user: "bob", method: "GET", target: "/v2/secret/app/manifests/v1"}).is(t, http.StatusForbidden, "DENIED")
}

// registryByHost checks that the host alone, or the route that it selects, determines the registry.
func registryByHost(t *testing.T, s *site) {
	const target = "/v2/team/app/manifests/v1"
	s.send(t, request{host: registryHost, user: "bob", method: "GET", target: target}).is(t, http.StatusOK, "")
	s.send(t, request{host: mirrorHost, user: "bob", method: "GET", target: target}).
		is(t, http.StatusForbidden, "arn:aws:ecr:us-east-1:123456789012:repository/team/app")
	if received := s.mirror.take(); len(received) != 0 {
		t.Errorf("the mirror received %d requests, want none", len(received))
	}
	s.send(t, request{host: mirrorHost, user: "alice", method: "GET", target: target}).is(t, http.StatusOK, "")
	if received := s.mirror.take(); len(received) != 1 {
		t.Errorf("the mirror received %d requests, want 1", len(received))
	}
	for _, header := range []string{"X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-Host"} {
		s.send(t, request{host: mirrorHost, user: "bob", method: "GET", target: target, header: []string{header, registryHost}}).is(t, http.StatusForbidden, "us-east-1")
	}
	for _, host := range []string{"elsewhere.example.com", "x." + registryHost, registryHost + ".", registryHost + ":x", ""} {
		if got := s.send(t, request{host: host, user: "alice", method: "GET", target: target}); got.status < 400 || got.status > 499 {
			t.Errorf("host %q: status %d, want 4xx", host, got.status)
		}
	}
}

func mounts(t *testing.T, s *site) {
	mount := func(repository, from string) reply {
		return s.send(t, request{host: registryHost, user: "alice", method: "POST",
			target: "/v2/" + repository + "/blobs/uploads/?mount=" + blob(t, from) + "&from=" + from})
	}
	mount("team/mounted", "team/app").is(t, http.StatusCreated, "")
	mount("team/stolen", "secret/app").is(t, http.StatusAccepted, "")
	s.send(t, request{host: registryHost, user: "alice", method: "HEAD", target: "/v2/team/stolen/blobs/" + blob(t, "secret/app")}).is(t, http.StatusNotFound, "")
}

// hostile are paths that some servers read as the secret image's.
var hostile = []string{
	"/v2/secret%2Fapp/manifests/v1", "/v2%2Fsecret%2Fapp%2Fmanifests%2Fv1", "/%76%32/secret/app/manifests/v1",
	"/%2576%2532/secret/app/manifests/v1", "/v2/s%65cret/app/manifests/v1", "/v2/secret/app/m%61nifests/v1",
	"//v2/secret/app/manifests/v1", "/v2//secret/app/manifests/v1", "/v2/./secret/app/manifests/v1",
	"/v2/team/../secret/app/manifests/v1", "/v2/team/%2e%2e/secret/app/manifests/v1", "/v2/team/..%2Fsecret/app/manifests/v1",
	"/v2/team/..;/secret/app/manifests/v1", `/v2\secret\app\manifests\v1`, "/v2/team%5C..%5Csecret/app/manifests/v1",
	"/x/../v2/secret/app/manifests/v1", "/V2/secret/app/manifests/v1", "/v2/Secret/app/manifests/v1",
	"/v2/secret/app/manifests/v1?x=/v2/team/app/manifests/v1", "/v2/secret/app/manifests/v1/", "/v2/secret/app/manifests/v1;x",
	"https://" + registryHost + "/v2/secret/app/manifests/v1", "http://elsewhere.example.com/v2/secret/app/manifests/v1",
	"/v2/team/app/manifests/v1%23/../../../../secret/app/manifests/v1", "/v2", "/", "/v1/_ping", "/metrics", "/v2/_catalog",
}

// hostilePaths checks that no path reveals the secret or reaches the mirror unauthorized.
func hostilePaths(t *testing.T, s *site) {
	for _, target := range hostile {
		for _, user := range []string{"", "bob"} {
			got := s.send(t, request{host: registryHost, user: user, method: "GET", target: target,
				header: []string{"Accept", "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"}})
			if strings.Contains(got.body, secret) || got.status < 300 && target != "/v2" {
				t.Errorf("%q as %q: status %d, body %.200q", target, user, got.status, got.body)
			}
			s.send(t, request{host: mirrorHost, user: user, method: "GET", target: target})
		}
	}
	for _, r := range s.mirror.take() {
		if strings.Trim(r.URL.Path, "/") != "v2" {
			t.Errorf("the mirror received %s, want nothing", r.RequestURI)
		}
	}
	got := s.send(t, request{host: registryHost, user: "alice", method: "GET", target: "/v2/team/app/manifests/v1"})
	got.is(t, http.StatusOK, "a layer of team/app") // the marker of an image is in its manifest
}

// forgedHeaders sends headers in which a client claims to be another caller.
func forgedHeaders(t *testing.T, s *site) {
	const admin = "spiffe://cluster.local/ns/prod/sa/deployer"
	for _, forged := range [][]string{
		{"X-Forwarded-Client-Cert", "By=spiffe://cluster.local/ns/registry/sa/default;Hash=00;URI=" + admin},
		{"X-Envoy-Downstream-Service-Cluster", admin}, {"X-Envoy-Downstream-Service-Node", admin},
		{"X-Envoy-Original-Path", "/v2/"}, {"X-Original-Url", "/v2/"}, {"X-Rewrite-Url", "/v2/"},
		{"X-Envoy-Internal", "true"}, {"X-Forwarded-For", "127.0.0.1"}, {"X-Envoy-Auth-Failure-Mode-Allowed", "true"},
		{"X-Auth-Request-Email", "alice@example.com"}, {"X-Forwarded-User", "alice"}, {"X-Remote-User", "alice"},
		{"X-Istio-Attributes", "alice"}, {"X-B3-Sampled", "1"}, {"X-Envoy-Decorator-Operation", "x"},
		{"X-Envoy-Peer-Metadata", "alice"}, {"X-Envoy-Attempt-Count", "1"}, {"Proxy-Authorization", "Basic YWxpY2U6YWxpY2Utc2VjcmV0"},
	} {
		s.send(t, request{host: registryHost, method: "GET", target: "/v2/team/app/manifests/v1", header: forged}).is(t, http.StatusUnauthorized, "")
		if got := s.send(t, request{host: registryHost, user: "bob", method: "GET", target: "/v2/secret/app/manifests/v1", header: forged}); got.status < 400 {
			t.Errorf("%q: status %d, want a denial", forged, got.status)
		}
	}
	for _, method := range []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"} {
		got := s.send(t, request{host: mirrorHost, user: "alice", method: "GET", target: "/v2/team/app/manifests/v1", header: []string{method, "DELETE"}})
		for _, r := range s.mirror.take() {
			if r.Header.Get(method) != "" {
				t.Errorf("%s: status %d, and the mirror received the header", method, got.status)
			}
		}
	}
}

// strippedHeaders checks that an allowed request arrives without its credential.
func strippedHeaders(t *testing.T, s *site) {
	s.send(t, request{host: mirrorHost, user: "alice", method: "GET", target: "/v2/team/app/tags/x", header: []string{"Cookie", "a=b"}})
	s.mirror.take()
	s.send(t, request{host: mirrorHost, user: "alice", method: "GET", target: "/v2/team/app/manifests/v1"}).is(t, http.StatusOK, "")
	received := s.mirror.take()
	if len(received) != 1 {
		t.Fatalf("the mirror received %d requests, want 1", len(received))
	}
	for _, name := range []string{"Authorization", "X-Original-Url", "X-Forwarded-Host", "X-Http-Method-Override"} {
		if value := received[0].Header.Get(name); value != "" {
			t.Errorf("the mirror received %s: %q", name, value)
		}
	}
}

// certificates checks who a client certificate is. If the check contains only its first name, then
// principalKind must give the kind of that name, which cannot be seen.
func certificates(t *testing.T, s *site) {
	const pull, deployer = "/v2/team/app/manifests/v1", "spiffe://cluster.local/ns/prod/sa/deployer"
	known, unknown := workload(t, deployer), workload(t, "spiffe://elsewhere/ns/prod/sa/deployer")
	s.send(t, request{host: registryHost, method: "GET", target: pull, certificate: known}).is(t, http.StatusOK, "")
	for host, target := range map[string]string{registryHost: "/v2/secret/app/manifests/v1", mirrorHost: pull} {
		s.send(t, request{host: host, user: "alice", method: "GET", target: target, certificate: known}).
			is(t, http.StatusForbidden, "arn:aws:sts::123456789012:assumed-role/prod/pod")
	}
	s.send(t, request{host: registryHost, method: "GET", target: pull, certificate: unknown}).is(t, http.StatusUnauthorized, "")
	s.send(t, request{host: registryHost, user: "alice", method: "GET", target: pull, certificate: unknown}).is(t, http.StatusUnauthorized, "")
	dns := certs.Named("workload")
	dns.DNSNames = []string{deployer}
	looksLikeURI := s.send(t, request{host: registryHost, method: "GET", target: pull, certificate: dns})
	if s.whole {
		looksLikeURI.is(t, http.StatusUnauthorized, "")
		return
	}
	looksLikeURI.is(t, http.StatusOK, "")
	restore := s.edit(t, "registries.yaml", "  principalKind: uri\n", "")
	s.becomes(t, request{host: registryHost, user: "alice", method: "GET", target: pull, certificate: known}, http.StatusUnauthorized)
	s.send(t, request{host: registryHost, method: "GET", target: pull, certificate: known}).is(t, http.StatusUnauthorized, "include_peer_certificate")
	restore()
	s.becomes(t, request{host: registryHost, method: "GET", target: pull, certificate: known}, http.StatusOK)
}

// policyChange lets bob push, without a restart.
func policyChange(t *testing.T, s *site) {
	start := request{host: registryHost, user: "bob", method: "POST", target: "/v2/team/app/blobs/uploads/"}
	restore := s.edit(t, "principals.yaml", "user/bob\n  policies: [team-pull]", "user/bob\n  policies: [team-push]")
	s.becomes(t, start, http.StatusAccepted)
	restore()
	s.becomes(t, start, http.StatusForbidden)
}

// edit replaces a text in a file of the policies, and returns a function that restores the file.
func (s *site) edit(t *testing.T, name, old, text string) (restore func()) {
	t.Helper()
	file := filepath.Join(s.policies, name)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(before), old) {
		t.Fatalf("%s does not contain %q", name, old)
	}
	write(t, file, strings.ReplaceAll(string(before), old, text))
	return func() { write(t, file, string(before)) }
}

// becomes waits until the status of a request is the given one.
func (s *site) becomes(t *testing.T, r request, status int) {
	t.Helper()
	for limit := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		got := s.send(t, r)
		switch {
		case got.status == status:
			return
		case time.Now().After(limit):
			t.Fatalf("status %d, want %d", got.status, status)
		}
	}
}

// outage kills extauthz: every answer is 503, and nothing reaches the mirror.
func outage(t *testing.T, s *site) {
	if err := s.checker.Kill(); err != nil {
		t.Fatal(err)
	}
	s.mirror.take()
	for _, user := range []string{"alice", ""} {
		for _, host := range []string{registryHost, mirrorHost} {
			for _, target := range []string{"/v2/", "/v2/team/app/manifests/v1"} {
				s.send(t, request{host: host, user: user, method: "GET", target: target}).is(t, http.StatusServiceUnavailable, "")
			}
		}
	}
	if received := s.mirror.take(); len(received) != 0 {
		t.Errorf("the mirror received %d requests, want none", len(received))
	}
	if err := s.checker.Start(); err != nil {
		t.Fatal(err)
	}
	s.becomes(t, request{host: registryHost, user: "alice", method: "GET", target: "/v2/"}, http.StatusOK)
}
