package authz

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"

	"extauthz/mapping"
)

// mesh returns a checker of a directory with several registries, each with its own sources
// and audiences, and an issuer. Its tokens assume the role ci, or the role in the user name.
func mesh(t testing.TB, i *issuer) *Checker {
	t.Helper()
	const pull = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}]}`
	return newCheckerOf(t, map[string]string{
		"registries.yaml": `registries:
- {name: a, hosts: [a.example.com], audiences: [a.example.com], account: "123456789012", region: eu-central-1}
- {name: b, hosts: [b.example.com], account: "123456789012", region: eu-central-1}
- {name: basic, hosts: [a.example.com], audiences: [a.example.com], account: "123456789012", region: eu-central-1, sources: [basic]}
- {name: envoy, hosts: [a.example.com], audiences: [a.example.com], account: "123456789012", region: eu-central-1, sources: [jwt_authn]}
- {name: certs, hosts: [a.example.com], audiences: [a.example.com], account: "123456789012", region: eu-central-1, sources: [mtls]}
- {name: passwords-first, hosts: [a.example.com], audiences: [a.example.com], account: "123456789012", region: eu-central-1, sources: [basic, mtls]}
- {name: proxied, hosts: [a.example.com], audiences: [a.example.com], account: "123456789012", region: eu-central-1, sources: [header, basic], header: x-auth-request-email}
- {name: china, hosts: [a.example.cn], audiences: [a.example.com], account: "123456789012", region: cn-north-1, partition: aws-cn}
`,
		"principals.yaml": `issuers:
- {name: ci, issuer: "https://ci.example.com", jwks: jwks/ci.json, metadata: ci, role: "arn:aws:iam::123456789012:role/ci", claims: {sub: "repo:acme/{repo}"}, session: "{repo}", tags: {branch: ref}}
credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/alice"}
- {uri: "spiffe://cluster.local/{name}", principal: "arn:aws:sts::123456789012:assumed-role/ci/{name}"}
- {header: "{name}", principal: "arn:aws:iam::123456789012:user/{name}"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [pull]}
- {arn: "arn:aws:iam::123456789012:role/ci", policies: [pull, ci], trust: ci}
- {arn: "arn:aws:iam::123456789012:role/deploy/prod", policies: [pull], trust: prod}
- {arn: "arn:aws:iam::123456789012:role/closed", policies: [pull]}
`,
		"managed/pull.json": pull,
		"managed/ci.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:PutImage","Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/branch}/*",
  "Condition":{"StringEquals":{"aws:FederatedProvider":"arn:aws:iam::123456789012:oidc-provider/ci.example.com"}}}]}`,
		"trust/ci.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/ci.example.com"},
  "Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Condition":{"StringEquals":{"ci.example.com:aud":"a.example.com"}}}]}`,
		"trust/prod.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/ci.example.com"},
  "Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Condition":{"StringEquals":{"ci.example.com:sub":"repo:acme/deploy"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}`,
		"jwks/ci.json": i.JWKS(),
	}, "alice")
}

// by returns a request to the host of a registry.
func by(registry, method, path string, headers ...mapping.Header) *CheckRequest {
	r := from("", method, path, headers...)
	r.Extensions, r.Host = Extensions{Registry: registry}, "a.example.com"
	switch registry {
	case "b":
		r.Host = "b.example.com"
	case "china":
		r.Host = "a.example.cn"
	case "proxied":
		r.Extensions.TrustedHeader = "x-auth-request-email"
	}
	return r
}

func authorization(value string) mapping.Header {
	return mapping.Header{Name: "authorization", Value: value}
}

