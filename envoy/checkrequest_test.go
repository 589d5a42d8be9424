package envoy

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"extauthz/diag"
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
	const remedy = "; write an envoy.service.auth.v3.CheckRequest in the JSON of Protocol Buffers"
	for _, c := range []struct{ name, text, want string }{
		{"empty text", "", "1:1: not JSON: the text is empty; fix it here or just before"},
		{"not an object", `["hunter2"]`, "1:1: a CheckRequest must be an object, not an array"},
		{"unknown field", "{\n \"attribute\": {}}", `2:2: unknown field "attribute" in a CheckRequest` + remedy},
		{"unknown field that may be a secret", `{"hunter2 or so": {}}`, `1:2: not a CheckRequest` + remedy},
		{"unknown field of a field", `{"attributes":{"request":{"http":{"header":{}}}}}`, `1:35: unknown field "header" in a CheckRequest` + remedy},
		{"name of the definition", `{"attributes":{"context_extensions":{"a":7}}}`, `1:37: not a CheckRequest` + remedy},
		{"wrong type in a list", `{"attributes":{"request":{"http":{"header_map":{"headers":["hunter2"]}}}}}`, `1:59: not a CheckRequest` + remedy},
		{"wrong time", "{\"attributes\":{\"request\":{\n\"time\": \"hunter2\"}}}", `2:9: not a CheckRequest` + remedy},
		{"field twice", `{"attributes":{}, "attributes":{}}`, `1:19: "attributes" occurs twice; keep one of the two`},
		{"field by both of its names", `{"attributes":{"contextExtensions":{}, "context_extensions":{}}}`, `1:1: not a CheckRequest` + remedy},
		{"name in a map twice", `{"attributes":{"contextExtensions":{"hunter2":"", "hunter2":""}}}`, `1:36: not a CheckRequest` + remedy},
		{"bytes that are not UTF-8", "{\"attributes\":{\"hunter2\xff\":{}}}", `1:24: this byte is not UTF-8; save the text as UTF-8`},
		{"second field", `{"attributes":{"contextExtensions":{}, "request":[]}}`, `1:50: not a CheckRequest` + remedy},
		{"after characters of two bytes", `{"attributes":{"contextExtensions":{"a":"ä"}, "reqest":[]}}`, `1:47: unknown field "reqest" in a CheckRequest` + remedy},
		{"wrong type", `{"attributes":{"request":{"http":{"headers":"Basic hunter2"}}}}`, "1:45: not a CheckRequest" + remedy},
		{"wrong value", `{"attributes":{"request":{"http":{"headers":{"authorization": hunter2}}}}}`, "1:63: not JSON: unexpected 'h'; fix it here or just before"},
		{"cut short", `{"attributes":{"request":{"http":{"headers":{"authorization":"Basic hunter2`, "1:75: not JSON: the text ends before its value does; fix it here or just before"},
		{"text after it", `{} hunter2`, "1:4: not JSON: the text goes on after the end of its value; fix it here or just before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseCheckRequest("request.json", []byte(c.text), time.Now())
			if r != nil || err == nil || err.Error() != "request.json:"+c.want {
				t.Fatalf("request %v\nerror %v\nwant request.json:%s", r, err, c.want)
			}
			if d, ok := errors.AsType[diag.Diagnostic](err); !ok || strings.Contains(d.Message()+d.Pointer, "hunter2") {
				t.Errorf("the error is not a diagnostic or repeats the text: %#v", err)
			}
		})
	}
}
