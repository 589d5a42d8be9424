package envoy

import (
	"reflect"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// TestParseCheckRequest checks that a message in JSON has the same request as the message itself.
func TestParseCheckRequest(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	claims, err := structpb.NewStruct(map[string]any{"ci": map[string]any{"iss": "https://issuer.example.com", "exp": 1e9}})
	if err != nil {
		t.Fatal(err)
	}
	message := &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:            &authv3.AttributeContext_Peer{Principal: "spiffe://a/b", Certificate: "-----BEGIN%20"},
		ContextExtensions: map[string]string{"registry": "main"},
		MetadataContext:   &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{jwtAuthn: claims}},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Method: "GET", Path: "/v2/?a=%62", Host: "registry.example.com",
			HeaderMap: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{{Key: "authorization", RawValue: []byte("Basic \xff")}}},
		}},
	}}
	for name, at := range map[string]time.Time{"now": now, "time of the message": now.Add(-time.Hour)} {
		t.Run(name, func(t *testing.T) {
			message.Attributes.Request.Time = nil
			if at != now {
				message.Attributes.Request.Time = timestamppb.New(at)
			}
			text, err := protojson.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseCheckRequest("request.json", text, now)
			if want := toRequest(message, at); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("error %v\ngot  %+v\nwant %+v", err, got, want)
			}
		})
	}
}

// TestParseCheckRequestRefuses checks that an error contains the position and nothing of the text.
func TestParseCheckRequestRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty text", "", "request.json:1:1: not a CheckRequest"},
		{"not an object", `["hunter2"]`, "request.json:1:1: not a CheckRequest"},
		{"unknown field", "{\n \"attribute\": {}}", `request.json:2:2: unknown field "attribute" in a CheckRequest`},
		{"unknown field that may be a secret", `{"hunter2 or so": {}}`, `request.json:1:2: not a CheckRequest`},
		{"unknown field of a field", `{"attributes":{"request":{"http":{"header":{}}}}}`, `request.json:1:35: unknown field "header" in a CheckRequest`},
		{"name of the definition", `{"attributes":{"context_extensions":{"a":7}}}`, `request.json:1:37: not a CheckRequest`},
		{"wrong type in a list", `{"attributes":{"request":{"http":{"header_map":{"headers":["hunter2"]}}}}}`, `request.json:1:59: not a CheckRequest`},
		{"wrong time", "{\"attributes\":{\"request\":{\n\"time\": \"hunter2\"}}}", `request.json:2:9: not a CheckRequest`},
		{"field twice", `{"attributes":{}, "attributes":{}}`, `request.json:1:1: not a CheckRequest`},
		{"second field", `{"attributes":{"contextExtensions":{}, "request":[]}}`, `request.json:1:50: not a CheckRequest`},
		{"after characters of two bytes", `{"attributes":{"contextExtensions":{"a":"ä"}, "reqest":[]}}`, `request.json:1:47: unknown field "reqest"`},
		{"wrong type", `{"attributes":{"request":{"http":{"headers":"Basic hunter2"}}}}`, "request.json:1:45: not a CheckRequest"},
		{"wrong value", `{"attributes":{"request":{"http":{"headers":{"authorization": hunter2}}}}}`, "request.json:1:63: not a CheckRequest"},
		{"cut short", `{"attributes":{"request":{"http":{"headers":{"authorization":"Basic hunter2`, "request.json:1:75: not a CheckRequest"},
		{"text after it", `{} hunter2`, "request.json:1:4: not a CheckRequest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseCheckRequest("request.json", []byte(c.text), time.Now())
			if r != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "envoy.service.auth.v3") {
				t.Fatalf("request %v, error %v, want %q", r, err, c.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error repeats the text: %v", err)
			}
		})
	}
}
