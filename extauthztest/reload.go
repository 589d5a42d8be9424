package extauthztest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// reloadLimit is how long SetPolicies waits: longer than the interval at which extauthz looks for
// changes whose event was lost.
const reloadLimit = time.Minute

// settling is how long a failure may be followed by a success.
const settling = time.Second

// ErrNotInForce means that extauthz refused a policy directory. The policies before it stay in
// force.
var ErrNotInForce = errors.New("extauthztest: the policies are not in force")

// SetPolicies replaces the policy directory, and returns when the new policies are in force. The
// users of [WithUser] stay. The error is [ErrNotInForce] with the reason if extauthz refuses the
// directory.
func (c *Container) SetPolicies(ctx context.Context, directory fs.FS) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, err := c.options.archive(directory, c.generation)
	if err != nil {
		return err
	}
	if bytes.Equal(content, c.content) { // extauthz does not load the same content again
		return c.loaded
	}
	before, err := c.policyStatus(ctx)
	if err != nil {
		return err
	}
	if err := c.copyPolicies(ctx, c.GetContainerID(), directory); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reloadLimit)
	defer cancel()
	c.loaded = c.awaitReload(ctx, before)
	return c.loaded
}

// awaitReload waits until extauthz has loaded policies after a status. While Docker replaces the
// link, extauthz may find none; so a failure counts only if no success follows.
func (c *Container) awaitReload(ctx context.Context, before policyStatus) error {
	var failed time.Time // when the first failure was seen
	for {
		now, err := c.policyStatus(ctx)
		switch {
		case err != nil:
			return err
		case now.loaded != before.loaded && now.success:
			return nil
		case now.failures == before.failures:
		case failed.IsZero():
			failed = time.Now()
		case time.Since(failed) > settling:
			return c.refused(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNotInForce, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// copyPolicies copies a directory as the next generation.
func (c *Container) copyPolicies(ctx context.Context, id string, directory fs.FS) error {
	c.generation++
	content, err := c.options.archive(directory, c.generation)
	if err != nil {
		return err
	}
	c.content = content
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return err
	}
	defer docker.Close()
	_, err = docker.CopyToContainer(ctx, id, client.CopyToContainerOptions{
		DestinationPath: policyRoot, Content: bytes.NewReader(content),
	})
	return err
}

// policyStatus is what the metrics of extauthz say of its policies.
type policyStatus struct {
	loaded, failures float64 // the time of the last reload, and the count of failed ones
	success          bool    // of the last one
}

func (c *Container) policyStatus(ctx context.Context) (policyStatus, error) {
	var s policyStatus
	url, err := c.MetricsURL(ctx)
	if err != nil {
		return s, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return s, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return s, err
	}
	s.loaded = metric(string(text), "extauthz_policy_last_reload_timestamp_seconds")
	s.failures = metric(string(text), "extauthz_policy_reload_failures_total")
	s.success = metric(string(text), "extauthz_policy_last_reload_success") == 1
	return s, nil
}

// metric returns the value of a metric without labels, or 0.
func metric(text, name string) float64 {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			number, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return number
		}
	}
	return 0
}

// refused returns the error of policies that extauthz did not load.
func (c *Container) refused(ctx context.Context) error {
	logs, err := c.Logs(ctx)
	if err != nil {
		return errors.Join(ErrNotInForce, err)
	}
	defer logs.Close()
	text, err := io.ReadAll(logs)
	if err != nil {
		return errors.Join(ErrNotInForce, err)
	}
	return fmt.Errorf("%w: %s", ErrNotInForce, lastFault(string(text)))
}
