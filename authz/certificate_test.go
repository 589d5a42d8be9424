package authz

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"math/big"
	"net/url"
	"strings"
	"testing"
)

// certificate returns a leaf with the URI as Envoy sends it.
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
	r.Principal, r.Certificate = name, certificate(b, name)
	b.ReportAllocs()
	for b.Loop() {
		if checker.Check(context.Background(), r).Decision != Allowed {
			b.Fatal("denied")
		}
	}
}
