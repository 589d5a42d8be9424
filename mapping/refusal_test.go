package mapping

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// quoted matches text of the client in a message, which may be cut.
var quoted = regexp.MustCompile(`"(\\.|[^"\\])*"(\.\.\.)?`)

// checkRefusal checks the contract of every refusal.
func checkRefusal(t *testing.T, r *Refusal) {
	t.Helper()
	if !slices.Contains([]int{400, 404, 405, 414, 415}, r.Status) {
		t.Errorf("status %d", r.Status)
	}
	if !slices.Contains([]string{nameInvalid, digestInvalid, manifestInvalid, unsupported}, r.Code) {
		t.Errorf("code %q", r.Code)
	}
	if want := quoted.ReplaceAllLiteralString(r.Message, `"…"`); r.LogMessage != want {
		t.Errorf("log message %q, want %q", r.LogMessage, want)
	}
	if r.Message == "" || len(r.Message) > 600 {
		t.Errorf("message of %d bytes", len(r.Message))
	}
	if i := strings.IndexFunc(r.Message, func(c rune) bool { return c < ' ' || c > '~' }); i >= 0 {
		t.Errorf("message %q is not printable ASCII", r.Message)
	}
}

// TestRefusals checks status, code and message of each refusal.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name    string
		request *HTTPRequest
		status  int
		code    string
		message string // a part of it
	}{
		{"unknown path", request("GET", "/token"), 404, "UNSUPPORTED", `"/token" is not an endpoint`},
		{"unknown method", request("OPTIONS", "/v2/a/manifests/v1"), 405, "UNSUPPORTED", `method "OPTIONS"`},
		{"blob deletion", request("DELETE", "/v2/a/blobs/"+layer), 405, "UNSUPPORTED", `method "DELETE"`},
		{"bad name", request("GET", "/v2/A/manifests/v1"), 400, "NAME_INVALID", `"A" is not a valid repository name`},
		{"bad byte", request("GET", "/v2/a%2fb/manifests/v1"), 400, "NAME_INVALID", "byte 0x25 at offset 5"},
		{"backslash", request("GET", `/v2/a\b/manifests/v1`), 400, "NAME_INVALID", "byte 0x5c at offset 5"},
		{"semicolon", request("GET", "/v2/a;b/manifests/v1"), 400, "NAME_INVALID", "byte 0x3b at offset 5"},
		{"fragment", request("GET", "/v2/a#b/manifests/v1"), 400, "NAME_INVALID", "byte 0x23 at offset 5"},
		{"space", request("GET", "/v2/a b/manifests/v1"), 400, "NAME_INVALID", "byte 0x20 at offset 5"},
		{"DEL", request("GET", "/v2/a\x7fb/manifests/v1"), 400, "NAME_INVALID", "byte 0x7f at offset 5"},
		{"not ASCII", request("GET", "/v2/aéb/manifests/v1"), 400, "NAME_INVALID", "byte 0xc3 at offset 5"},
		{"bad tag", request("GET", "/v2/a/manifests/*"), 400, "MANIFEST_INVALID", `"*" is not a valid reference`},
		{"bad digest", request("GET", "/v2/a/blobs/*"), 400, "DIGEST_INVALID", `"*" is not a valid reference`},
		{"bad subject", request("GET", "/v2/a/referrers/*"), 400, "DIGEST_INVALID", `"*" is not a valid reference`},
		{"bad source", request("POST", "/v2/a/blobs/uploads/?mount=x&from=%C3%A9"), 400, "NAME_INVALID", `parameter from: "\u00e9"`},
		{"bad mount", request("POST", "/v2/a/blobs/uploads/?mount=%2F&from=b"), 400, "DIGEST_INVALID", `parameter mount: "/"`},
		{"bad digest parameter", request("PUT", "/v2/a/blobs/uploads/x?digest=%2F"), 400, "DIGEST_INVALID", `parameter digest: "/"`},
		{"bad tag parameter", request("PUT", "/v2/a/manifests/v1?tag=%2F"), 400, "MANIFEST_INVALID", `"/" is not a valid reference`},
		{"query byte", request("GET", "/v2/?a;b"), 400, "UNSUPPORTED", "byte 0x3b at offset 1"},
		{"query byte that Envoy may have hidden", request("GET", "/v2/?a=!"), 400, "UNSUPPORTED", "byte 0x21 at offset 2"},
		{"query escape", request("GET", "/v2/?last=%zz"), 400, "UNSUPPORTED", `parameter "last"`},
		{"query name", request("GET", "/v2/?%61=b"), 400, "UNSUPPORTED", "name of a query parameter"},
		{"query name's case", request("GET", "/v2/?FROM=b"), 400, "UNSUPPORTED", "parameter from must be written in lower case"},
		{"query repetition", request("GET", "/v2/?n=1&n=1"), 400, "UNSUPPORTED", `parameter "n" occurs more than once`},
		{"mount with a digest", request("POST", "/v2/a/blobs/uploads/?mount=x&digest=x"), 400, "UNSUPPORTED", "mounts a blob or uploads one"},
		{"from elsewhere", request("GET", "/v2/a/tags/list?from=b"), 400, "UNSUPPORTED", "only valid in a POST that starts an upload"},
		{"form", request("POST", "/v2/a/blobs/uploads/", "content-type: multipart/form-data"), 415, "UNSUPPORTED", `Content-Type "multipart/form-data"`},
		{"override", request("GET", "/v2/", "x-original-url: /x"), 400, "UNSUPPORTED", `header "x-original-url"`},
		{"long name is cut", request("GET", "/v2/"+strings.Repeat("a", 300)+"/manifests/v1"), 400, "NAME_INVALID", `"... is not a valid`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, refusal := testRegistry().Map(test.request)
			if refusal == nil {
				t.Fatal("not refused")
			}
			checkRefusal(t, refusal)
			if refusal.Status != test.status || refusal.Code != test.code || !strings.Contains(refusal.Message, test.message) {
				t.Errorf("got %+v; want %d %s with %q", *refusal, test.status, test.code, test.message)
			}
		})
	}
}

// TestRefusalContainsNoSecret checks that messages do not repeat text that may be a secret.
func TestRefusalContainsNoSecret(t *testing.T) {
	const secret = "hunter2"
	for _, r := range []*HTTPRequest{
		request("GET", "/v2/?access_token="+secret),
		request("GET", "/v2/?_state="+secret+"%zz"),
		request("GET", "/v2/?"+secret+"%3d=1"),
		request("GET", "/token?password="+secret),
		request("GET", "/v2/a/manifests/v1?x="+secret+"\x00"),
		request("GET", "/v2/", "x-original-url: "+secret),
	} {
		_, refusal := testRegistry().Map(r)
		if refusal == nil {
			t.Errorf("%s: not refused", r.Path)
		} else if strings.Contains(refusal.Message, secret) {
			t.Errorf("%s: the message contains it: %s", r.Path, refusal.Message)
		}
	}
}
