package envoy

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// unixScheme begins the address of a unix socket, as Envoy and gRPC write it.
const unixScheme = "unix://"

// maxSocketPath is the longest path in bytes that a unix socket can have on
// this system: what fits into sockaddr_un with its closing NUL.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// Address is a place to listen on, in the words of package net.
type Address struct {
	Network string // "tcp" or "unix"
	Address string // host:port, or the absolute path of the socket
}

// ParseAddress reads "HOST:PORT" or "unix:///PATH". The host must be named:
// an empty one would mean every interface without saying so. The error names
// the address and the remedy.
func ParseAddress(addr string) (Address, error) {
	path, isUnix := strings.CutPrefix(addr, unixScheme)
	if isUnix {
		return Address{Network: "unix", Address: path}, checkSocketPath(addr, path)
	}
	if err := checkHostPort(addr); err != nil {
		return Address{}, fmt.Errorf("%q is no address: %w; write HOST:PORT or %s/PATH", addr, err, unixScheme)
	}
	return Address{Network: "tcp", Address: addr}, nil
}

// checkSocketPath refuses what cannot be a socket's path. An abstract socket
// ("@name") has no permissions and is refused with the relative paths.
func checkSocketPath(addr, path string) error {
	switch {
	case !filepath.IsAbs(path):
		return fmt.Errorf("%q: the path of a unix socket must be absolute; write %s/PATH", addr, unixScheme)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("%q: the path of a unix socket cannot hold a NUL byte", addr)
	case len(path) > maxSocketPath:
		return fmt.Errorf("%q: the path of a unix socket has at most %d bytes, this one has %d; choose a shorter one",
			addr, maxSocketPath, len(path))
	}
	return nil
}

// checkHostPort refuses an address without a host or with a port that is not a number.
func checkHostPort(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil && strings.Count(addr, ":") > 1:
		return errors.New("it has several colons; put an IPv6 address between brackets, as in [::1]:9191")
	case err != nil:
		return errors.New("the port is missing")
	case host == "":
		return errors.New("the host is missing (0.0.0.0 means every interface)")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("the port is not a number from 0 to 65535")
	}
	return nil
}
