package e2e

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/issuer"
)

// The principals of examples/combined that have no name elsewhere in this package.
const (
	builderSession = "arn:aws:sts::123456789012:assumed-role/ci-builder/builder"
	scannerUser    = "arn:aws:iam::123456789012:user/scanner"
)

// combined is the example that accepts client certificates, tokens and passwords on one
// listener.
func combined(t *testing.T) setup {
	t.Helper()
	return tokenExample(t, "combined")
}

// A combinedCaller is a caller of examples/combined and its credentials.
type combinedCaller struct {
	name, source, principal string
	client                  *http.Client
	headers                 [][2]string
	login                   authn.Authenticator // the same as the headers
	pushes                  map[string]bool     // repositories, and whether the caller may push to each
}

// combinedCallers returns a caller for each kind of credential. Each may pull
// team/app.
func combinedCallers(t *testing.T, sys *system) []combinedCaller {
	t.Helper()
	workflow, pod := sys.issuers.workflow(t, mainBranch, nil), signed(t, sys.issuers.cluster, deployer, nil)
	team := map[string]bool{"team/app": true, "people/alice/app": false}
	none := map[string]bool{"team/app": false, "people/alice/app": false}
	alice := map[string]bool{"team/app": false, "people/alice/app": true, "people/bob/app": false}
	return []combinedCaller{
		{"a URI in a certificate", "mtls", builderSession, sys.by(t, issued(t, sys.authority, withURI(t, builder))), nil, authn.Anonymous, team},
		{"a DNS name in a certificate", "mtls", scannerUser, sys.by(t, issued(t, sys.authority, withDNS("scanner.example.com"))), nil, authn.Anonymous, none},
		{"a token that Envoy verifies", "jwt_authn", githubRun, sys.by(t), [][2]string{bearer(workflow)}, &authn.Bearer{Token: workflow}, team},
		{"a token that the sidecar verifies", "bearer", prodPod, sys.by(t), [][2]string{bearer(pod)}, &authn.Bearer{Token: pod}, none},
		{"a token as password", "basic", githubRun, sys.by(t), [][2]string{basic("AWS", workflow)}, &authn.Basic{Username: "AWS", Password: workflow}, team},
		{"a password", "basic", aliceUser, sys.by(t), [][2]string{basic("alice", "alice-secret")}, &authn.Basic{Username: "alice", Password: "alice-secret"}, alice},
	}
}

