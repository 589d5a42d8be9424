package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// A traceCollector is where spans are sent.
type traceCollector struct {
	grpc    bool        // the protocol; otherwise it is HTTP
	address string      // a target of gRPC, or a URL
	tls     *tls.Config // of gRPC, nil means plain text; of HTTP, the URL's scheme decides
	headers map[string]string
	timeout time.Duration // of a batch of spans, with repetitions
	gzip    bool          // HTTP only: gRPC's compression would be on for Envoy's port too
}

// collector returns where spans are sent. The variables were checked.
func (env traceEnvironment) collector() *traceCollector {
	c := &traceCollector{
		grpc: env.protocol() == protocolGRPC, headers: env.headers(), gzip: env.of("COMPRESSION") == "gzip",
		timeout: 10 * time.Second,
	}
	if n, err := strconv.Atoi(env.of("TIMEOUT")); err == nil {
		c.timeout = time.Duration(n) * time.Millisecond
	}
	isTLS := true
	if c.grpc {
		c.address, isTLS = env.grpcTarget()
	} else {
		c.address = env.httpURL()
	}
	if isTLS {
		c.tls = env.tls()
	}
	return c
}

// httpURL returns the URL for spans. The variable for all signals is the base of their URLs.
func (env traceEnvironment) httpURL() string {
	if own := env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]; own != "" {
		return own
	}
	base := cmp.Or(env["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://localhost:4318")
	return strings.TrimSuffix(base, "/") + "/v1/traces"
}

// grpcTarget returns the target for spans, and whether it uses TLS.
func (env traceEnvironment) grpcTarget() (target string, isTLS bool) {
	target = cmp.Or(env.of("ENDPOINT"), "http://localhost:4317")
	if u, err := url.Parse(target); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return u.Host, u.Scheme == "https"
	}
	return target, !strings.EqualFold(env.of("INSECURE"), "true")
}

// headers returns the headers for the collector.
func (env traceEnvironment) headers() map[string]string {
	headers := map[string]string{}
	for header := range strings.SplitSeq(env.of("HEADERS"), ",") {
		if name, encoded, found := strings.Cut(header, "="); found {
			value, _ := url.PathUnescape(encoded) // which was checked
			headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return headers
}

// tls returns the settings of TLS. Files that changed since the check, and cannot be used any
// more, are left out, so that the connection fails.
func (env traceEnvironment) tls() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := env.of("CERTIFICATE"); file != "" {
		config.RootCAs = x509.NewCertPool()
		text, _ := os.ReadFile(file)
		config.RootCAs.AppendCertsFromPEM(text)
	}
	if pair, err := tls.LoadX509KeyPair(env.of("CLIENT_CERTIFICATE"), env.of("CLIENT_KEY")); err == nil {
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}
