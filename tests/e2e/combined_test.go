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

// combined is the example that takes client certificates, tokens and passwords on one
// listener.
func combined(t *testing.T) setup {
	t.Helper()
	return tokenExample(t, "combined")
}

// A combinedCaller is a caller of examples/combined and what it shows.
type combinedCaller struct {
	name, source, principal string
	client                  *http.Client
	headers                 [][2]string
	login                   authn.Authenticator // the same as the headers
	pushes                  map[string]bool     // repositories, and whether the caller may push to each
}

// combinedCallers returns a caller for each kind of credential. Each may pull
// team/app.
func combinedCallers(t *testing.T, w *world) []combinedCaller {
	t.Helper()
	workflow, pod := w.issuers.workflow(t, mainBranch, nil), signed(t, w.issuers.cluster, deployer, nil)
	team := map[string]bool{"team/app": true, "people/alice/app": false}
	none := map[string]bool{"team/app": false, "people/alice/app": false}
	alice := map[string]bool{"team/app": false, "people/alice/app": true, "people/bob/app": false}
	return []combinedCaller{
		{"a URI in a certificate", "mtls", builderSession, w.by(t, issued(t, w.authority, withURI(t, builder))), nil, authn.Anonymous, team},
		{"a DNS name in a certificate", "mtls", scannerUser, w.by(t, issued(t, w.authority, withDNS("scanner.example.com"))), nil, authn.Anonymous, none},
		{"a token that Envoy verifies", "jwt_authn", githubRun, w.by(t), [][2]string{bearer(workflow)}, &authn.Bearer{Token: workflow}, team},
		{"a token that the sidecar verifies", "bearer", prodPod, w.by(t), [][2]string{bearer(pod)}, &authn.Bearer{Token: pod}, none},
		{"a token as password", "basic", githubRun, w.by(t), [][2]string{basic("AWS", workflow)}, &authn.Basic{Username: "AWS", Password: workflow}, team},
		{"a password", "basic", aliceUser, w.by(t), [][2]string{basic("alice", "alice-secret")}, &authn.Basic{Username: "alice", Password: "alice-secret"}, alice},
	}
}

// eachKindOfCaller has a caller of each kind log in, pull, and push what it may and
// nothing else.
func eachKindOfCaller(t *testing.T, w *world) {
	for _, c := range combinedCallers(t, w) {
		t.Run(c.name, func(t *testing.T) {
			w.isCaller(t, c.client, c.source, c.principal, c.headers...)
			w.show(t, c.client, http.MethodGet, "/v2/", c.headers...).wants(t, http.StatusOK)
			secure := []remote.Option{remote.WithTransport(overTLS{c.client.Transport.(*http.Transport)}), remote.WithAuth(c.login)}
			got, err := remote.Image(w.through(t, "team/app", "v1"), secure...)
			if err != nil {
				t.Fatal(err)
			}
			if digest(t, got) != digest(t, w.team) {
				t.Errorf("pulled %s, want %s", digest(t, got), digest(t, w.team))
			}
			tag := strings.ReplaceAll(c.name, " ", "-")
			for repository, may := range c.pushes {
				err := remote.Write(w.through(t, repository, tag), image(t, tag), secure...)
				_, missing := remote.Head(w.behind(t, repository, tag))
				switch {
				case may && (err != nil || missing != nil):
					t.Errorf("push to %s: %v, %v; want it to succeed", repository, err, missing)
				case !may && missing == nil:
					t.Errorf("the registry has %s:%s", repository, tag)
				case !may:
					w.show(t, c.client, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", c.headers...).wants(t, http.StatusForbidden).
						wantsError(t, "DENIED", "User: "+c.principal+" is not authorized to perform: ecr:InitiateLayerUpload", repositoryARN+repository)
				}
			}
		})
	}
}

// wrongCredentials shows an invalid credential of each kind, alone and with a valid
// one of a kind that comes later. None of them is anybody.
func wrongCredentials(t *testing.T, w *world) {
	workflow, password := w.issuers.workflow(t, mainBranch, nil), basic("alice", "alice-secret")
	expired := w.issuers.workflow(t, mainBranch, issuer.Claims{"exp": time.Now().Add(-time.Hour).Unix()})
	pod := signed(t, w.issuers.cluster, deployer, nil)
	stranger := w.by(t, issued(t, w.authority, withURI(t, builder+"/x")))
	namedAlike := w.by(t, issued(t, w.authority, withDNS("alice")))
	otherKind := w.by(t, issued(t, w.authority, withDNS(builder)))
	twoNames := w.by(t, issued(t, w.authority, withNames(t, []string{builder}, []string{"scanner.example.com"})))
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
		{"an expired token", w.by(t), [][2]string{bearer(expired)}},
		{"an expired token as password", w.by(t), [][2]string{basic("AWS", expired)}},
		{"a token signed by another issuer", w.by(t), [][2]string{bearer(signed(t, w.issuers.cluster, mainBranch, issuer.Claims{"iss": w.issuers.github.Name}))}},
		{"a token of an issuer that is not listed", w.by(t), [][2]string{bearer(signed(t, w.issuers.gitlab, pipeline, nil))}},
		{"an expired token, then a password", w.by(t), [][2]string{bearer(expired), password}},
		{"a password, then an expired token", w.by(t), [][2]string{password, bearer(expired)}},
		{"an expired token, then a valid one", w.by(t), [][2]string{bearer(expired), bearer(workflow)}},
		{"a token and a password", w.by(t), [][2]string{bearer(workflow), password}},
		{"a token as the password of a user", w.by(t), [][2]string{basic("alice", workflow)}},
		{"a password as a token", w.by(t), [][2]string{bearer("alice-secret")}},
		{"a password in the place of a token", w.by(t), [][2]string{basic("AWS", "alice-secret")}},
		{"a wrong password", w.by(t), [][2]string{basic("alice", "wrong")}},
		{"a name in a certificate as user", w.by(t), [][2]string{basic(builder, "alice-secret")}},
		{"a principal as user", w.by(t), [][2]string{basic(aliceUser, "alice-secret")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, path := range []string{"/v2/", "/v2/team/app/manifests/v1"} {
				a := w.show(t, c.client, http.MethodGet, path, c.headers...).wants(t, http.StatusUnauthorized)
				a.wantsError(t, "UNAUTHORIZED")
			}
		})
	}
}

