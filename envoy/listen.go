package envoy

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// staleDialTimeout bounds the question whether anybody answers on a socket
// that is in the way.
const staleDialTimeout = time.Second

// Listen opens addr, "HOST:PORT" or "unix:///PATH" (see [ParseAddress]).
// A unix socket gets the permission bits of socketMode. A socket file in the
// way is replaced only if nobody answers on it; any other file is left alone
// and is an error. Closing the listener removes the socket.
func Listen(addr string, socketMode fs.FileMode) (net.Listener, error) {
	a, err := ParseAddress(addr)
	if err != nil {
		return nil, err
	}
	if a.Network == "unix" {
		return listenUnix(a.Address, socketMode.Perm())
	}
	return net.Listen(a.Network, a.Address)
}

// listenUnix holds a lock on the socket's folder, so that of two processes
// that find the same stale socket one replaces it and the other then finds
// the first one answering.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	unlock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// removeStale removes the socket at path if a dial to it is refused, which
// means that the process that made it is gone.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%q is in the way and is not a socket; choose another path or remove it", path)
	}
	conn, err := net.DialTimeout("unix", path, staleDialTimeout)
	if err == nil {
		return errors.Join(fmt.Errorf("another process answers on socket %q; stop it or choose another path", path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("socket %q is in the way and cannot be judged stale: %w", path, err)
	}
	return os.Remove(path)
}

// lockPatience bounds the wait for the lock on a socket's folder; who takes it
// to open a socket holds it for a moment only.
const lockPatience = 2 * time.Second

// lockFolder takes the exclusive advisory lock on dir. It leaves no file behind.
func lockFolder(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the unix socket: %w", err)
	}
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(10 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("another process holds the lock on folder %q of the unix socket (%w); give the socket a folder of its own", dir, err), f.Close())
		}
	}
}
