package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// requestLimit is longer than Envoy waits for a decision.
const requestLimit = 30 * time.Second

// transport returns a transport that connects to the pod of the registry, and trusts its authority.
func (i *installation) transport() *http.Transport {
	roots := x509.NewCertPool()
	roots.AddCert(i.authority)
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(i.address, port))
		},
	}
}

// status returns the status of the answer to a request with a token, or 0 without an answer.
func (i *installation) status(t *testing.T, token, method, path string) int {
	t.Helper()
	client := &http.Client{Transport: i.transport(), Timeout: requestLimit}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+":"+port+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("AWS", token)
	response, err := client.Do(request)
	if err != nil {
		t.Log(err)
		return 0
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Log(err)
	}
	return response.StatusCode
}

// pull pulls an image with a new connection, and does not repeat any request.
func (i *installation) pull(token string) error {
	transport := i.transport()
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), requestLimit)
	defer cancel()
	image, err := remote.Image(name.MustParseReference(host+":"+port+"/team/app:v1"), remote.WithContext(ctx), remote.WithTransport(transport),
		remote.WithAuth(&authn.Basic{Username: "AWS", Password: token}), remote.WithRetryStatusCodes(), remote.WithRetryBackoff(remote.Backoff{Steps: 1}))
	if err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		content, err := layer.Compressed()
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, content)
		content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// traffic pulls an image again and again.
type traffic struct {
	stopped chan struct{}
	done    sync.WaitGroup

	mu      sync.Mutex
	pulls   int
	slowest time.Duration
	failed  []error
}

// startTraffic starts clients that pull until stop is called.
func (i *installation) startTraffic(token string, clients int) *traffic {
	f := &traffic{stopped: make(chan struct{})}
	for range clients {
		f.done.Go(func() {
			for {
				select {
				case <-f.stopped:
					return
				default:
				}
				began := time.Now()
				err := i.pull(token)
				f.record(time.Since(began), err)
			}
		})
	}
	return f
}

func (f *traffic) record(took time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pulls++
	f.slowest = max(f.slowest, took)
	if err != nil {
		f.failed = append(f.failed, err)
	}
}

// count returns the number of pulls until now.
func (f *traffic) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pulls
}

// stop ends the clients after their pulls, fails the test if one failed, and returns a summary.
func (f *traffic) stop(t *testing.T) string {
	t.Helper()
	close(f.stopped)
	f.done.Wait()
	for _, err := range f.failed[:min(5, len(f.failed))] {
		t.Errorf("a pull failed: %v", err)
	}
	return fmt.Sprintf("%d pulls, %d failed, the slowest took %s", f.pulls, len(f.failed), f.slowest.Round(10*time.Millisecond))
}
