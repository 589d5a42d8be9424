package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// requestWith sends a request with exactly these headers through client, over TLS if the
// client has a TLS configuration.
func (sys *system) requestWith(t *testing.T, client *http.Client, method, path string, headers ...[2]string) answer {
	t.Helper()
	scheme := "http://"
	if transport, ok := client.Transport.(*http.Transport); ok && transport.TLSClientConfig != nil {
		scheme = "https://"
	}
	request, err := http.NewRequest(method, scheme+sys.Address(stack.Envoy)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		request.Header[h[0]] = append(request.Header[h[0]], h[1])
	}
	return exchange(t, client, request)
}

// getWith sends a GET with these headers, without TLS.
func (sys *system) getWith(t *testing.T, path string, headers ...[2]string) answer {
	t.Helper()
	return sys.requestWith(t, http.DefaultClient, http.MethodGet, path, headers...)
}

// numberedRequests counts the requests whose line is searched in the decision log.
var numberedRequests atomic.Int64

// logsAll waits until the decision log has the lines of all requests so far: they are before that of
// one more request, which has this header.
func (sys *system) logsAll(t *testing.T, header [2]string) {
	t.Helper()
	reference := fmt.Sprintf("request-%d", numberedRequests.Add(1))
	sys.getWith(t, "/v2/team/app/manifests/"+reference, header)
	sys.decided(t, reference)
}

// decided is a line of the decision log.
type decided struct {
	Decision  string
	Principal string
	Source    string
	Issuer    string
	KeyID     string
	Reference string
}

// isCaller tries to delete an image with these headers, which no policy allows. The denial
// names the principal, and the decision log also names the source.
func (sys *system) isCaller(t *testing.T, client *http.Client, source, principal string, headers ...[2]string) decided {
	t.Helper()
	reference := fmt.Sprintf("request-%d", numberedRequests.Add(1))
	a := sys.requestWith(t, client, http.MethodDelete, "/v2/secret/app/manifests/"+reference, headers...)
	if a.status != http.StatusForbidden {
		t.Fatalf("status %d, want 403; body %s", a.status, a.body)
	}
	a.hasError(t, "DENIED", "User: "+principal+" is not authorized")
	line := sys.decided(t, reference)
	if line.Source != source || line.Principal != principal {
		t.Errorf("logged %+v, want %s by %s", line, principal, source)
	}
	return line
}

// decided waits for the line of the request that was for this reference.
func (sys *system) decided(t *testing.T, reference string) decided {
	t.Helper()
	for deadline := time.Now().Add(busy); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for line := range strings.Lines(sys.Log(stack.Extauthz)) {
			var d decided
			if strings.Contains(line, reference) && json.Unmarshal([]byte(line), &d) == nil && d.Reference == reference {
				return d
			}
		}
	}
	t.Fatalf("no line about %s in the decision log", reference)
	return decided{}
}

// isRejected checks that the answer is a 401 with this reason.
func (sys *system) isRejected(t *testing.T, reason string, headers ...[2]string) {
	t.Helper()
	a := sys.getWith(t, "/v2/team/app/tags/list", headers...)
	if a.status != http.StatusUnauthorized {
		t.Fatalf("status %d, want 401; body %s", a.status, a.body)
	}
	a.hasError(t, "UNAUTHORIZED", reason)
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic realm=") {
		t.Errorf("WWW-Authenticate %q, want a Basic challenge", got)
	}
}
