package e2e

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/certs"
)

// workloads is the example of mutual TLS with a pattern for SPIFFE IDs.
func workloads(t *testing.T) setup {
	t.Helper()
	spec := mutualTLS(t)
	spec.Policies = copyPolicies(t, spec.Policies)
	file := filepath.Join(spec.Policies, "principals.yaml")
	turnInPlace("\nprincipals:\n", `
- uri: "spiffe://cluster.local/ns/{namespace}/sa/{name}"
  principal: arn:aws:sts::123456789012:assumed-role/{namespace}/pod
  path: /kubernetes/
  tags: { serviceaccount: "{name}" }
- dns: "{name}.build.example.com"
  principal: arn:aws:iam::123456789012:user/{name}
- uri: "spiffe://cluster.local/lambda/{function}"
  principal: lambda.amazonaws.com
  sourceArn: "arn:aws:lambda:eu-central-1:123456789012:function:{function}"

principals:
- arn: arn:aws:iam::123456789012:role/kubernetes/prod
  policies: [pods]
- arn: arn:aws:iam::123456789012:user/runner
`)(t, file)
	write(t, filepath.Join(spec.Policies, "managed", "pods.json"), []byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
		{"Effect": "Allow", "Action": "ecr:ListImages", "Resource": "arn:aws:ecr:eu-central-1:123456789012:repository/team/${aws:PrincipalTag/serviceaccount}"}]}`))
	function := filepath.Join(spec.Policies, "accounts", "123456789012", "eu-central-1", "repositories", "team", "app", "_policy.json")
	if err := os.MkdirAll(filepath.Dir(function), 0o755); err != nil {
		t.Fatal(err)
	}
	// The statement of the AWS Lambda Developer Guide, "Create a Lambda function using a
	// container image".
	write(t, function, []byte(`{"Version": "2012-10-17", "Statement": [
		{"Sid": "LambdaECRImageCrossAccountRetrievalPolicy", "Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
			"Principal": {"Service": "lambda.amazonaws.com"}, "Condition": {"StringLike": {"aws:sourceARN": "arn:aws:lambda:eu-central-1:123456789012:function:team-*"}}}]}`))
	return spec
}

// serviceForResource lets a service pull for the functions that a repository's policy allows,
// and for no others.
func serviceForResource(t *testing.T, sys *system) {
	lambda := func(function string) *http.Client {
		return sys.by(t, issued(t, sys.authority, withURI(t, "spiffe://cluster.local/lambda/"+function)))
	}
	const image = "/v2/team/app/manifests/v1"
	sys.requestWith(t, lambda("team-app"), http.MethodGet, image).hasStatus(t, http.StatusOK)
	sys.requestWith(t, lambda("other"), http.MethodGet, image).hasStatus(t, http.StatusForbidden)
	sys.requestWith(t, lambda("team-app"), http.MethodDelete, image).hasStatus(t, http.StatusForbidden)
}

// withNames returns the template of a client certificate with these URIs and DNS names.
func withNames(t *testing.T, uris, dns []string) *x509.Certificate {
	t.Helper()
	template := certs.Named("a client")
	template.DNSNames = dns
	for _, uri := range uris {
		parsed, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = append(template.URIs, parsed)
	}
	return template
}

// workloadNames checks that names in certificates map to principals, at any place in the
// certificate.
func workloadNames(t *testing.T, sys *system) {
	const app, other = "spiffe://cluster.local/ns/prod/sa/app", "spiffe://elsewhere.example/app"
	for _, c := range []struct {
		name      string
		uris, dns []string
		principal string
	}{
		{"a pattern", []string{app}, nil, prodPod},
		{"an exact name", []string{builder}, nil, "arn:aws:sts::123456789012:assumed-role/ci-builder/builder"},
		{"the second URI", []string{other, app}, nil, prodPod},
		{"a URI behind a DNS name without a principal", []string{app}, []string{"host.example.com"}, prodPod},
		{"a DNS name behind a URI without a principal", []string{other}, []string{"scanner.example.com"}, "arn:aws:iam::123456789012:user/scanner"},
		{"a DNS name in capitals", nil, []string{"Scanner.EXAMPLE.com"}, "arn:aws:iam::123456789012:user/scanner"},
		{"a pattern of DNS names", nil, []string{"runner.build.example.com"}, "arn:aws:iam::123456789012:user/runner"},
		{"the longest service account", []string{"spiffe://cluster.local/ns/prod/sa/" + strings.Repeat("a", 253)}, nil, prodPod},
	} {
		t.Run(c.name, func(t *testing.T) {
			sys.isCaller(t, sys.by(t, issued(t, sys.authority, withNames(t, c.uris, c.dns))), "mtls", c.principal)
		})
	}
}

// workloadsWithoutPrincipal have certificates that Envoy trusts, with names that map to no
// principal or to two.
func workloadsWithoutPrincipal(t *testing.T, sys *system) {
	const app, other = "spiffe://cluster.local/ns/prod/sa/app", "spiffe://cluster.local/ns/prod/sa/other"
	for _, c := range []struct {
		name      string
		uris, dns []string
	}{
		{"a DNS name that spells the URI", nil, []string{app}},
		{"a namespace that has no role", []string{"spiffe://cluster.local/ns/dev/sa/app"}, nil},
		{"a namespace that has the name of a role elsewhere", []string{"spiffe://cluster.local/ns/ci-builder/sa/app"}, nil},
		{"another trust domain", []string{"spiffe://cluster.local.evil.example/ns/prod/sa/app"}, nil},
		{"a segment more", []string{app + "/x"}, nil},
		{"a segment less", []string{"spiffe://cluster.local/ns/prod"}, nil},
		{"an empty capture", []string{"spiffe://cluster.local/ns//sa/app"}, nil},
		{"an encoded slash", []string{"spiffe://cluster.local/ns/prod%2Fx/sa/app"}, nil},
		{"a wildcard", []string{"spiffe://cluster.local/ns/*/sa/app"}, nil},
		{"a query", []string{app + "?x=y"}, nil},
		{"two principals", []string{app, builder}, nil},
		{"two sessions that differ in a tag", []string{app, other}, nil},
		{"two principals of two kinds", []string{app}, []string{"scanner.example.com"}},
		{"a service account that is too long for a tag", []string{"spiffe://cluster.local/ns/prod/sa/" + strings.Repeat("a", 257)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := sys.by(t, issued(t, sys.authority, withNames(t, c.uris, c.dns)))
			sys.requestWith(t, client, http.MethodGet, "/v2/team/app/tags/list").hasStatus(t, http.StatusUnauthorized)
		})
	}
}

// workloadTags decide what a pod may do: its service account is in the policy's resource.
func workloadTags(t *testing.T, sys *system) {
	pod := func(name string) *http.Client {
		return sys.by(t, issued(t, sys.authority, withURI(t, "spiffe://cluster.local/ns/prod/sa/"+name)))
	}
	sys.requestWith(t, pod("app"), http.MethodGet, "/v2/team/app/tags/list").hasStatus(t, http.StatusOK)
	sys.requestWith(t, pod("other"), http.MethodGet, "/v2/team/app/tags/list").hasStatus(t, http.StatusForbidden)
}

// workloadForged also sends the names of another certificate, in the header that Envoys use among
// themselves.
func workloadForged(t *testing.T, sys *system) {
	client := sys.by(t, issued(t, sys.authority, withDNS("scanner.example.com")))
	for _, name := range []string{"X-Forwarded-Client-Cert", "X-Envoy-Downstream-Service-Cluster", "X-Envoy-Peer-Metadata"} {
		sys.isCaller(t, client, "mtls", "arn:aws:iam::123456789012:user/scanner",
			[2]string{name, "By=spiffe://registry;Hash=00;URI=" + builder})
	}
}
