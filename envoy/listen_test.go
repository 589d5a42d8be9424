package envoy

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// socketPath returns a path in a new folder that is short enough for a socket.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "listen")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "a.sock")
}

// leaveStale creates a socket at path on which no process listens, as after a process was killed.
func leaveStale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustListen(t testing.TB, addr string, mode fs.FileMode) net.Listener {
	t.Helper()
	l, err := Listen(addr, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func mustDial(t *testing.T, l net.Listener) {
	t.Helper()
	conn, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// TestListenTCP checks that a TCP address is open.
func TestListenTCP(t *testing.T) {
	l := mustListen(t, "127.0.0.1:0", 0)
	mustDial(t, l)
	if _, err := Listen(l.Addr().String(), 0); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listener on the same port: error = %v", err)
	}
	if _, err := Listen(":9191", 0); err == nil {
		t.Error("an address without host was opened")
	}
}

// TestListenUnixMode checks the permissions of a unix socket.
func TestListenUnixMode(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666} {
		path := socketPath(t)
		mustDial(t, mustListen(t, "unix://"+path, mode))
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != fs.ModeSocket|mode {
			t.Errorf("mode of the socket = %v; want %v", info.Mode(), fs.ModeSocket|mode)
		}
	}
}

// TestListenUnixCloseRemovesSocket checks that closing removes the socket.
func TestListenUnixCloseRemovesSocket(t *testing.T) {
	path := socketPath(t)
	l := mustListen(t, "unix://"+path, 0o660)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 0 {
		t.Errorf("left in the folder: %v, %v; want nothing", left, err)
	}
}

// TestListenUnixReplacesStale checks that a socket without a listener is replaced.
func TestListenUnixReplacesStale(t *testing.T) {
	path := socketPath(t)
	leaveStale(t, path)
	mustDial(t, mustListen(t, "unix://"+path, 0o660))
}

// TestListenUnixKeepsLiveSocket checks that a socket with a listener is an error.
func TestListenUnixKeepsLiveSocket(t *testing.T) {
	path := socketPath(t)
	live := mustListen(t, "unix://"+path, 0o660)
	if _, err := Listen("unix://"+path, 0o660); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Fatalf("error = %v; want that another process listens", err)
	}
	mustDial(t, live)
}

// TestListenUnixKeepsOtherFiles checks that another file is an error.
func TestListenUnixKeepsOtherFiles(t *testing.T) {
	makers := map[string]func(path string) error{
		"regular file": func(path string) error { return os.WriteFile(path, []byte("precious"), 0o600) },
		"folder":       func(path string) error { return os.Mkdir(path, 0o700) },
		"link":         func(path string) error { return os.Symlink("elsewhere", path) },
	}
	for name, create := range makers {
		t.Run(name, func(t *testing.T) {
			path := socketPath(t)
			if err := create(path); err != nil {
				t.Fatal(err)
			}
			if _, err := Listen("unix://"+path, 0o660); err == nil || !strings.Contains(err.Error(), "is not a socket") {
				t.Errorf("error = %v; want that it is not a socket", err)
			}
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("the file in the way is gone: %v", err)
			}
		})
	}
}

// TestListenUnixWithoutFolder checks that a missing folder is an error.
func TestListenUnixWithoutFolder(t *testing.T) {
	path := filepath.Join(filepath.Dir(socketPath(t)), "missing", "a.sock")
	if _, err := Listen("unix://"+path, 0o660); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("error = %v; want one that names the missing folder", err)
	}
}

// TestListenUnixRace checks that of many listeners that start on one stale socket, one gets it and
// can be reached.
func TestListenUnixRace(t *testing.T) {
	path := socketPath(t)
	leaveStale(t, path)
	var won sync.Map
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if l, err := Listen("unix://"+path, 0o660); err == nil {
				won.Store(l, true)
			}
		})
	}
	wg.Wait()
	var listeners []net.Listener
	won.Range(func(l, _ any) bool { listeners = append(listeners, l.(net.Listener)); return true })
	for _, l := range listeners {
		defer l.Close()
	}
	if len(listeners) != 1 {
		t.Fatalf("%d listeners took the socket; want 1", len(listeners))
	}
	mustDial(t, listeners[0])
}

// TestListenDoesNotWaitForeverForTheFolder checks that another process cannot block the start by
// holding the lock on the socket's folder.
func TestListenDoesNotWaitForeverForTheFolder(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := Listen("unix://"+filepath.Join(dir, "a.sock"), 0o600); err == nil || !strings.Contains(err.Error(), "holds the lock on folder") {
		t.Errorf("error %v", err)
	}
}
