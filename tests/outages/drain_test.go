package outages

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"extauthz/tests/dockercli"
)

const mebibyte = 1 << 20

// TestEndsDuringUpload ends the only extauthz while the body of an allowed request is being sent:
// the request does not need it any more.
func TestEndsDuringUpload(t *testing.T) {
	s := start(t, config{})
	f := s.traffic(t, usual...)
	p := s.begin(t)
	half := p.content(8 * mebibyte)
	body, feed := io.Pipe()
	answers := make(chan int, 1)
	go func() {
		a, err := s.do(patient, http.MethodPatch, p.location, "alice", body)
		if err != nil {
			t.Error(err)
			answers <- 0
			return
		}
		p.location = a.location
		answers <- a.status
	}()
	if _, err := io.Copy(feed, bytes.NewReader(half)); err != nil {
		t.Fatal(err)
	}
	dockercli.Run(t, "stop", s.replicas[0].name)
	f.unavailable(t)
	if _, err := feed.Write(p.content(8 * mebibyte)); err != nil {
		t.Fatal(err)
	}
	feed.Close()
	if status := <-answers; status != http.StatusAccepted {
		t.Fatalf("the chunk is answered %d, want 202", status)
	}
	dockercli.Run(t, "start", s.replicas[0].name)
	f.recovers(t)
	p.complete(t)
	f.finish(t)
}

// TestRestartsDuringPush restarts one of two replicas, with the drain delay of
// examples/kubernetes/shared, during the push of a large blob. The push does not fail. Of the other
// requests at most one in a thousand is answered 503: Envoy may send its check to the address of
// the container when that has just ended, where it gets no answer in time.
func TestRestartsDuringPush(t *testing.T) {
	draining := config{flags: []string{"--drain-delay=15s"}}
	s := start(t, draining, draining)
	f := s.traffic(t, usual...)
	p := s.begin(t)
	r := s.replicas[0]
	restarted := make(chan error, 1)
	go func() {
		_, err := dockercli.Try("stop", "--time=60", r.name)
		if err == nil {
			_, err = dockercli.Try("start", r.name)
		}
		restarted <- err
	}()
	const size, chunk = 256 * mebibyte, 4 * mebibyte
	for p.sent < size-chunk {
		p.chunk(t, chunk)
		select {
		case err := <-restarted:
			if err != nil {
				t.Fatal(err)
			}
			restarted = nil
		case <-time.After(200 * time.Millisecond):
		}
	}
	if restarted != nil {
		if err := <-restarted; err != nil {
			t.Fatal(err)
		}
	}
	p.chunk(t, chunk)
	p.complete(t)
	s.healthy(t)
	f.recovers(t)
	if decided, unavailable := f.finish(t); 1000*unavailable > decided {
		t.Errorf("%d requests were answered 503, and %d were decided; want at most one in a thousand", unavailable, decided)
	}
}