func password(user, secret string) mapping.Header {
	return authorization("Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret)))
}

const (
	ciSession  = "arn:aws:sts::123456789012:assumed-role/ci/app"
	pullTarget = "/v2/team/app/manifests/v1"
)

// TestSourcesThatDisagree checks that the first source that finds a credential decides, in the
// registry's order.
func TestSourcesThatDisagree(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	const pod, aliceARN = "arn:aws:sts::123456789012:assumed-role/ci/pod", "arn:aws:iam::123456789012:user/alice"
	good, wrong := password("alice", "alice-secret"), password("alice", "wrong")
	for _, c := range []struct {
		name, registry, peer string // peer: the name in a certificate, "" for none
		headers              []mapping.Header
		want                 string // the principal, "" for none
	}{
		{"certificate before password", "a", "pod", []mapping.Header{good}, pod},
		{"certificate before a wrong password", "a", "pod", []mapping.Header{wrong}, pod},
		{"certificate without a principal, and a good password", "a", "a/b", []mapping.Header{good}, ""},
		{"password before certificate", "passwords-first", "pod", []mapping.Header{good}, aliceARN},
		{"a wrong password, and a good certificate", "passwords-first", "pod", []mapping.Header{wrong}, ""},
		{"no password, and a good certificate", "passwords-first", "pod", nil, pod},
		{"certificate where only passwords count", "basic", "pod", nil, ""},
		{"the trusted header", "proxied", "", []mapping.Header{{Name: "x-auth-request-email", Value: "alice"}}, aliceARN},
		{"the trusted header before a wrong password", "proxied", "", []mapping.Header{{Name: "x-auth-request-email", Value: "alice"}, wrong}, aliceARN},
		{"the trusted header without a principal, and a good password", "proxied", "", []mapping.Header{{Name: "x-auth-request-email", Value: "bob"}, good}, ""},
		{"the trusted header twice", "proxied", "", []mapping.Header{{Name: "x-auth-request-email", Value: "alice"}, {Name: "x-auth-request-email", Value: "alice"}}, ""},
		{"the trusted header joined", "proxied", "", []mapping.Header{{Name: "x-auth-request-email", Value: "alice,bob"}}, ""},
		{"the trusted header empty", "proxied", "", []mapping.Header{{Name: "x-auth-request-email"}, good}, ""},
		{"the header where it is not trusted", "a", "", []mapping.Header{{Name: "x-auth-request-email", Value: "alice"}}, ""},
		{"password where the header is absent", "proxied", "", []mapping.Header{good}, aliceARN},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := by(c.registry, "GET", pullTarget, c.headers...)
			if c.peer != "" {
				r.Principal = "spiffe://cluster.local/" + c.peer
				r.Certificate = []byte(certificate(t, r.Principal))
			}
			got := checker.Check(context.Background(), r)
			if got.Principal != c.want || (got.Decision == Allowed) != (c.want != "") {
				t.Errorf("%s as %q from %s (%s), want %q", got.Decision, got.Principal, got.Source, got.Reason, c.want)
			}
			if c.want == "" && got.Answer.Status != 401 {
				t.Errorf("status %d", got.Answer.Status)
			}
		})
	}
}

// TestHeaderThatIsNotTrusted checks that a header counts only if Envoy's configuration gives
// its name as that of the trusted proxy's header. Otherwise a client may have sent it. The
// client learns only that it does not count.
func TestHeaderThatIsNotTrusted(t *testing.T) {
	checker := mesh(t, newIssuer("https://ci.example.com"))
	for _, named := range []string{"", "x-auth-request-user"} {
		r := by("proxied", "GET", pullTarget, mapping.Header{Name: "x-auth-request-email", Value: "alice"}, mapping.Header{Name: "x-auth-request-user", Value: "alice"})
		r.Extensions.TrustedHeader = named
		got := checker.Check(context.Background(), r)
		if got.Decision != Unauthenticated || got.Principal != "" || got.Source != "header" {
			t.Errorf("header extension %q: %s as %q from %q", named, got.Decision, got.Principal, got.Source)
		}
		if want := "write header: x-auth-request-email in the context_extensions"; !strings.Contains(got.Reason, want) {
			t.Errorf("the log says %q, want %q", got.Reason, want)
		}
		if body := string(got.Answer.Body); !strings.Contains(body, "the header x-auth-request-email does not count here") || strings.Contains(body, "Envoy") {
			t.Errorf("the client receives %s", body)
		}
		r.Headers = append(r.Headers[1:], password("alice", "alice-secret"))
		if got := checker.Check(context.Background(), r); got.Source != "basic" || got.Decision != Allowed {
			t.Errorf("header extension %q, and the header absent: %s from %q", named, got.Decision, got.Source)
		}
	}
}

