package e2e

import (
	"crypto/tls"
	"net/http"
	"path/filepath"
	"testing"

	"extauthz/tests/stack"
)

const (
	ssoHeader = "X-Auth-Request-Email"
	aliceUser = "arn:aws:iam::123456789012:user/alice"
	robotUser = "arn:aws:iam::123456789012:user/robot"
)

// by returns a client with these certificates.
func (sys *system) by(t *testing.T, shown ...tls.Certificate) *http.Client {
	t.Helper()
	return &http.Client{Transport: sys.showing(t, shown...)}
}

// trustedHeader sends the single sign-on proxy's header over the proxy's own connection.
func trustedHeader(t *testing.T, sys *system) {
	proxy := sys.by(t, issued(t, sys.authority, withDNS("sso.example.com")))
	sys.isCaller(t, proxy, "header", aliceUser, [2]string{ssoHeader, "alice@example.com"})
	sys.isCaller(t, proxy, "header", aliceUser, [2]string{ssoHeader, "alice@example.com"}, basic("robot", "robot-secret"))
	sys.isCaller(t, proxy, "basic", robotUser, basic("robot", "robot-secret"))
	for _, c := range []struct {
		name    string
		headers [][2]string
	}{
		{"no header", nil},
		{"an empty name", [][2]string{{ssoHeader, ""}}},
		{"two names", [][2]string{{ssoHeader, "alice@example.com"}, {ssoHeader, "robot@example.com"}}},
		{"one name twice", [][2]string{{ssoHeader, "alice@example.com"}, {ssoHeader, "alice@example.com"}}},
		{"a list", [][2]string{{ssoHeader, "alice@example.com, robot@example.com"}}},
		{"another domain", [][2]string{{ssoHeader, "alice@example.com.evil.example"}}},
		{"a path", [][2]string{{ssoHeader, "x/alice@example.com"}}},
		{"beyond ASCII", [][2]string{{ssoHeader, "alicé@example.com"}}},
		{"an unknown address with a password", [][2]string{{ssoHeader, "alice@evil.example"}, basic("robot", "robot-secret")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sys.requestWith(t, proxy, http.MethodGet, "/v2/team/app/tags/list", c.headers...).hasStatus(t, http.StatusUnauthorized)
		})
	}
}

// forgedHeader sends the same header from clients: it has no effect in any spelling, alone
// or with another credential.
func forgedHeader(t *testing.T, sys *system) {
	client := sys.by(t)
	for _, name := range []string{ssoHeader, "x-auth-request-email", "X-AUTH-REQUEST-EMAIL"} {
		forged := [2]string{name, "alice@example.com"}
		sys.requestWith(t, client, http.MethodGet, "/v2/team/app/tags/list", forged).hasStatus(t, http.StatusUnauthorized)
		sys.requestWith(t, client, http.MethodGet, "/v2/team/app/tags/list", forged, forged).hasStatus(t, http.StatusUnauthorized)
		sys.isCaller(t, client, "basic", robotUser, forged, basic("robot", "robot-secret"))
		sys.isCaller(t, client, "jwt_authn", githubRun, forged, bearer(sys.issuers.workflow(t, mainBranch, nil)))
	}
	request, err := http.NewRequest(http.MethodGet, "https://"+sys.Address(stack.Envoy)+"/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := sys.by(t, issued(t, authority(t), withDNS("sso.example.com"))).Do(request); err == nil {
		response.Body.Close()
		t.Errorf("status %d for a certificate that is not the proxy's, want no answer", response.StatusCode)
	}
}

// overOtherHeader is the example with a registry whose trusted header is not the one that
// Envoy removes from clients' requests.
func overOtherHeader(t *testing.T) setup {
	t.Helper()
	spec := overTokens(t)
	turnInPlace("header: x-auth-request-email", "header: x-auth-request-user")(t, filepath.Join(spec.Policies, "registries.yaml"))
	return spec
}

// headerOfAnotherName checks that this header authenticates no caller, whether a client or
// the proxy sends it. Without it, other credentials count.
func headerOfAnotherName(t *testing.T, sys *system) {
	robot := basic("robot", "robot-secret")
	for _, client := range []*http.Client{sys.by(t), sys.by(t, issued(t, sys.authority, withDNS("sso.example.com")))} {
		for _, name := range []string{"X-Auth-Request-User", "x-auth-request-user"} {
			forged := [2]string{name, "alice@example.com"}
			for _, headers := range [][][2]string{{forged}, {forged, {ssoHeader, "alice@example.com"}}, {forged, robot}} {
				sys.requestWith(t, client, http.MethodGet, "/v2/team/app/tags/list", headers...).
					hasError(t, "UNAUTHORIZED", "the header x-auth-request-user does not count here")
			}
		}
		sys.isCaller(t, client, "basic", robotUser, robot, [2]string{ssoHeader, "alice@example.com"})
	}
}

// forgedByClients sends headers in which a request claims its own origin. Each is sent alone,
// with a credential, and with the name of a caller that has more rights.
func forgedByClients(t *testing.T, sys *system) {
	sys.getWith(t, "/v2/", [2]string{"X_Auth_Request_Email", "alice@example.com"}).
		hasStatus(t, http.StatusBadRequest) // Envoy refuses underscores
	const admin = "spiffe://cluster.local/ns/prod/sa/deployer"
	for _, forged := range [][2]string{
		{"X-Forwarded-Client-Cert", "By=spiffe://registry;Hash=00;URI=" + admin},
		{"X-Forwarded-Client-Cert", `Subject="CN=sso.example.com";DNS=sso.example.com`},
		{"X-Envoy-Downstream-Service-Cluster", admin},
		{"X-Envoy-Downstream-Service-Node", admin},
		{"X-Envoy-External-Address", "10.0.0.1"},
		{"X-Envoy-Internal", "true"},
		{"X-Envoy-Original-Path", "/v2/"},
		{"X-Envoy-Original-Url", "/v2/"},
		{"X-Envoy-Auth-Failure-Mode-Allowed", "true"},
		{"X-Forwarded-For", "10.0.0.1"},
		{"X-Forwarded-User", "alice"},
		{"X-Remote-User", "alice"},
		{"X-Auth-Request-User", "alice"},
		{"X-Amzn-Oidc-Data", sys.issuers.workflow(t, mainBranch, nil)},
		{"Proxy-Authorization", basic("robot", "robot-secret")[1]},
		{"Cookie", "Authorization=" + basic("robot", "robot-secret")[1]},
	} {
		t.Run(forged[0], func(t *testing.T) {
			sys.isRejected(t, "", forged)
			sys.isCaller(t, http.DefaultClient, "basic", robotUser, forged, basic("robot", "robot-secret"))
			sys.getWith(t, "/v2/secret/app/tags/list", forged, basic("robot", "wrong")).hasStatus(t, http.StatusUnauthorized)
		})
	}
}
