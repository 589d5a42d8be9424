package daemon

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
)

// contains returns a function for Start that waits until a file contains a text.
func contains(file, text string) func(context.Context) error {
	return func(context.Context) error {
		content, err := os.ReadFile(file)
		if err == nil && !strings.Contains(string(content), text) {
			err = errors.New("not yet")
		}
		return err
	}
}

// TestStart checks that a program that is ready can end in order.
func TestStart(t *testing.T) {
	out := t.TempDir() + "/out"
	d := Start(t, contains(out, "up"), "sh", "-c", `trap 'echo down >>"$0"; exit 0' TERM; echo up >"$0"; while :; do sleep 0.01; done`, out)
	d.Stop()
	if err := contains(out, "down")(t.Context()); err != nil {
		t.Errorf("it did not receive SIGTERM: %v", err)
	}
	d.Stop() // has no effect
}

// TestStartAgain checks that a program that was killed starts again, with its earlier output.
func TestStartAgain(t *testing.T) {
	d := Start(t, nil, "sh", "-c", `echo up; exec sleep 600`)
	d.ready = contains(d.log, "up")
	if err := d.await(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Kill(); err != nil {
		t.Fatal(err)
	}
	d.ready = contains(d.log, "up\nup")
	if err := d.Start(); err != nil {
		t.Error(err)
	}
}

// TestAwait checks that waiting ends when the program ends, and when time runs out.
func TestAwait(t *testing.T) {
	never := func(context.Context) error { return errors.New("not yet") }
	for _, c := range []struct {
		name, script string
		limit        time.Duration
		want         string
	}{
		{"it ends", "exit 3", time.Minute, "it ended: exit status 3"},
		{"time runs out", "exec sleep 600", 100 * time.Millisecond, "it is not ready: not yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &Daemon{argv: []string{"sh", "-c", c.script}, ready: never, log: t.TempDir() + "/log"}
			if err := d.launch(); err != nil {
				t.Fatal(err)
			}
			defer d.Stop()
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			if err := d.await(ctx); err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestOK(t *testing.T) {
	status := http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	ready := OK(server.Client(), server.URL)
	if err := ready(t.Context()); err == nil {
		t.Error("the status 503 is accepted")
	}
	status = http.StatusOK
	if err := ready(t.Context()); err != nil {
		t.Error(err)
	}
}