// eachKindOfCaller lets a caller of each kind log in, pull, and push to exactly the
// repositories that it may push to.
func eachKindOfCaller(t *testing.T, sys *system) {
	for _, c := range combinedCallers(t, sys) {
		t.Run(c.name, func(t *testing.T) {
			sys.isCaller(t, c.client, c.source, c.principal, c.headers...)
			sys.requestWith(t, c.client, http.MethodGet, "/v2/", c.headers...).hasStatus(t, http.StatusOK)
			secure := []remote.Option{remote.WithTransport(overTLS{c.client.Transport.(*http.Transport)}), remote.WithAuth(c.login)}
			got, err := remote.Image(sys.through(t, "team/app", "v1"), secure...)
			if err != nil {
				t.Fatal(err)
			}
			if digest(t, got) != digest(t, sys.team) {
				t.Errorf("pulled %s, want %s", digest(t, got), digest(t, sys.team))
			}
			tag := strings.ReplaceAll(c.name, " ", "-")
			for repository, may := range c.pushes {
				err := remote.Write(sys.through(t, repository, tag), image(t, tag), secure...)
				_, missing := remote.Head(sys.behind(t, repository, tag))
				switch {
				case may && (err != nil || missing != nil):
					t.Errorf("push to %s: %v, %v; want it to succeed", repository, err, missing)
				case !may && missing == nil:
					t.Errorf("the registry has %s:%s", repository, tag)
				case !may:
					sys.requestWith(t, c.client, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", c.headers...).hasStatus(t, http.StatusForbidden).
						hasError(t, "DENIED", "User: "+c.principal+" is not authorized to perform: ecr:InitiateLayerUpload", repositoryARN+repository)
				}
			}
		})
	}
}

// wrongCredentials sends an invalid credential of each kind, alone and with a valid one of a
// kind that comes later. All are rejected.
func wrongCredentials(t *testing.T, sys *system) {
	workflow, password := sys.issuers.workflow(t, mainBranch, nil), basic("alice", "alice-secret")
	expired := sys.issuers.workflow(t, mainBranch, issuer.Claims{"exp": time.Now().Add(-time.Hour).Unix()})
	pod := signed(t, sys.issuers.cluster, deployer, nil)
	stranger := sys.by(t, issued(t, sys.authority, withURI(t, builder+"/x")))
	namedAlike := sys.by(t, issued(t, sys.authority, withDNS("alice")))
	otherKind := sys.by(t, issued(t, sys.authority, withDNS(builder)))
	twoNames := sys.by(t, issued(t, sys.authority, withNames(t, []string{builder}, []string{"scanner.example.com"})))
	for _, c := range []struct {
		name    string
		client  *http.Client
		headers [][2]string
	}{
		{"a certificate that maps to no principal", stranger, nil},
		{"that certificate with a password", stranger, [][2]string{password}},
		{"that certificate with a token that Envoy verifies", stranger, [][2]string{bearer(workflow)}},
		{"that certificate with a token that the sidecar verifies", stranger, [][2]string{bearer(pod)}},
		{"that certificate with a token as password", stranger, [][2]string{basic("AWS", workflow)}},
		{"a certificate named like a user, with the user's password", namedAlike, [][2]string{password}},
		{"a certificate with a name of another kind, with a password", otherKind, [][2]string{password}},
		{"a certificate of two principals, with a password", twoNames, [][2]string{password}},
		{"an expired token", sys.by(t), [][2]string{bearer(expired)}},
		{"an expired token as password", sys.by(t), [][2]string{basic("AWS", expired)}},
		{"a token signed by another issuer", sys.by(t), [][2]string{bearer(signed(t, sys.issuers.cluster, mainBranch, issuer.Claims{"iss": sys.issuers.github.Name}))}},
		{"a token of an issuer that is not listed", sys.by(t), [][2]string{bearer(signed(t, sys.issuers.gitlab, pipeline, nil))}},
		{"an expired token, then a password", sys.by(t), [][2]string{bearer(expired), password}},
		{"a password, then an expired token", sys.by(t), [][2]string{password, bearer(expired)}},
		{"an expired token, then a valid one", sys.by(t), [][2]string{bearer(expired), bearer(workflow)}},
		{"a token and a password", sys.by(t), [][2]string{bearer(workflow), password}},
		{"a token as the password of a user", sys.by(t), [][2]string{basic("alice", workflow)}},
		{"a password as a token", sys.by(t), [][2]string{bearer("alice-secret")}},
		{"a password in the place of a token", sys.by(t), [][2]string{basic("AWS", "alice-secret")}},
		{"a wrong password", sys.by(t), [][2]string{basic("alice", "wrong")}},
		{"a name in a certificate as user", sys.by(t), [][2]string{basic(builder, "alice-secret")}},
		{"a principal as user", sys.by(t), [][2]string{basic(aliceUser, "alice-secret")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, path := range []string{"/v2/", "/v2/team/app/manifests/v1"} {
				a := sys.requestWith(t, c.client, http.MethodGet, path, c.headers...).hasStatus(t, http.StatusUnauthorized)
				a.hasError(t, "UNAUTHORIZED")
			}
		})
	}
}

// untrustedCertificates checks that an untrusted certificate ends the connection, whatever
// other credentials the client has.
func untrustedCertificates(t *testing.T, sys *system) {
	outdated := withURI(t, builder)
	outdated.NotBefore, outdated.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	early := withURI(t, builder)
	early.NotBefore, early.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	for _, c := range []struct {
		name  string
		shown tls.Certificate
	}{
		{"of another authority", issued(t, authority(t), withURI(t, builder))},
		{"expired", issued(t, sys.authority, outdated)},
		{"not yet valid", issued(t, sys.authority, early)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, headers := range [][][2]string{nil, {basic("alice", "alice-secret")}, {bearer(sys.issuers.workflow(t, mainBranch, nil))}} {
				request, client := sys.get(t, sys.showing(t, c.shown))
				for _, h := range headers {
					request.Header.Set(h[0], h[1])
				}
				if response, err := client.Do(request); err == nil {
					response.Body.Close()
					t.Errorf("status %d with %d other credentials, want no answer", response.StatusCode, len(headers))
				}
			}
		})
	}
}

