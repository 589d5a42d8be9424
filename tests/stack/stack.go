package stack

import "syscall"

// A Part is one program of a stack.
type Part string

// The parts of a stack, in the order in which they start.
const (
	Registry Part = "registry"
	Extauthz Part = "extauthz"
	Envoy    Part = "envoy"
)

// A Stack is a running system.
type Stack interface {
	// Address returns the HOST:PORT of a part: Envoy's listener, the registry's port, which
	// bypasses Envoy, or the admin port of extauthz.
	Address(Part) string
	// Log returns the end of the output of a part.
	Log(Part) string
	// Signal sends a signal to a part.
	Signal(Part, syscall.Signal) error
	// Kill ends a part at once: it cannot clean up.
	Kill(Part) error
	// Start starts a part that was killed, and returns when it is ready.
	Start(Part) error
	// Close ends every part in order, and removes their files.
	Close() error
}

// A Spec describes a stack.
type Spec struct {
	Envoy    string   // Envoy's configuration, such as a file of examples
	Policies string   // the policy directory
	Certs    string   // the folder that replaces /certs in the configuration
	Listen   string   // HOST:PORT of Envoy's listener; "" chooses a free loopback port
	Upstream string   // HOST:PORT to which Envoy forwards; "" starts a registry
	Keys     string   // the folder of session keys, with which callers sign in; "" for none
	Flags    []string // further flags of extauthz serve
	Under    []string // a command that runs extauthz, to which its command line is added; empty runs it directly
}
