package workload

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A Check is an encoded CheckRequest and the answer that the policies give it.
type Check struct {
	Message []byte
	Allowed bool
	Pull    bool // the request belongs to a pull

	// Repository is the number of the repository, or -1 if the request is about none.
	Repository int

	ids       []int // where the digits of the request's id are
	addresses []int // where the client's address is
}

// A request is what a check is about.
type request struct {
	operation  operation
	repository int // -1 for none
	target     string
	caller     caller
	client     []header
	address    string
	allowed    bool
}

type header struct{ name, value string }

// manifestTypes are the media types that clients accept for manifests.
const manifestTypes = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, " +
	"application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, */*"

// clients are the headers that clients always send.
var clients = [...][]header{
	{{"user-agent", "containerd/2.1.4"}, {"accept-encoding", "zstd;q=1.0, gzip;q=0.8, deflate;q=0.5"}},
	{
		{"user-agent", "docker/28.2.2 go/go1.24.3 git-commit/45873be kernel/6.8.0-60-generic os/linux arch/amd64 UpstreamClient(Docker-Client/28.2.2 \\(linux\\))"},
		{"accept-encoding", "gzip"},
	},
	{
		{"user-agent", "crane/0.22.1 go-containerregistry/0.22.1"}, {"accept-encoding", "gzip"},
		{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, {"tracestate", "vendor=00f067aa0ba902b7"},
		{"b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"}, {"cache-control", "no-cache"},
		{"x-meta-source-client", "build/pipeline-4711"}, {"docker-distribution-api-version", "registry/2.0"}, {"pragma", "no-cache"},
	},
}

// Placeholders in a check, which a Sender replaces by others of the same length.
const (
	idPrefix      = "3f2504e0-4f89-41d3-9a0c-"
	idPlaceholder = "0305e82c3301"
)

// headers returns the request's headers in the order in which Envoy lists them: 12 to 25.
func (q *request) headers() []header {
	all := []header{
		{":authority", Host}, {":path", q.target}, {":method", q.operation.method}, {":scheme", "https"},
	}
	all = append(all, q.client...)
	if q.operation.accept {
		all = append(all, header{"accept", manifestTypes})
	} else {
		all = append(all, header{"accept", "*/*"})
	}
	if q.caller.authorization != "" {
		all = append(all, header{"authorization", q.caller.authorization})
	}
	if q.operation.body != "" {
		all = append(all, header{"content-type", q.operation.body}, header{"content-length", "4194304"})
	}
	return append(all,
		header{"x-forwarded-for", q.address}, header{"x-forwarded-proto", "https"},
		header{"x-envoy-external-address", q.address}, header{"x-envoy-expected-rq-timeout-ms", "15000"},
		header{"x-request-id", idPrefix + idPlaceholder})
}

// encode returns the check that Envoy sends for a request, with the settings of the example of
// client certificates: raw headers, the certificate and the TLS session.
func encode(q request) (Check, error) {
	var headers []*corev3.HeaderValue
	for _, h := range q.headers() {
		headers = append(headers, &corev3.HeaderValue{Key: h.name, RawValue: []byte(h.value)})
	}
	message, err := proto.MarshalOptions{Deterministic: true}.Marshal(&authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:      peer(q.address, 49152, q.caller.principal, q.caller.certificate),
		Destination: peer("10.0.0.1", 8443, "", ""),
		Request: &authv3.AttributeContext_Request{
			Time: timestamppb.New(time.Date(2026, 11, 28, 12, 0, 0, 123456000, time.UTC)),
			Http: &authv3.AttributeContext_HttpRequest{
				Id: "1234567890123456789", Method: q.operation.method, Path: q.target, Host: Host,
				Scheme: "https", Protocol: "HTTP/1.1", Size: -1,
				HeaderMap: &corev3.HeaderMap{Headers: headers},
			},
		},
		ContextExtensions:    map[string]string{"registry": Registry, "headers": "all"},
		MetadataContext:      &corev3.Metadata{},
		RouteMetadataContext: &corev3.Metadata{},
		TlsSession:           &authv3.AttributeContext_TLSSession{Sni: Host},
	}})
	if err != nil {
		return Check{}, err
	}
	return Check{
		Message: message, Allowed: q.allowed, Pull: !q.operation.push && q.repository >= 0, Repository: q.repository,
		ids: positions(message, idPlaceholder), addresses: positions(message, q.address),
	}, nil
}

func peer(address string, port uint32, principal, certificate string) *authv3.AttributeContext_Peer {
	return &authv3.AttributeContext_Peer{
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
		}}},
		Principal: principal, Certificate: certificate,
	}
}

// positions returns where text is in message.
func positions(message []byte, text string) (all []int) {
	for from := 0; ; {
		at := bytes.Index(message[from:], []byte(text))
		if at < 0 {
			return all
		}
		all = append(all, from+at)
		from += at + len(text)
	}
}

// A Sequence numbers checks, so that no two have the same id. Several senders may use it.
type Sequence struct{ last atomic.Uint64 }

// A Sender prepares checks to be sent by one goroutine.
type Sender struct {
	sequence *Sequence
	fresh    bool
	buffer   []byte
	digits   []byte
}

// NewSender returns a sender. If fresh is set, it gives each check a client's address that
// none of the last million checks of the sequence had.
func NewSender(sequence *Sequence, fresh bool) *Sender {
	return &Sender{sequence: sequence, fresh: fresh}
}

// Prepare returns the message to send, which is valid until the next call.
func (s *Sender) Prepare(c *Check) []byte {
	n := s.sequence.last.Add(1)
	s.buffer = append(s.buffer[:0], c.Message...)
	s.digits = fmt.Appendf(s.digits[:0], "%012x", n&0xffffffffffff)
	s.replace(c.ids)
	if s.fresh {
		s.digits = fmt.Appendf(s.digits[:0], "10.%d.%d.%d", 100+n/10000%100, 100+n/100%100, 100+n%100)
		s.replace(c.addresses)
	}
	return s.buffer
}

// replace writes the digits at each position.
func (s *Sender) replace(positions []int) {
	for _, at := range positions {
		copy(s.buffer[at:], s.digits)
	}
}
