package envoy

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"extauthz/authz"
	"extauthz/policystore"
)

// bytesCodec is a codec that sends bytes unchanged and decodes a response.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	return proto.Unmarshal(data.Materialize(), v.(proto.Message))
}

var _ encoding.CodecV2 = bytesCodec{}

// TestUnreadableChecksAreDenied checks that a check that gRPC cannot read is denied and is not an
// error of gRPC, which Envoy's failure_mode_allow would let through.
func TestUnreadableChecksAreDenied(t *testing.T) {
	var reasons []string
	service := &Service{Decide: func(ctx context.Context, r *authz.CheckRequest) *authz.Result {
		reasons = append(reasons, r.Unreadable)
		return (&authz.Checker{Snapshots: func() *policystore.Snapshot { return nil }}).Check(ctx, r)
	}}
	s := &serving{Server: NewServer(ServerOptions{Authorization: service}), listener: mustListen(t, "127.0.0.1:0", 0), done: make(chan error, 1)}
	go func() { s.done <- s.Serve(s.listener) }()
	t.Cleanup(func() { s.Drain(cancelled(t)) })

	large, err := proto.Marshal(&authv3.CheckRequest{Attributes: &authv3.AttributeContext{ContextExtensions: map[string]string{"a": strings.Repeat("a", MaxMessage)}}})
	if err != nil {
		t.Fatal(err)
	}
	method, err := proto.Marshal(&authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{Method: "BAD"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		message []byte
		options []grpc.CallOption
		reason  string
	}{
		{"larger than the limit", large, nil, "the check is larger than 4 MiB"},
		{"larger than the limit once it is decompressed", large, []grpc.CallOption{grpc.UseCompressor(gzip.Name)}, "the check is larger than 4 MiB"},
		{"not a message", []byte("\xff\xff\xff"), nil, "the check cannot be decoded"},
		{"text that is not UTF-8", bytes.ReplaceAll(method, []byte("BAD"), []byte("B\xffD")), nil, "the check cannot be decoded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reasons = nil
			var response authv3.CheckResponse
			options := append(c.options, grpc.ForceCodecV2(bytesCodec{}))
			if err := s.dial(t, insecure.NewCredentials()).Invoke(t.Context(), authv3.Authorization_Check_FullMethodName, c.message, &response, options...); err != nil {
				t.Fatalf("%v; want an answer", err)
			}
			denied := response.GetDeniedResponse()
			if response.GetStatus().GetCode() != int32(codes.PermissionDenied) || denied.GetStatus().GetCode() != http.StatusRequestEntityTooLarge ||
				!strings.Contains(denied.GetBody(), `"code":"DENIED"`) {
				t.Errorf("answer %v", &response)
			}
			if len(reasons) != 1 || reasons[0] != c.reason {
				t.Errorf("reasons %q; want %q", reasons, c.reason)
			}
		})
	}
}

// cancelled returns a context that has ended.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
