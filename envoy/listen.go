package envoy

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"extauthz/diag"
)

// unixScheme is the beginning of the address of a unix socket, as in Envoy and gRPC.
const unixScheme = "unix://"

// maxSocketPath is the limit on the path of a unix socket on this system, in bytes: the size
// of the field in sockaddr_un, without the final NUL.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// Address is an address to listen on, in the terms of package net.
type Address struct {
	Network string // "tcp" or "unix"
	Address string // host:port, or the absolute path of the socket
}

// ParseAddress parses "HOST:PORT" or "unix:///PATH". The host must not be empty, because that
// would mean every interface. The error contains the address and the remedy.
func ParseAddress(addr string) (Address, error) {
	path, isUnix := strings.CutPrefix(addr, unixScheme)
	if isUnix {
		return Address{Network: "unix", Address: path}, checkSocketPath(addr, path)
	}
	if err := checkHostPort(addr); err != nil {
		return Address{}, diag.Wrap(diag.Position{}, fmt.Sprintf("%q is not an address: ", addr), err)
	}
	return Address{Network: "tcp", Address: addr}, nil
}

// checkSocketPath returns an error if path cannot be the path of a socket. An abstract socket
// ("@name") is refused like a relative path, because it has no permissions.
func checkSocketPath(addr, path string) error {
	switch {
	case !filepath.IsAbs(path):
		return diag.Problemf("%q: the path of a unix socket must be absolute", addr).WithRemedy("write " + unixScheme + "/PATH")
	case strings.ContainsRune(path, 0):
		return diag.Problemf("%q: the path of a unix socket must not contain a NUL byte", addr).WithRemedy("remove it")
	case len(path) > maxSocketPath:
		return diag.Problemf("%q: the path of a unix socket has at most %d bytes, this one has %d", addr, maxSocketPath, len(path)).WithRemedy("choose a shorter one")
	}
	return nil
}

// checkHostPort returns an error if an address has no host, or a port that is not a number.
func checkHostPort(addr string) error {
	const remedy = "write HOST:PORT or " + unixScheme + "/PATH"
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil && strings.Count(addr, ":") > 1:
		return diag.Problemf("it has several colons").WithRemedy("put an IPv6 address between brackets, as in [::1]:9191")
	case err != nil:
		return diag.Problemf("the port is missing").WithRemedy(remedy)
	case host == "":
		return diag.Problemf("the host is missing (0.0.0.0 means every interface)").WithRemedy(remedy)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return diag.Problemf("the port is not a number from 0 to 65535").WithRemedy(remedy)
	}
	return nil
}

// staleDialTimeout is the limit on the time to find out whether a process listens on an
// existing socket.
const staleDialTimeout = time.Second

// Listen opens addr, "HOST:PORT" or "unix:///PATH" (see [ParseAddress]).
// A unix socket gets the permission bits of socketMode. An existing socket is replaced only if
// no process listens on it. Another existing file is an error. Closing the listener removes
// the socket.
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

// listenUnix holds a lock on the folder of the socket. If two processes find the same stale
// socket, one replaces it, and the other then finds that the first is listening.
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

// removeStale removes the socket at path if it refuses connections, which means that the
// process that created it has ended.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return diag.Problemf("%q exists and is not a socket", path).WithRemedy("choose another path or remove it")
	}
	conn, err := net.DialTimeout("unix", path, staleDialTimeout)
	if err == nil {
		return errors.Join(diag.Problemf("another process listens on socket %q", path).WithRemedy("stop it or choose another path"), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("socket %q exists, and whether a process listens on it is not known: %w", path, err)
	}
	return os.Remove(path)
}

// lockTimeout is the limit on the wait for the lock on the folder of a socket. A process that
// opens a socket holds it only briefly.
const lockTimeout = 2 * time.Second

// lockFolder takes the exclusive advisory lock on dir. It creates no file.
func lockFolder(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the unix socket: %w", err)
	}
	for deadline := time.Now().Add(lockTimeout); ; time.Sleep(10 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			return nil, errors.Join(diag.Problemf("another process holds the lock on folder %q of the unix socket (%v)", dir, err).WithRemedy("give the socket a folder of its own"), f.Close())
		}
	}
}
