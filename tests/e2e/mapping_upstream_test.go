package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"extauthz/mapping"
	"extauthz/tests/stack"
)

// tap is an upstream that keeps the head of every request byte for byte, before
// any parser has read it, and answers 200.
type tap struct {
	net.Listener
	mu    sync.Mutex
	heads []string
}

// newTap listens until the test ends.
func newTap(t *testing.T) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &tap{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go u.take(c)
		}
	}()
	return u
}

// take reads one request's head, answers, and waits for the other end.
func (u *tap) take(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(busy))
	in := bufio.NewReader(c)
	var head strings.Builder
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = in.ReadString('\n'); err != nil {
			return
		}
		head.WriteString(line)
	}
	u.mu.Lock()
	u.heads = append(u.heads, head.String())
	u.mu.Unlock()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	_, _ = io.Copy(io.Discard, in)
}

// taken are the heads since the last question.
func (u *tap) taken() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	heads := u.heads
	u.heads = nil
	return heads
}

// forwardedAsChecked sends the sheet to a tap: what arrives is the request that
// was sent, byte for byte but for the query parameters that were removed, and
// its repository is the one in the decision's log line. A request that the
// mapping refuses does not arrive.
func forwardedAsChecked(t *testing.T, _ *system) {
	upstream := newTap(t)
	spec := lax(t)
	spec.Upstream = upstream.Addr().String()
	sys := hostileSystem(t, spec)
	upstream.taken() // what asked whether it is there
	forwarded := 0
	for _, row := range readSheet(t, sys) {
		exchangeOne(t, sys.Address(stack.Envoy), row.method, row.bytes(t, sys, sys.Address(stack.Envoy)))
		heads := upstream.taken()
		forwarded += len(heads)
		if least, most := row.arrivals(); len(heads) < least || len(heads) > most {
			t.Errorf("%s (%s) arrived %d times, want %d to %d", &row, row.expected, len(heads), least, most)
		}
		for _, head := range heads {
			row.arrivedAs(t, sys, head)
		}
	}
	if forwarded < 25 {
		t.Errorf("%d requests were forwarded, want at least 25", forwarded)
	}
}

// arrivals is how often the row should reach the upstream. With a length that
// is not one, Envoy may refuse it before anyone is asked.
func (r *sheetRow) arrivals() (least, most int) {
	switch {
	case r.expected == "deny" || r.needsSecret():
		return 0, 0
	case r.has("content-length") || r.has("transfer-encoding"):
		return 0, 1
	}
	return 1, 1
}

// forwardedTarget is the row's target without the mount, where that is removed:
// by its own rules, or because alice may not read the source.
func (r *sheetRow) forwardedTarget() string {
	if !strings.Contains(r.expected, " strip ") && !strings.Contains(r.expected, "@secret/app") {
		return r.target
	}
	path, query, found := strings.Cut(r.target, "?")
	if !found {
		return path
	}
	kept := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return name == "mount" || name == "from"
	})
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// arrivedAs checks one head against what was sent and what was judged.
func (r *sheetRow) arrivedAs(t *testing.T, sys *system, head string) {
	t.Helper()
	line, _, _ := strings.Cut(head, "\r\n")
	target := r.forwardedTarget()
	if want := r.method + " " + target + " HTTP/1.1"; line != want {
		t.Errorf("%s arrived as %q, want %q", r, line, want)
	}
	judged := sys.judged(t, head)
	g := mapping.Registry{Partition: "aws", Region: "eu-central-1", Account: "123456789012"}
	m, refusal := g.Map(&mapping.Request{Method: r.method, Path: target})
	if refusal != nil || m.Repository != judged.Repository || r.method != judged.Method {
		t.Errorf("%s arrived as %q (%v) and was judged as %+v", r, line, refusal, judged)
	}
}

// judgement is a line of the decision log.
type judgement struct{ RequestID, Decision, Method, Repository string }

// judged is the decision on the request with this head, by its id.
func (sys *system) judged(t *testing.T, head string) judgement {
	t.Helper()
	_, id, _ := strings.Cut(strings.ToLower(head), "\r\nx-request-id: ")
	id, _, _ = strings.Cut(id, "\r\n")
	for range 100 {
		for line := range strings.Lines(sys.Log(stack.Extauthz)) {
			var found judgement
			if json.Unmarshal([]byte(line), &found) == nil && id != "" && found.RequestID == id {
				return found
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("no decision on request %q in\n%s", id, head)
	return judgement{}
}
