package envoy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"extauthz/authz"
	"extauthz/mapping"
)

// checkRequest returns the check of a pull, with encode_raw_headers if raw is true.
func checkRequest(raw bool) *authv3.CheckRequest {
	headers := map[string]string{
		":method": "GET", ":path": "/ignored", "x-request-id": "id-1", "cookie": "session=1",
		"authorization": "Basic YTpi", "content-type": "application/json", "user-agent": "crane",
	}
	http := &authv3.AttributeContext_HttpRequest{Method: "GET", Path: "/v2/team/app/manifests/v1", Host: "localhost:8080", Scheme: "https"}
	if raw {
		http.HeaderMap = &corev3.HeaderMap{}
		for name, value := range headers {
			http.HeaderMap.Headers = append(http.HeaderMap.Headers, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
		}
	} else {
		http.Headers = headers
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Request:     &authv3.AttributeContext_Request{Http: http},
		Source:      &authv3.AttributeContext_Peer{Address: tcpAddress("192.0.2.1"), Principal: "spiffe://a/b", Certificate: "pem", Service: "spoofed"},
		Destination: &authv3.AttributeContext_Peer{Address: tcpAddress("192.0.2.2"), Principal: "registry.example.com"},
		TlsSession:  &authv3.AttributeContext_TLSSession{Sni: "registry.example.com"},

		ContextExtensions: map[string]string{"registry": "quickstart"},
	}}
}

func tcpAddress(ip string) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: ip}}}
}

// mustRead returns the request of a message that arrives in the wire format.
func mustRead(t testing.TB, m *authv3.CheckRequest, now time.Time) *authz.CheckRequest {
	t.Helper()
	r, valid := readCheck(mustMarshal(t, m), now)
	if !valid {
		t.Fatalf("%v is not accepted", m)
	}
	return r
}

func mustMarshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReadCheck checks the request of a check with either encoding of headers.
func TestReadCheck(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	want := &authz.CheckRequest{
		ID: "id-1", Method: "GET", Path: "/v2/team/app/manifests/v1", Host: "localhost:8080",
		Headers: []mapping.Header{{Name: "authorization", Value: "Basic YTpi"}, {Name: "content-type", Value: "application/json"}, {Name: "cookie", Value: "session=1"},
			{Name: "user-agent", Value: "crane"}, {Name: "x-request-id", Value: "id-1"}},
		Peer: "192.0.2.1", Principal: "spiffe://a/b", Certificate: []byte("pem"),
		SNI: "registry.example.com", DestinationPrincipal: "registry.example.com",
		Extensions: authz.Extensions{Registry: "quickstart"}, Time: now,
	}
	for _, raw := range []bool{false, true} {
		got := mustRead(t, checkRequest(raw), now)
		slices.SortFunc(got.Headers, func(a, b mapping.Header) int { return cmp.Compare(a.Name, b.Name) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("raw %t: got %+v\nwant %+v", raw, got, want)
		}
	}
}

// TestReadCheckTakesClaims checks that claims count only in the namespace of the filter jwt_authn.
func TestReadCheckTakesClaims(t *testing.T) {
	claims := func(subject string) *structpb.Struct {
		s, err := structpb.NewStruct(map[string]any{"ci": map[string]any{"sub": subject, "aud": []any{"a", "b"}, "exp": 1.8e9}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	want := map[string]any{"ci": map[string]any{"sub": "alice", "aud": []any{"a", "b"}, "exp": 1.8e9}}
	for _, c := range []struct {
		name     string
		metadata map[string]*structpb.Struct
		want     map[string]any
	}{
		{"none", nil, nil},
		{"empty", map[string]*structpb.Struct{"envoy.filters.http.jwt_authn": {}}, nil},
		{"absent struct", map[string]*structpb.Struct{"envoy.filters.http.jwt_authn": nil}, nil},
		{"jwt_authn", map[string]*structpb.Struct{"envoy.filters.http.jwt_authn": claims("alice")}, want},
		{"another filter", map[string]*structpb.Struct{"envoy.filters.http.ext_authz": claims("mallory"), "envoy.lb": claims("mallory"), "jwt_authn": claims("mallory")}, nil},
		{"both", map[string]*structpb.Struct{"envoy.filters.http.lua": claims("mallory"), "envoy.filters.http.jwt_authn": claims("alice")}, want},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := checkRequest(false)
			m.Attributes.MetadataContext = &corev3.Metadata{FilterMetadata: c.metadata}
			m.Attributes.RouteMetadataContext = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"envoy.filters.http.jwt_authn": claims("mallory")}}
			if got := mustRead(t, m, time.Time{}).Metadata; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestReadCheckKeepsRepeatedHeaders checks that every value of a header is in the request.
func TestReadCheckKeepsRepeatedHeaders(t *testing.T) {
	m := &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
		HeaderMap: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{
			{Key: "authorization", RawValue: []byte("Basic YTpi")}, {Key: "authorization", Value: "Basic YzpkCg=="}, {Key: "content-type", RawValue: []byte{0xc4, 0xb0}},
		}},
	}}}}
	want := []mapping.Header{{Name: "authorization", Value: "Basic YTpi"}, {Name: "authorization", Value: "Basic YzpkCg=="}, {Name: "content-type", Value: "\xc4\xb0"}}
	if got := mustRead(t, m, time.Time{}).Headers; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestReadCheckOfNothing checks that absent parts are empty.