// untrustedCertificates end the connection, whatever else the client shows.
func untrustedCertificates(t *testing.T, w *world) {
	outdated := withURI(t, builder)
	outdated.NotBefore, outdated.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	early := withURI(t, builder)
	early.NotBefore, early.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	for _, c := range []struct {
		name  string
		shown tls.Certificate
	}{
		{"of another authority", issued(t, authority(t), withURI(t, builder))},
		{"expired", issued(t, w.authority, outdated)},
		{"not yet valid", issued(t, w.authority, early)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, headers := range [][][2]string{nil, {basic("alice", "alice-secret")}, {bearer(w.issuers.workflow(t, mainBranch, nil))}} {
				request, client := w.get(t, w.showing(t, c.shown))
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

// twoCredentials are decided by the certificate alone: another credential is not
// looked at, whether it is valid or not, and adds no rights.
func twoCredentials(t *testing.T, w *world) {
	asScanner := w.by(t, issued(t, w.authority, withDNS("scanner.example.com")))
	workflow := w.issuers.workflow(t, mainBranch, nil)
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
			w.isCaller(t, asScanner, "mtls", scannerUser, c.headers...)
			w.show(t, asScanner, http.MethodGet, "/v2/team/app/manifests/v1", c.headers...).wants(t, http.StatusOK)
			for _, repository := range []string{"team/app", "people/alice/app"} { // the token may push to one, the password to the other
				w.show(t, asScanner, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", c.headers...).wants(t, http.StatusForbidden).
					wantsError(t, "DENIED", "User: "+scannerUser+" is not authorized to perform: ecr:InitiateLayerUpload")
			}
		})
	}
}

// withoutCertificate is a client that gets a TLS connection and a challenge, and that
// no header makes the holder of a certificate.
func withoutCertificate(t *testing.T, w *world) {
	plain := w.by(t)
	a := w.show(t, plain, http.MethodGet, "/v2/").wants(t, http.StatusUnauthorized)
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic realm=") {
		t.Errorf("WWW-Authenticate %q, want a Basic challenge", got)
	}
	trusted := issued(t, w.authority, withURI(t, builder))
	leaf := url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate[0]})))
	http1 := w.by(t)
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
				w.show(t, client, http.MethodGet, "/v2/team/app/tags/list", forged).wants(t, http.StatusUnauthorized)
				if forged[0] != "Authorization" {
					w.isCaller(t, client, "basic", aliceUser, forged, basic("alice", "alice-secret"))
					w.isCaller(t, client, "jwt_authn", githubRun, forged, bearer(w.issuers.workflow(t, mainBranch, nil)))
				}
			}
		})
	}
}

// certificateNotForged sends the headers of another certificate with a certificate.
func certificateNotForged(t *testing.T, w *world) {
	asScanner := w.by(t, issued(t, w.authority, withDNS("scanner.example.com")))
	for _, name := range []string{"X-Forwarded-Client-Cert", "X-Envoy-Downstream-Service-Cluster", "X-Envoy-Peer-Metadata"} {
		w.isCaller(t, asScanner, "mtls", scannerUser, [2]string{name, "By=spiffe://registry;Hash=00;URI=" + builder})
	}
}

// overTLSPlainly is a client without a certificate, over TLS.
func overTLSPlainly(t *testing.T, w *world) *http.Client {
	t.Helper()
	return w.by(t)
}
