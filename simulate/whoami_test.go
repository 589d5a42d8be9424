package simulate

import (
	"context"
	"encoding/base64"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/mapping"
	"extauthz/policystore"
)

// short returns a description of w in one line.
func short(w *Whoami) string {
	if !w.HasCaller() {
		return w.Source + ": " + w.Reason
	}
	text := w.Source + " " + w.Principal[strings.LastIndexByte(w.Principal, ':')+1:]
	for _, key := range slices.Sorted(maps.Keys(w.Tags)) {
		text += " " + key + "=" + w.Tags[key]
	}
	if w.SourceIdentity != "" {
		text += " from " + w.SourceIdentity
	}
	if w.SourceARN != "" {
		text += " for " + w.SourceARN + " of " + w.SourceAccount
	}
	for _, files := range []struct {
		name  string
		files []string
	}{{"policies", w.Policies}, {"boundary", w.Boundary}, {"session", w.SessionPolicies}, {"registry", w.RegistryPolicy}, {"scp", w.ServiceControlPolicies}, {"rcp", w.ResourceControlPolicies}} {
		if len(files.files) > 0 {
			text += " " + files.name + " " + strings.ReplaceAll(strings.Join(files.files, ","), "managed/", "")
		}
	}
	return text
}

func TestWhoamiByCredential(t *testing.T) {
	s, issuer := callers(t)
	web := issuer.token(t, "ci.example.com", map[string]any{"sub": "project:web", "ref": "main"})
	pod := issuer.token(t, "pods.example.com", map[string]any{"sub": "system:serviceaccount:shop:cart"})
	builder := "assumed-role/builder/web branch=main team=red policies pushing.json,reading.json session reading.json"
	for _, c := range []struct {
		name       string
		credential WhoamiInput
		want       string
		unverified string
	}{
		{"user", WhoamiInput{User: "alice"}, "basic user/alice team=blue policies pushing.json boundary limits.json", "password"},
		{"federated user", WhoamiInput{User: "guest"}, "basic federated-user/guest team=blue policies pushing.json boundary limits.json session reading.json", "password"},
		{"certificate in a registry without mtls", inRegistry(certificateOf(t, "spiffe://cluster.local/ns/shop/sa/cart", ""), "anyone"), "mtls: the registry does not accept mtls as a source of identity", ""},
		{"unknown user", WhoamiInput{User: "eve"}, `basic: user "eve" has no line in htpasswd`, ""},
		{"user where passwords are not taken", WhoamiInput{User: "alice", Registry: "anyone"}, "basic: the registry does not accept basic as a source of identity", ""},
		{"access key", WhoamiInput{AccessKey: keyOfAlice}, "accessKey user/alice team=blue policies pushing.json boundary limits.json", "signature"},
		{"unknown access key", WhoamiInput{AccessKey: "AKIAI44QH7DHBEXAMPLE"}, `accessKey: access key "AKIAI44QH7DHBEXAMPLE" has no line in access-keys`, ""},
		{"access key where none is taken", WhoamiInput{AccessKey: keyOfAlice, Registry: "anyone"}, "accessKey: the registry does not accept accessKey as a source of identity", ""},
		{"Bearer token", WhoamiInput{Token: web}, "bearer " + builder, ""},
		{"token as password of AWS", WhoamiInput{User: "AWS", Token: web}, "basic " + builder, ""},
		{"token as password of a role", WhoamiInput{User: "123456789012/ci/builder", Token: web}, "basic " + builder, ""},
		{"token as password of another role", WhoamiInput{User: "123456789012/pods", Token: web}, `basic: the token of issuer "ci" is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::123456789012:role/pods: the role has no trust policy`, ""},
		{"token that is bound", WhoamiInput{Token: pod}, "bearer assumed-role/pods/shop serviceaccount=cart", ""},
		{"token of another audience", WhoamiInput{Token: issuer.token(t, "ci.example.com", map[string]any{"aud": "sts.amazonaws.com", "sub": "project:web"})}, "bearer: ", ""},
		{"token that has expired", WhoamiInput{Token: issuer.token(t, "ci.example.com", map[string]any{"exp": noon.Unix() - 600, "sub": "project:web"})}, "bearer: the token expired at 2026-05-01T11:50:00Z", ""},
		{"token that is not signed", WhoamiInput{Token: web[:strings.LastIndexByte(web, '.')+1]}, "bearer: ", ""},
		{"token of an unknown issuer", WhoamiInput{Token: issuer.token(t, "evil.example.com", nil)}, `bearer: the token is of issuer "https://evil.example.com"`, ""},
		{"token that only Envoy verifies", WhoamiInput{Token: issuer.token(t, "mesh.example.com", nil)}, `bearer: tokens of issuer "mesh" are verified by Envoy's jwt_authn only`, ""},
		{"token as password of a user", WhoamiInput{User: "alice", Token: web}, "basic: ", ""},
		{"token for another registry", WhoamiInput{Token: web, Registry: "anyone"}, "bearer: ", ""},
		{"certificate with a URI", certificateOf(t, "spiffe://cluster.local/ns/shop/sa/cart", ""), "mtls assumed-role/pods/shop serviceaccount=cart from cart", "certificate"},
		{"certificate with a DNS name", certificateOf(t, "", "ci.internal"), "mtls ci.amazonaws.com for arn:aws:codebuild:eu-central-1:123456789012:project/app of 123456789012", "certificate"},
		{"certificate without a principal", certificateOf(t, "spiffe://elsewhere/x", ""), `mtls: no principal is bound to uri "spiffe://elsewhere/x"`, ""},
		{"header", WhoamiInput{Header: "alice@example.com", Registry: "proxied"}, "header user/alice team=blue policies pushing.json boundary limits.json", "header"},
		{"header with two names", WhoamiInput{Header: "alice@example.com,bob@example.com", Registry: "proxied"}, "header: the header x-user contains a comma", ""},
		{"header without a principal", WhoamiInput{Header: "alice", Registry: "proxied"}, `header: no principal is bound to header "alice"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.credential.Time = noon
			if c.credential.Registry == "" {
				c.credential.Registry = "main"
			}
			w, err := c.credential.Whoami(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			if got := short(w); got != c.want && (w.HasCaller() || !strings.HasPrefix(got, c.want)) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if strings.Contains(c.want, "sts:") && (w.Issuer != "ci" || w.KeyID == "") {
				t.Errorf("issuer %q, key %q", w.Issuer, w.KeyID)
			}
			if (w.NotVerified == "") != (c.unverified == "") || !strings.Contains(w.NotVerified, c.unverified) {
				t.Errorf("not verified: %q, want %q", w.NotVerified, c.unverified)
			}
			wantNoSecret(t, w, &c.credential)
		})
	}
}

// wantNoSecret checks that the output contains neither the token nor its signature.
func wantNoSecret(t *testing.T, w *Whoami, c *WhoamiInput) {
	t.Helper()
	for part := range strings.SplitSeq(c.Token, ".") {
		if part != "" && strings.Contains(w.String(), part) {
			t.Errorf("the output contains a part of the token: %s", w)
		}
	}
}

func TestWhoamiRejects(t *testing.T) {
	s, _ := callers(t)
	for name, c := range map[string]struct {
		credential WhoamiInput
		want       string
	}{
		"no registry named":          {WhoamiInput{User: "alice"}, "the directory has several registries; name one of anyone, main, proxied"},
		"unknown registry":           {WhoamiInput{User: "alice", Registry: "x"}, `registry "x" does not exist`},
		"registry accepts no header": {WhoamiInput{Header: "alice@example.com", Registry: "main"}, "accepts no header"},
	} {
		if w, err := c.credential.Whoami(context.Background(), s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, error %v, want %q", name, w, err, c.want)
		}
	}
}

func TestWhoamiByRequest(t *testing.T) {
	s, issuer := callers(t)
	claims := map[string]any{"iss": "https://mesh.example.com", "aud": "main.example.com", "exp": float64(noon.Unix() + 600), "iat": float64(noon.Unix() - 60), "sub": "x"}
	mesh := issuer.token(t, "mesh.example.com", map[string]any{"sub": "x"})
	to := func(registry string, headers ...mapping.Header) *authz.CheckRequest {
		return &authz.CheckRequest{
			Method: "GET", Path: "/v2/", Host: registry + ".example.com", Peer: "192.0.2.7", Headers: headers,
			Extensions: authz.Extensions{Registry: registry}, Time: noon,
		}
	}
	verified := to("main", mapping.Header{Name: "authorization", Value: "Bearer " + mesh})
	verified.Metadata = map[string]any{"mesh": claims}
	forwarded := mapping.Header{Name: "x-forwarded-for", Value: "203.0.113.9, 192.0.2.7"}
	unvouched := to("proxied", forwarded, mapping.Header{Name: "x-user", Value: "alice@example.com"})
	vouched := to("proxied", unvouched.Headers...)
	vouched.Extensions.TrustedHeader = "x-user"
	elsewhere := to("main")
	elsewhere.Host = "anyone.example.com"
	password := "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:alice-secret"))
	for _, c := range []struct {
		name    string
		request *authz.CheckRequest
		want    string
	}{
		{"password", to("main", mapping.Header{Name: "authorization", Value: password}), "basic user/alice team=blue policies pushing.json boundary limits.json"},
		{"wrong password", to("main", mapping.Header{Name: "authorization", Value: password + "AAAA"}), "basic: "},
		{"token that Envoy verified", verified, "jwt_authn assumed-role/builder/mesh branch=none team=red policies pushing.json,reading.json"},
		{"header that Envoy does not declare", unvouched, "header: the header x-user does not count here: Envoy's configuration does not say that"},
		{"header by a proxy", vouched, "header user/alice team=blue policies pushing.json boundary limits.json"},
		{"header around the proxy", to("proxied", mapping.Header{Name: "x-user", Value: "alice@example.com"}), ": "},
		{"nothing", to("main"), ": the request carries no credential"},
		{"nothing, where that is anonymous", to("anyone"), " anonymous"},
		{"another registry's host", elsewhere, ": "},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := RequestWhoami(context.Background(), s, c.request)
			if got := short(w); got != c.want && (w.HasCaller() || !strings.HasPrefix(got, c.want) || w.Reason == "") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if strings.Contains(w.String(), "secret") || strings.Contains(w.String(), password[6:]) {
				t.Errorf("the output contains a password: %s", w)
			}
		})
	}
	w := RequestWhoami(context.Background(), s, vouched)
	if w.Context["aws:SourceIp"] != "203.0.113.9" || w.Context["aws:PrincipalTag/team"] != "blue" {
		t.Errorf("context %v", w.Context)
	}
	if paths, _ := w.Context["aws:PrincipalOrgPaths"].([]string); len(paths) != 1 {
		t.Errorf("context %v", w.Context)
	}
}

// TestWhoamiWithoutKeys checks that keys that cannot be fetched are a reason, within the
// time limit.
func TestWhoamiWithoutKeys(t *testing.T) {
	s, issuer := callers(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c := WhoamiInput{Registry: "main", Token: issuer.token(t, "away.example.com", nil), Time: noon}
	w, err := c.Whoami(ctx, s)
	if err != nil || w.HasCaller() || w.Source != "bearer" || w.Reason == "" {
		t.Errorf("%v, error %v", w, err)
	}
}

func inRegistry(c WhoamiInput, name string) WhoamiInput {
	c.Registry = name
	return c
}

// TestWhoamiListsControlPolicies checks that the policies of the registry and the
// organization are listed only for callers to which they apply.
func TestWhoamiListsControlPolicies(t *testing.T) {
	const guard, full = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr:DeleteRepository","Resource":"*"}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	registry := strings.Replace(guard, "ecr:DeleteRepository", "ecr:*", 1)
	directory := t.TempDir()
	if err := os.CopyFS(directory, os.DirFS("testdata/callers")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"organization/scp/0-root/full.json": full, "organization/scp/1-ou/more.json": full,
		"organization/rcp/0-root/guard.json":                      guard,
		"accounts/123456789012/eu-central-1/registry-policy.json": registry,
	} {
		file := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const organization = " scp organization/scp/0-root/full.json,organization/scp/1-ou/more.json"
	const others = " rcp organization/rcp/0-root/guard.json"
	const registryPolicy = " registry accounts/123456789012/eu-central-1/registry-policy.json"
	for _, c := range []struct{ name, organization, want string }{
		{"a member", "", registryPolicy + organization + others},
		{"the management account", "managementAccount: \"123456789012\"\n", registryPolicy},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(directory, "organization.yaml"), []byte("id: o-a1b2c3d4e5\n"+c.organization+"accounts: {\"123456789012\": \"o-a1b2c3d4e5/r-ab12/\"}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := policystore.Load(directory, decision.Options{CacheSize: 1})
			if err != nil {
				t.Fatal(err)
			}
			w, err := (&WhoamiInput{User: "alice", Registry: "main", Time: noon}).Whoami(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			if got := short(w); !strings.HasSuffix(got, "boundary limits.json"+c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			machine := inRegistry(certificateOf(t, "", "ci.internal"), "main")
			machine.Time = noon
			service, err := machine.Whoami(context.Background(), s)
			if err != nil || len(service.ServiceControlPolicies) > 0 {
				t.Errorf("a service is bound by %v, error %v", service.ServiceControlPolicies, err)
			}
		})
	}
}
