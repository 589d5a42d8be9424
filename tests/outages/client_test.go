package outages

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/dockercli"
)

// patience is how long a client waits for an answer. Envoy waits half a second for a decision.
var patience = bounded.Scale(10 * time.Second)

// client does not keep connections, so that its requests do not depend on each other.
var client = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

// url returns the address of a path at Envoy. Unlike a replica, Envoy never restarts.
func (s *system) url(path string) string {
	if s.bound == "" {
		s.bound, _ = dockercli.Try("port", s.envoy, "8080/tcp")
	}
	return s.scheme + "://" + s.bound + path
}

// send sends one request through Envoy, and returns the status of the answer.
func (s *system) send(method, path, user string, body io.Reader) (int, error) {
	a, err := s.do(s.client, method, path, user, body)
	return a.status, err
}

// response is what a test reads of an HTTP response.
type response struct {
	status   int
	location string
	length   int64 // of the content, -1 if unknown
}

// do sends one request through Envoy, and reads the response to its end.
func (s *system) do(client *http.Client, method, path, user string, body io.Reader) (a response, err error) {
	request, err := http.NewRequest(method, s.url(path), body)
	if err != nil {
		return a, err
	}
	if user != "" {
		request.SetBasicAuth(user, user+"-secret")
	}
	got, err := client.Do(request)
	if err != nil {
		return a, err
	}
	defer got.Body.Close()
	_, err = io.Copy(io.Discard, got.Body)
	return response{got.StatusCode, got.Header.Get("Location"), got.ContentLength}, err
}

// received returns the last element of each path of the repository's manifests that the registry
// received a request for, in the order of its access log.
func (s *system) received(t *testing.T) (references []string) {
	t.Helper()
	log, err := dockercli.Combined("logs", s.registry)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(log) {
		if _, rest, found := strings.Cut(line, " "+manifests); found && strings.Contains(line, " HTTP/1.1\" ") {
			reference, _, _ := strings.Cut(rest, " ")
			references = append(references, reference)
		}
	}
	return references
}

// manifests is the path of the manifests of a repository that does not exist.
const manifests = "/v2/team/outage/manifests/"
