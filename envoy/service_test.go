package envoy

import (
	"cmp"
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"
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

// TestToRequest checks the request of a check with either encoding of headers.
func TestToRequest(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	want := &authz.Request{
		ID: "id-1", Method: "GET", Path: "/v2/team/app/manifests/v1", Host: "localhost:8080",
		Headers: []mapping.Header{{Name: "authorization", Value: "Basic YTpi"}, {Name: "content-type", Value: "application/json"}, {Name: "cookie", Value: "session=1"},
			{Name: "user-agent", Value: "crane"}, {Name: "x-request-id", Value: "id-1"}},
		Peer: "192.0.2.1", Principal: "spiffe://a/b", Certificate: "pem",
		SNI: "registry.example.com", DestinationPrincipal: "registry.example.com",
		Extensions: authz.Extensions{Registry: "quickstart"}, Time: now,
	}
	for _, raw := range []bool{false, true} {
		got := toRequest(checkRequest(raw), now)
		slices.SortFunc(got.Headers, func(a, b mapping.Header) int { return cmp.Compare(a.Name, b.Name) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("raw %t: got %+v\nwant %+v", raw, got, want)
		}
	}
}

// TestToRequestTakesClaims checks that claims count only in the namespace of the filter jwt_authn.
func TestToRequestTakesClaims(t *testing.T) {
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
			if got := toRequest(m, time.Time{}).Metadata; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestToRequestKeepsRepeatedHeaders checks that every value of a header is in the request.
func TestToRequestKeepsRepeatedHeaders(t *testing.T) {
	m := &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
		HeaderMap: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{
			{Key: "authorization", RawValue: []byte("Basic YTpi")}, {Key: "authorization", Value: "Basic YzpkCg=="}, {Key: "content-type", RawValue: []byte{0xc4, 0xb0}},
		}},
	}}}}
	want := []mapping.Header{{Name: "authorization", Value: "Basic YTpi"}, {Name: "authorization", Value: "Basic YzpkCg=="}, {Name: "content-type", Value: "\xc4\xb0"}}
	if got := toRequest(m, time.Time{}).Headers; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestToRequestOfNothing checks that absent parts are empty.
func TestToRequestOfNothing(t *testing.T) {
	for _, m := range []*authv3.CheckRequest{nil, {}, {Attributes: &authv3.AttributeContext{}},
		{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{}}},
		{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{HeaderMap: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{nil}}}}}},
	} {
		got := toRequest(m, time.Time{})
		if len(got.Headers) == 0 {
			got.Headers = nil
		}
		if !reflect.DeepEqual(got, &authz.Request{}) {
			t.Errorf("%v became %+v", m, got)
		}
	}
}

// TestToResponseAllows checks the response of an allowed request.
func TestToResponseAllows(t *testing.T) {
	m := toResponse(&authz.Result{
		Decision: authz.Allowed, Principal: "arn:aws:iam::1:user/a", Repository: "team/app", Operation: "MountBlob",
		Evaluations: []authz.Evaluation{{Action: "ecr:GetAuthorizationToken"}, {Action: "ecr:InitiateLayerUpload"}},
		Answer:      authz.Answer{Allowed: true, RemoveHeaders: []string{"authorization"}, RemoveQueryParameters: []string{"mount", "from"}},
	})
	ok := m.GetOkResponse()
	if m.GetStatus().GetCode() != int32(codes.OK) || !slices.Equal(ok.GetHeadersToRemove(), []string{"authorization"}) ||
		!slices.Equal(ok.GetQueryParametersToRemove(), []string{"mount", "from"}) {
		t.Errorf("response %v", m)
	}
	checkMetadata(t, m, map[string]any{"decision": "allowed", "action": "ecr:InitiateLayerUpload",
		"principal": "arn:aws:iam::1:user/a", "repository": "team/app", "operation": "MountBlob"})
}

