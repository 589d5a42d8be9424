package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// hostile is a request that tries to get around the check.
type hostile struct {
	status                       string // expected: three digits, or 4xx
	method, target, header, body string
}

// bytes returns the request on the wire, to host and by user.
func (h *hostile) bytes(t *testing.T, host, user string) []byte {
	t.Helper()
	login, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	login.SetBasicAuth(user, user+"-secret")
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nConnection: close\r\nContent-Length: %d\r\n",
		h.method, h.target, host, login.Header.Get("Authorization"), len(h.body))
	if h.header != "" {
		fmt.Fprintf(&out, "%s\r\n", h.header)
	}
	fmt.Fprintf(&out, "\r\n%s", h.body)
	return out.Bytes()
}

// readHostile returns the requests of the table, with the digests of sys filled in.
func readHostile(t *testing.T, sys *system) (requests []hostile) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "hostile.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	blob, manifest := layer(t, sys.secret), digest(t, sys.secret)
	fill := strings.NewReplacer("{blob}", blob, "{manifest}", manifest, `\r\n`, "\r\n", `\t`, "\t",
		"{encoded}", strings.Replace(blob, ":", "%3A", 1), "{manifest-hex}", strings.TrimPrefix(manifest, "sha256:"))
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := append(strings.Split(strings.TrimRight(line, "\n"), "\t"), "", "")
		requests = append(requests, hostile{cells[0], cells[1], fill.Replace(cells[2]), fill.Replace(cells[3]), fill.Replace(cells[4])})
	}
	if len(requests) < 80 {
		t.Fatalf("%d hostile requests, want at least 80", len(requests))
	}
	return requests
}

// hostileRequests sends all of them through an Envoy that refuses nothing itself. No answer
// contains the secret, each has the expected status, and the secret is in no other
// repository afterwards. To show that the test can fail, some of the same requests reveal
// the secret when they are sent to the registry directly.
func hostileRequests(t *testing.T, sys *system) {
	leaks := 0
	for _, h := range readHostile(t, sys) {
		got := exchangeBytes(t, sys.Address(stack.Envoy), h.bytes(t, sys.Address(stack.Envoy), "alice"))
		name := fmt.Sprintf("%s %q %q", h.method, h.target, h.header)
		if bytes.Contains(got, []byte(marker)) {
			t.Errorf("%s gave the secret away:\n%s", name, got)
		}
		if status := statusOf(got); !h.accepts(status) {
			t.Errorf("%s: status %q, want %s:\n%.400s", name, status, h.status, got)
		}
		sys.hasBlob(t, "team/x", layer(t, sys.secret), false)
		if h.method == http.MethodGet && bytes.Contains(exchangeBytes(t, sys.Address(stack.Registry), h.bytes(t, "registry", "alice")), []byte(marker)) {
			leaks++
		}
	}
	if leaks < 10 {
		t.Errorf("the registry itself gave the secret away to %d of them, want at least 10", leaks)
	}
	sys.hasBlob(t, "secret/app", layer(t, sys.secret), true)
	sys.request(t, "admin", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusOK)
	sys.request(t, "alice", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusOK)
}

// accepts reports whether a status is the expected one. A connection that is closed without
// an answer is a refusal.
func (h *hostile) accepts(status string) bool {
	if h.status == "4xx" {
		return status == "" || strings.HasPrefix(status, "4")
	}
	return status == h.status
}

// statusLine matches the beginning of an answer.
var statusLine = regexp.MustCompile(`^HTTP/1\.1 (\d\d\d)`)

func statusOf(answer []byte) string {
	if found := statusLine.FindSubmatch(answer); found != nil {
		return string(found[1])
	}
	return ""
}

// busy is how long an answer may take on a busy machine.
const busy = 5 * time.Minute

// exchangeBytes writes the request and reads until the other end closes.
func exchangeBytes(t *testing.T, address string, request []byte) []byte {
	t.Helper()
	return exchangeWithin(t, busy, address, request)
}

// exchangeOne reads one whole answer and what follows immediately: an Envoy that has not read
// the whole request closes the connection only after a second.
func exchangeOne(t *testing.T, address, method string, request []byte) []byte {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, busy)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(busy)); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Write(request); err != nil {
		t.Fatal(err)
	}
	var answer bytes.Buffer
	all := io.TeeReader(connection, &answer)
	if response, err := http.ReadResponse(bufio.NewReader(all), &http.Request{Method: method}); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		_ = connection.SetDeadline(time.Now().Add(5 * time.Millisecond))
	}
	_, _ = io.Copy(io.Discard, all) // an error only ends the reading
	return answer.Bytes()
}

// exchangeBriefly is for a request after which the other end may wait for more: the whole
// answer arrives within a moment.
func exchangeBriefly(t *testing.T, address string, request []byte) []byte {
	t.Helper()
	return exchangeWithin(t, bounded.Scale(150*time.Millisecond), address, request)
}

func exchangeWithin(t *testing.T, limit time.Duration, address string, request []byte) []byte {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, busy)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Write(request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(connection)
	if err != nil && len(answer) == 0 {
		t.Logf("%.80q: %v", request, err)
	}
	return answer
}