// TestForgedIdentity checks that headers of the client do not change the caller, with and
// without a credential, for each registry.
func TestForgedIdentity(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	names := []string{"x-forwarded-client-cert", "x-envoy-downstream-service-cluster", "x-envoy-peer-metadata", "x-ssl-client-dn", "x-remote-user",
		"x-forwarded-user", "x-jwt-payload", "x-amzn-oidc-data", "x-auth-request-user-id", "x_auth_request_user", "proxy-authorization", "x-forwarded-access-token", "cookie"}
	values := []string{`By=spiffe://cluster.local/a;URI=spiffe://cluster.local/pod`, "spiffe://cluster.local/pod", "alice", "Bearer " + i.token(t, nil),
		base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://ci.example.com","sub":"repo:acme/app"}`))}
	for _, registry := range []string{"a", "basic", "envoy", "certs", "proxied"} {
		for _, name := range names {
			for _, value := range values {
				forged := mapping.Header{Name: name, Value: value}
				if got := checker.Check(context.Background(), by(registry, "GET", pullTarget, forged)); got.Decision != Unauthenticated || got.Principal != "" {
					t.Errorf("%s: %s: %s is %s as %q", registry, name, value, got.Decision, got.Principal)
				}
				got := checker.Check(context.Background(), by(registry, "GET", pullTarget, forged, password("alice", "alice-secret")))
				if takesPasswords := registry == "a" || registry == "basic" || registry == "proxied"; (got.Principal == "arn:aws:iam::123456789012:user/alice") != takesPasswords {
					t.Errorf("%s: %s: %s makes alice %q (%s)", registry, name, value, got.Principal, got.Reason)
				}
			}
		}
	}
}

// TestHostOfAnotherRegistry checks that a registry refuses the host of another.
func TestHostOfAnotherRegistry(t *testing.T) {
	i := newIssuer("https://ci.example.com")
	checker := mesh(t, i)
	good := i.token(t, nil)
	r := by("a", "GET", pullTarget, authorization("Bearer "+good))
	r.Host = "b.example.com"
	if got := checker.Check(context.Background(), r); got.Decision != Refused || got.Answer.Status != 421 {
		t.Errorf("B's host at A: %s %d", got.Decision, got.Answer.Status)
	}
	r = by("b", "GET", pullTarget, authorization("Bearer "+good))
	r.Host = "a.example.com"
	if got := checker.Check(context.Background(), r); got.Decision != Refused {
		t.Errorf("A's host at B: %s", got.Decision)
	}
}

// certificate returns a certificate with a URI, in the form of Envoy's checks.
func certificate(t testing.TB, uri string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), URIs: []*url.URL{parsed}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func BenchmarkCheckCertificate(b *testing.B) {
	const name = "spiffe://example.com/ci"
	contents := maps.Clone(directory)
	contents["principals.yaml"] = strings.Replace(directory["principals.yaml"], "- {basic: alice,", "- {uri: "+name+", principal: \"arn:aws:iam::123456789012:user/bob\"}\n- {basic: alice,", 1)
	checker := newCheckerOf(b, contents, "alice", "bob", "carol", "dave")
	r := from("", "GET", "/v2/team/app/manifests/v1")
	r.Principal, r.Certificate = name, []byte(certificate(b, name))
	b.ReportAllocs()
	for b.Loop() {
		if checker.Check(context.Background(), r).Decision != Allowed {
			b.Fatal("denied")
		}
	}
}

// TestWrongPasswordsAreLimited checks that further guesses are refused with 429 before a hash is
// computed, that the reason contains neither the user nor the password, and that callers with
// a cached password and callers from another address are not affected.
func TestWrongPasswordsAreLimited(t *testing.T) {
	c := mesh(t, newIssuer("https://ci.example.com"))
	guess := func(user, secret, address string) *Result {
		r := by("basic", "GET", pullTarget, password(user, secret))
		r.Peer = address
		return c.Check(t.Context(), r)
	}
	const attacker = "203.0.113.66"
	if r := guess("alice", "alice-secret", attacker); r.Decision != Allowed {
		t.Fatalf("decision %v: %s", r.Decision, r.Reason)
	}
	var limited *Result
	for i := range 20 {
		if r := guess("mallory", fmt.Sprintf("hunter%d", i), attacker); r.Answer.Status == 429 {
			limited = r
		} else if r.Answer.Status != 401 {
			t.Errorf("guess %d: status %d", i, r.Answer.Status)
		}
	}
	if limited == nil {
		t.Fatal("twenty wrong passwords are not too many")
	}
	if body := string(limited.Answer.Body); !strings.Contains(body, `"TOOMANYREQUESTS"`) || strings.Contains(body+limited.Reason, "mallory") || strings.Contains(body+limited.Reason, "hunter") {
		t.Errorf("answer %s, reason %s", body, limited.Reason)
	}
	if !slices.ContainsFunc(limited.Answer.Headers, func(h mapping.Header) bool { return h.Name == "retry-after" }) {
		t.Error("the answer has no Retry-After")
	}
	for _, verified := range []struct{ user, address string }{{"alice", attacker}, {"alice", "198.51.100.1"}} {
		if r := guess(verified.user, "alice-secret", verified.address); r.Decision != Allowed {
			t.Errorf("%s from %s: decision %v: %s", verified.user, verified.address, r.Decision, r.Reason)
		}
	}
}