// TestToResponseDenies checks the response for each status.
func TestToResponseDenies(t *testing.T) {
	for _, c := range []struct {
		status int
		code   codes.Code
	}{{401, codes.Unauthenticated}, {403, codes.PermissionDenied}, {404, codes.PermissionDenied}, {503, codes.Unavailable}} {
		m := toResponse(&authz.Result{Decision: authz.ImplicitDeny, Repository: "team/app",
			Evaluations: []authz.Evaluation{{Action: "ecr:GetAuthorizationToken"}, {Action: "ecr:PutImage"}},
			Answer:      authz.Answer{Status: c.status, Body: []byte("{}"), Headers: []mapping.Header{{Name: "content-type", Value: "application/json"}}}})
		denied := m.GetDeniedResponse()
		if m.GetStatus().GetCode() != int32(c.code) || int(denied.GetStatus().GetCode()) != c.status || denied.GetBody() != "{}" {
			t.Errorf("%d: response %v", c.status, m)
		}
		h := denied.GetHeaders()
		if len(h) != 1 || h[0].GetHeader().GetKey() != "content-type" || h[0].GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			t.Errorf("headers %v", h)
		}
		checkMetadata(t, m, map[string]any{"decision": "implicitDeny", "action": "ecr:PutImage", "repository": "team/app"})
	}
}

// TestToResponseOfNothing checks that the zero result denies.
func TestToResponseOfNothing(t *testing.T) {
	m := toResponse(&authz.Result{})
	if m.GetStatus().GetCode() == int32(codes.OK) || m.GetOkResponse() != nil || m.GetDeniedResponse().GetStatus().GetCode() != 403 {
		t.Errorf("response %v", m)
	}
}

func checkMetadata(t *testing.T, m *authv3.CheckResponse, want map[string]any) {
	t.Helper()
	if got := m.GetDynamicMetadata().AsMap(); !reflect.DeepEqual(got, want) {
		t.Errorf("metadata %v, want %v", got, want)
	}
}

// TestCheckSurvivesAPanic checks that a panic is logged and denies.
func TestCheckSurvivesAPanic(t *testing.T) {
	for name, answer := range map[string]func(context.Context, *authz.Request) *authz.Result{
		"panic":     func(context.Context, *authz.Request) *authz.Result { panic("oops") },
		"no result": func(context.Context, *authz.Request) *authz.Result { return nil },
		"unset":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			s := &Service{Decide: answer, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			m, err := s.Check(context.Background(), checkRequest(true))
			if !strings.Contains(log.String(), "panic while answering") {
				t.Errorf("log %q", log.String())
			}
			if err != nil || m.GetStatus().GetCode() != int32(codes.Unavailable) || m.GetDeniedResponse().GetStatus().GetCode() != 503 {
				t.Errorf("response %v, error %v", m, err)
			}
		})
	}
}

func BenchmarkService(b *testing.B) {
	allowed := &authz.Result{Decision: authz.Allowed, Answer: authz.Answer{Allowed: true, RemoveHeaders: []string{"authorization"}}}
	s := &Service{Decide: func(context.Context, *authz.Request) *authz.Result { return allowed }}
	m := checkRequest(true)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Check(context.Background(), m); err != nil {
			b.Fatal(err)
		}
	}
}

// TestCheckAnswersInTime checks that the decision must end before the deadline of the check, and that
// a check without a deadline has none.
func TestCheckAnswersInTime(t *testing.T) {
	var got time.Time
	s := &Service{Decide: func(ctx context.Context, _ *authz.Request) *authz.Result {
		got, _ = ctx.Deadline()
		return authz.Unavailable("")
	}}
	if _, err := s.Check(t.Context(), checkRequest(true)); err != nil || !got.IsZero() {
		t.Errorf("deadline %v (%v), want none", got, err)
	}
	began := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), began.Add(time.Hour))
	defer cancel()
	if _, err := s.Check(ctx, checkRequest(true)); err != nil {
		t.Fatal(err)
	}
	if left := began.Add(time.Hour).Sub(got); left < 5*time.Minute || left > 6*time.Minute {
		t.Errorf("%v left for the answer, want 6 minutes", left)
	}
}