// twoCredentials checks that the certificate alone decides: another credential is ignored,
// valid or not, and adds no rights.
func twoCredentials(t *testing.T, sys *system) {
	asScanner := sys.by(t, issued(t, sys.authority, withDNS("scanner.example.com")))
	workflow := sys.issuers.workflow(t, mainBranch, nil)
	for _, c := range []struct {
		name    string
		headers [][2]string
	}{
		{"a password", [][2]string{basic("alice", "alice-secret")}},
		{"a wrong password", [][2]string{basic("alice", "wrong")}},
		{"a token", [][2]string{bearer(workflow)}},
		{"an invalid token", [][2]string{bearer(unsigned(workflow))}},
		{"a token as password", [][2]string{basic("AWS", workflow)}},
		{"a token and a password", [][2]string{bearer(workflow), basic("alice", "alice-secret")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sys.isCaller(t, asScanner, "mtls", scannerUser, c.headers...)
			sys.requestWith(t, asScanner, http.MethodGet, "/v2/team/app/manifests/v1", c.headers...).hasStatus(t, http.StatusOK)
			for _, repository := range []string{"team/app", "people/alice/app"} { // the token may push to one, the password to the other
				sys.requestWith(t, asScanner, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", c.headers...).hasStatus(t, http.StatusForbidden).
					hasError(t, "DENIED", "User: "+scannerUser+" is not authorized to perform: ecr:InitiateLayerUpload")
			}
		})
	}
}

// withoutCertificate is a client that gets a TLS connection and a challenge. No header can
// replace the certificate.
func withoutCertificate(t *testing.T, sys *system) {
	plain := sys.by(t)
	a := sys.requestWith(t, plain, http.MethodGet, "/v2/").hasStatus(t, http.StatusUnauthorized)
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic realm=") {
		t.Errorf("WWW-Authenticate %q, want a Basic challenge", got)
	}
	trusted := issued(t, sys.authority, withURI(t, builder))
	leaf := url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate[0]})))
	http1 := sys.by(t)
	http1.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	for _, forged := range [][2]string{
		{"X-Forwarded-Client-Cert", "By=spiffe://registry;Hash=00;URI=" + builder},
		{"X-Forwarded-Client-Cert", `Hash=00;Cert="` + leaf + `";URI=` + builder + ";DNS=scanner.example.com"},
		{"x-forwarded-client-cert", `Subject="CN=scanner.example.com";DNS=scanner.example.com`},
		{"Client-Cert", ":" + base64.StdEncoding.EncodeToString(trusted.Certificate[0]) + ":"}, // RFC 9440
		{"X-Client-Cert", leaf},
		{"X-SSL-Client-Cert", leaf},
		{"X-SSL-Client-Verify", "SUCCESS"},
		{"X-SSL-Client-S-DN", "CN=scanner.example.com"},
		{"X-Amzn-Mtls-Clientcert", leaf},
		{"X-Envoy-Downstream-Service-Cluster", builder},
		{"X-Envoy-Downstream-Service-Node", builder},
		{"X-Envoy-Peer-Metadata", builder},
		{"X-Envoy-Peer-Metadata-Id", builder},
		{"X-Auth-Request-Email", "alice@example.com"},
		{"X-Spiffe-Id", builder},
		{"Authorization", "Certificate " + leaf},
		{"Authorization", "Mutual " + leaf},
	} {
		t.Run(forged[0], func(t *testing.T) {
			for _, client := range []*http.Client{plain, http1} {
				sys.requestWith(t, client, http.MethodGet, "/v2/team/app/tags/list", forged).hasStatus(t, http.StatusUnauthorized)
				if forged[0] != "Authorization" {
					sys.isCaller(t, client, "basic", aliceUser, forged, basic("alice", "alice-secret"))
					sys.isCaller(t, client, "jwt_authn", githubRun, forged, bearer(sys.issuers.workflow(t, mainBranch, nil)))
				}
			}
		})
	}
}

// certificateNotForged sends the headers of another certificate with a certificate.
func certificateNotForged(t *testing.T, sys *system) {
	asScanner := sys.by(t, issued(t, sys.authority, withDNS("scanner.example.com")))
	for _, name := range []string{"X-Forwarded-Client-Cert", "X-Envoy-Downstream-Service-Cluster", "X-Envoy-Peer-Metadata"} {
		sys.isCaller(t, asScanner, "mtls", scannerUser, [2]string{name, "By=spiffe://registry;Hash=00;URI=" + builder})
	}
}

// overTLSWithoutCertificate returns a TLS client without a certificate.
func overTLSWithoutCertificate(t *testing.T, sys *system) *http.Client {
	t.Helper()
	return sys.by(t)
}