func TestReadCheckOfNothing(t *testing.T) {
	for _, m := range []*authv3.CheckRequest{nil, {}, {Attributes: &authv3.AttributeContext{}},
		{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{}}},
		{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{HeaderMap: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{nil}}}}}},
	} {
		got := mustRead(t, m, time.Time{})
		if len(got.Headers) == 0 {
			got.Headers = nil
		}
		if !reflect.DeepEqual(got, &authz.CheckRequest{}) {
			t.Errorf("%v became %+v", m, got)
		}
	}
}

// TestReadCheckTakesExtensions checks which context extensions count.
func TestReadCheckTakesExtensions(t *testing.T) {
	for _, c := range []struct {
		name       string
		extensions map[string]string
		want       authz.Extensions
	}{
		{"none", nil, authz.Extensions{}},
		{"others", map[string]string{"Registry": "a", "allHeaders": "all"}, authz.Extensions{}},
		{"registry", map[string]string{"registry": "a"}, authz.Extensions{Registry: "a"}},
		{"all", map[string]string{"registry": "a", "header": "x-user", "headers": "all"}, authz.Extensions{Registry: "a", TrustedHeader: "x-user", AllHeaders: true}},
		{"another value of headers", map[string]string{"registry": "a", "headers": "All"}, authz.Extensions{Registry: "a"}},
		{"header instead of headers", map[string]string{"registry": "a", "header": "all"}, authz.Extensions{Registry: "a", TrustedHeader: "all"}},
	} {
		m := checkRequest(true)
		m.Attributes.ContextExtensions = c.extensions
		if got := mustRead(t, m, time.Time{}).Extensions; got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestRepeatedClaims checks that claims in many parts are read as protobuf reads them, and
// that they are not copied again for each part.
func TestRepeatedClaims(t *testing.T) {
	bytesField := func(number protowire.Number, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
	}
	namespace := bytesField(1, []byte(jwtAuthn))
	for i := range 1000 {
		claim := append(bytesField(1, fmt.Appendf(nil, "claim%d", i)), bytesField(2, bytesField(3, []byte("value")))...)
		namespace = append(namespace, bytesField(2, bytesField(1, claim))...)
		namespace = append(namespace, bytesField(2, nil)...)
	}
	message := bytesField(1, bytesField(11, bytesField(1, namespace)))
	if !compareWithReference(t, message) {
		t.Error("the message is refused")
	}
	if r, _ := readCheck(message, time.Time{}); len(r.Metadata) != 1000 {
		t.Errorf("%d claims, want 1000", len(r.Metadata))
	}
	if got := testing.AllocsPerRun(10, func() { mergedField(namespace, 2) }); got > 20 {
		t.Errorf("%v allocations", got)
	}
}
