package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// rawRequest is a request that a text table cannot contain: control bytes, invalid UTF-8, broken
// lines, or a body that hides a request. Header lines are separated by |, and {blob} is the
// secret blob's digest.
type rawRequest struct{ name, line, header, body string }

// A form that mounts the secret blob, and a request that reads the secret.
const (
	form   = "mount={blob}&from=secret/app"
	inner  = "GET /v2/secret/app/manifests/v2 HTTP/1.1\r\nHost: localhost\r\n\r\n"
	opens  = "POST /v2/att/x/blobs/uploads/ HTTP/1.1"
	reads  = "GET /v2/secret/app/manifests/v2 HTTP/1.1"
	isForm = "application/x-www-form-urlencoded"
)

var rawRequests = []rawRequest{
	{"NUL in the path", "GET /v2/secret/app\x00/manifests/v2 HTTP/1.1", "", ""},
	{"NUL after a name that is allowed", "GET /v2/public/app/manifests/v1\x00/../../secret/app/manifests/v2 HTTP/1.1", "", ""},
	{"tab in the path", "GET /v2/secret/app\t/manifests/v2 HTTP/1.1", "", ""},
	{"tabs for spaces", "GET\t/v2/secret/app/manifests/v2\tHTTP/1.1", "", ""},
	{"two spaces", "GET  /v2/secret/app/manifests/v2  HTTP/1.1", "", ""},
	{"space in the path", "GET /v2/public/app /v2/secret/app/manifests/v2 HTTP/1.1", "", ""},
	{"line feed in the path", "GET /v2/public/app/manifests/v1\n/v2/secret/app/manifests/v2 HTTP/1.1", "", ""},
	{"carriage return in the path", "GET /v2/public/app\r/manifests/v1 HTTP/1.1", "", ""},
	{"a request in the path", "GET /v2/public/app/manifests/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n" + reads, "", ""},
	{"DEL in the path", "GET /v2/secret/app/manifests/v2\x7f HTTP/1.1", "", ""},
	{"invalid UTF-8 in the path", "GET /v2/\xff\xfe/manifests/v2 HTTP/1.1", "", ""},
	{"overlong slash in the path", "GET /v2/secret\xc0\xafapp/manifests/v2 HTTP/1.1", "", ""},
	{"lone surrogate in the path", "GET /v2/secret/app/manifests/\xed\xa0\x80 HTTP/1.1", "", ""},
	{"Latin-1 in the path", "GET /v2/secr\xe9t/app/manifests/v2 HTTP/1.1", "", ""},
	{"invalid UTF-8 in the query", "GET /v2/secret/app/tags/list?last=\x80 HTTP/1.1", "", ""},
	{"NUL in the query", "POST /v2/att/x/blobs/uploads/?mount={blob}&from=public/app\x00&from=secret/app HTTP/1.1", "", ""},
	{"invalid UTF-8 in from", "POST /v2/att/x/blobs/uploads/?mount={blob}&from=secret/app\xff HTTP/1.1", "", ""},
	{"NUL in the method", "GET\x00 /v2/secret/app/manifests/v2 HTTP/1.1", "", ""},
	{"invalid UTF-8 in the method", "G\xc5T /v2/secret/app/manifests/v2 HTTP/1.1", "", ""},
	{"line feed in a header hides a form", opens, "X: y\nContent-Type: " + isForm, form},
	{"carriage return in a content type", opens, "Content-Type: text/plain\r" + isForm, form},
	{"a content type over two lines", opens, "Content-Type: text/plain,| " + isForm, form},
	{"space before the colon of a content type", opens, "Content-Type : " + isForm, form},
	{"NUL in a content type", opens, "Content-Type: " + isForm + "\x00", form},
	{"vertical tab before a content type", opens, "Content-Type: \x0b" + isForm, form},
	{"no-break space after a content type", opens, "Content-Type: " + isForm + "\xc2\xa0", form},
	{"a content type in Latin-1", opens, "Content-Type: " + isForm + "\xa0", form},
	{"a form after another content type", opens, "Content-Type: text/plain|Content-Type: " + isForm, form},
	{"a form before another content type", opens, "Content-Type: " + isForm + "|Content-Type: text/plain", form},
	{"a form whose type ends at Envoy", opens, "Connection: content-type|Content-Type: " + isForm, form},
	{"two lengths", opens, "Content-Length: 0|Content-Length: 60", inner},
	{"a length and chunks", opens, "Content-Length: 4|Transfer-Encoding: chunked", "0\r\n\r\n" + inner},
	{"chunks in a list", opens, "Transfer-Encoding: x, chunked", "0\r\n\r\n" + inner},
	{"chunks with a tab", opens, "Transfer-Encoding:\tchunked\x0b", "0\r\n\r\n" + inner},
	{"another request after the body", opens, "Content-Length: 0", inner},
	{"HTTP/0.9", "GET /v2/secret/app/manifests/v2", "", ""},
	{"HTTP/1.0", "GET /v2/secret/app/manifests/v2 HTTP/1.0", "", ""},
	{"HTTP/2 without negotiation", "PRI * HTTP/2.0", "", "SM\r\n\r\n"},
	{"a switch to HTTP/2", reads, "Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABkAAQAAP__", ""},
	{"a switch to a web socket", reads, "Connection: Upgrade|Upgrade: websocket", ""},
}

// bytes returns the request on the wire.
func (r *rawRequest) bytes(t *testing.T, sys *system) []byte {
	t.Helper()
	fill := strings.NewReplacer("{blob}", layer(t, sys.secret))
	body := fill.Replace(r.body)
	text := fill.Replace(r.line) + "\r\nHost: localhost\r\n" + authorization + "\r\n"
	if r.header != "" {
		text += strings.ReplaceAll(r.header, "|", "\r\n") + "\r\n"
	}
	if body != "" && !strings.Contains(r.header, "Content-Length") && !strings.Contains(r.header, "Transfer-Encoding") {
		text += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return []byte(text + "\r\n" + body)
}

// sendRaw sends all of them: no answer reveals a secret, and no other repository receives it.
func (sys *system) sendRaw(t *testing.T, s secrets) {
	t.Helper()
	if len(rawRequests) < 40 {
		t.Errorf("%d raw requests, want at least 40", len(rawRequests))
	}
	for _, r := range rawRequests {
		request := r.bytes(t, sys)
		got := exchangeBriefly(t, sys.Address(stack.Envoy), request)
		if revealed := s.revealedBy(got, request); revealed != "" {
			t.Errorf("%s revealed %q:\n%s", r.name, revealed, got)
		}
		sys.secretNotServed(t, "att/x", r.name)
	}
	sys.request(t, "alice", http.MethodGet, "/v2/public/app/tags/list").hasStatus(t, http.StatusOK)
}
