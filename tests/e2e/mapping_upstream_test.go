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

// tap is an upstream that records the bytes of the head of every request, without parsing them,
// and answers 200.
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

// take reads the head of one request, answers, and waits until the other end closes.
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

// taken returns the heads since its last call.
func (u *tap) taken() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	heads := u.heads
	u.heads = nil
	return heads
}

// forwardedAsChecked sends the cases to a tap. The bytes that arrive are the bytes that were sent,
// except removed query parameters, and their repository is the one in the decision log. A
// request that the mapping refuses does not arrive.
func forwardedAsChecked(t *testing.T, _ *system) {
	upstream := newTap(t)
	spec := lax(t)
	spec.Upstream = upstream.Addr().String()
	sys := hostileSystem(t, spec)
	upstream.taken() // discard the probe of its start
	forwarded := 0
	for _, row := range readCases(t, sys) {
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

// arrivals returns how often the case should reach the upstream. Envoy itself may refuse an
// invalid length.
func (r *mappingCase) arrivals() (least, most int) {
	switch {
	case r.expected == "deny" || r.needsSecret():
		return 0, 0
	case r.has("content-length") || r.has("transfer-encoding"):
		return 0, 1
	}
	return 1, 1
}

// forwardedTarget returns the case's target, without the mount where that is removed: by the
// mapping's rules, or because alice may not read the source.
func (r *mappingCase) forwardedTarget() string {
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

// arrivedAs compares one head with the request that was sent and with the decision.
func (r *mappingCase) arrivedAs(t *testing.T, sys *system, head string) {
	t.Helper()
	line, _, _ := strings.Cut(head, "\r\n")
	target := r.forwardedTarget()
	if want := r.method + " " + target + " HTTP/1.1"; line != want {
		t.Errorf("%s arrived as %q, want %q", r, line, want)
	}
	decision := sys.decisionOf(t, head)
	g := mapping.Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012"}
	m, refusal := g.Map(&mapping.HTTPRequest{Method: r.method, Path: target})
	if refusal != nil || m.Repository != decision.Repository || r.method != decision.Method {
		t.Errorf("%s arrived as %q (%v) and was decided as %+v", r, line, refusal, decision)
	}
}

// loggedDecision is a line of the decision log.
type loggedDecision struct{ RequestID, Decision, Method, Repository string }

// decisionOf returns the decision on the request with this head, by its id.
func (sys *system) decisionOf(t *testing.T, head string) loggedDecision {
	t.Helper()
	_, id, _ := strings.Cut(strings.ToLower(head), "\r\nx-request-id: ")
	id, _, _ = strings.Cut(id, "\r\n")
	for range 1000 {
		for line := range strings.Lines(sys.Log(stack.Extauthz)) {
			var found loggedDecision
			if json.Unmarshal([]byte(line), &found) == nil && id != "" && found.RequestID == id {
				return found
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("no decision on request %q in\n%s", id, head)
	return loggedDecision{}
}
