package stack

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	readyLimit = 5 * time.Minute       // for a part to become ready, on a busy machine
	readyEvery = 20 * time.Millisecond // between two requests
)

// until polls url through client until the status is 200, the process ends or the limit
// passes.
func (p *process) until(client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	for {
		err := getOK(ctx, client, url)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return p.failure()
		case <-ctx.Done():
			return fmt.Errorf("not ready within %s: %w; its last lines:\n%s", readyLimit, err, p.log.lines(20))
		case <-time.After(readyEvery):
		}
	}
}

// getOK requests url once and returns an error unless the status is 200.
func getOK(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %s", url, response.Status)
	}
	return nil
}

// dialing returns a client that connects to one unix socket for every address.
func dialing(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
}
