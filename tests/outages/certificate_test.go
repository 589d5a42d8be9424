package outages

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"extauthz/tests/certs"
	"extauthz/tests/dockercli"
)

// TestCertificateReplaced replaces the certificate and key of Envoy's listener, as the kubelet
// replaces a Secret. Envoy has the listener of examples/kubernetes/sidecar, which reads them again.
// No request fails.
func TestCertificateReplaced(t *testing.T) {
	s, config := prepare(t, config{})
	sidecar := example(t, "kubernetes", "sidecar", "envoy.yaml")
	config["node"] = sidecar["node"]
	chain(listenerOf(config))["transport_socket"] = chain(listenerOf(sidecar))["transport_socket"]
	s.replaceCertificate(t, 0)
	var subject atomic.Value
	s.scheme, s.client = "https", s.verifying(&subject)
	s.startEnvoy(t, config)
	f := s.traffic(t, usual...)
	f.recovers(t)
	for n := 1; n <= 3; n++ {
		began := time.Now()
		s.replaceCertificate(t, n)
		dockercli.Soon(t, "the certificate that replaced the one before", func() bool { return subject.Load() == subjectOf(n) })
		t.Logf("a handshake had the new certificate after %v", time.Since(began).Round(time.Millisecond))
		f.next(t, 20)
	}
	if _, unavailable := f.finish(t); unavailable > 0 {
		t.Errorf("%d requests were answered 503, want none", unavailable)
	}
}

// replaceCertificate writes the nth certificate and key of Envoy's listener.
func (s *system) replaceCertificate(t *testing.T, n int) {
	t.Helper()
	replace(t, s.certs, n, func(folder string) {
		template := certs.Named(subjectOf(n))
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		if err := s.authority.Write(folder, "tls", template); err != nil {
			t.Fatal(err)
		}
	}, "tls.crt", "tls.key")
}

// subjectOf returns the name in the nth certificate.
func subjectOf(n int) string { return fmt.Sprintf("registry %d", n) }

// verifying returns a client that trusts the authority, makes a handshake for each request, and
// stores the name in the certificate of the last one.
func (s *system) verifying(subject *atomic.Value) *http.Client {
	trusted := x509.NewCertPool()
	trusted.AddCert(s.authority.Certificate)
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{RootCAs: trusted, VerifyConnection: func(c tls.ConnectionState) error {
			subject.Store(c.PeerCertificates[0].Subject.CommonName)
			return nil
		}},
	}}
}
