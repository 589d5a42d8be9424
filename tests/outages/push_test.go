package outages

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net/http"
	"testing"
	"time"
)

// push is the upload of one blob in chunks.
type push struct {
	system   *system
	location string
	sum      hash.Hash
	sent     int
}

// patient is a client for requests that wait for their body.
var patient = &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}

// begin begins an upload as alice.
func (s *system) begin(t *testing.T) *push {
	t.Helper()
	p := &push{system: s, sum: sha256.New()}
	p.must(t, http.MethodPost, "/v2/team/app/blobs/uploads/", nil, http.StatusAccepted)
	return p
}

// chunk sends one chunk of a size.
func (p *push) chunk(t *testing.T, size int) {
	t.Helper()
	p.must(t, http.MethodPatch, p.location, bytes.NewReader(p.content(size)), http.StatusAccepted)
}

// content returns the content of the next chunk.
func (p *push) content(size int) []byte {
	content := bytes.Repeat([]byte{byte(p.sent >> 20)}, size)
	p.sum.Write(content)
	p.sent += size
	return content
}

// complete ends the upload, and checks that the registry has all of it.
func (p *push) complete(t *testing.T) {
	t.Helper()
	digest := fmt.Sprintf("sha256:%x", p.sum.Sum(nil))
	p.must(t, http.MethodPut, p.location+"&digest="+digest, nil, http.StatusCreated)
	a, err := p.system.do(patient, http.MethodHead, "/v2/team/app/blobs/"+digest, "alice", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != http.StatusOK || a.length != int64(p.sent) {
		t.Errorf("the blob: status %d, %d bytes; want 200 and %d", a.status, a.length, p.sent)
	}
}

// must sends a request of the upload, and follows its location.
func (p *push) must(t *testing.T, method, path string, body io.Reader, want int) {
	t.Helper()
	a, err := p.system.do(patient, method, path, "alice", body)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != want {
		t.Fatalf("%s after %d bytes: status %d, want %d", method, p.sent, a.status, want)
	}
	p.location = a.location
}
