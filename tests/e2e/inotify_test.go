package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// starved is the quickstart's Envoy with an extauthz that can use only a limited number of
// inotify instances or watches, as if other programs of the same user used the rest.
func starved(of string, left int, flags ...string) func(*testing.T) setup {
	return func(t *testing.T) setup {
		t.Helper()
		spec := unpolled(t)
		limit := "echo " + strconv.Itoa(left) + " >/proc/sys/user/max_inotify_" + of
		under := []string{"unshare", "--user", "--map-root-user", "sh", "-c", limit + ` && exec "$@"`, "sh"}
		if out, err := exec.Command(under[0], append(under[1:], "true")...).CombinedOutput(); err != nil {
			prerequisite.Check(t, fmt.Errorf("inotify cannot be limited here: %w: %s", err, out))
		}
		spec.Under, spec.Flags = under, flags
		return spec
	}
}

// foundByPolling has no events, or not of every folder: the content is compared every second.
func foundByPolling(text string) func(*testing.T, *system) {
	return func(t *testing.T, sys *system) {
		sys.hasLogged(t, text)
		l := sys.loaded(t)
		l.limit = 2 * time.Second
		l.turn(t, func() { write(t, l.file(), turningPolicy(!l.open)) })
		l.keep(t, "shared/app/_policy.json:", func() { write(t, l.file(), nil) })
		l.turn(t, func() { write(t, l.file(), turningPolicy(!l.open)) })
	}
}

// hasLogged checks that extauthz's log contains a text.
func (sys *system) hasLogged(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(sys.Log(stack.Extauthz), text) {
		t.Errorf("extauthz's log lacks %q", text)
	}
}

// foundBySignal has no events and a long poll interval: SIGHUP triggers a reload.
func foundBySignal(t *testing.T, sys *system) {
	sys.hasLogged(t, "changes are found by polling only")
	l := sys.loaded(t)
	hangUp := func() { must(t, sys.Signal(stack.Extauthz, syscall.SIGHUP)) }
	for range 2 {
		made := turningPolicy(!l.open)
		l.stay(t, func() { time.Sleep(settled) })
		l.turn(t, func() { write(t, l.file(), made); hangUp() })
	}
	l.keep(t, "shared/app/_policy.json:", func() { write(t, l.file(), nil); hangUp() })
	l.turn(t, func() { write(t, l.file(), turningPolicy(!l.open)); hangUp() })
}

// queueOverflows fills the queue of events with irrelevant ones while extauthz does not read it,
// so that the event of the change is lost. The overflow itself is an event.
func queueOverflows(t *testing.T, sys *system) {
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	must(t, err)
	room, err := strconv.Atoi(strings.TrimSpace(string(text)))
	must(t, err)
	if room > 1<<17 {
		prerequisite.Check(t, fmt.Errorf("the queue of events is too long to fill: it has room for %d", room))
	}
	l := sys.begun(t)
	one, other := filepath.Join(sys.Policies, ".one"), filepath.Join(sys.Policies, ".other")
	write(t, one, nil)
	write(t, other, nil)
	for range 2 {
		l.turn(t, func() {
			must(t, sys.Signal(stack.Extauthz, syscall.SIGSTOP))
			for range room/2 + 1000 {
				must(t, os.Chmod(one, 0o644))
				must(t, os.Chmod(other, 0o644))
			}
			write(t, l.file(), turningPolicy(!l.open))
			must(t, sys.Signal(stack.Extauthz, syscall.SIGCONT))
		})
	}
}
