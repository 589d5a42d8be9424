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
	// Address is the HOST:PORT at which a part is reached from here: Envoy's
	// listener, the registry's own port, around Envoy, and the admin port of
	// extauthz.
	Address(Part) string
	// Log is the end of what the part wrote.
	Log(Part) string
	// Signal sends the part a signal.
	Signal(Part, syscall.Signal) error
	// Kill ends the part at once, without a chance to clean up.
	Kill(Part) error
	// Start starts a part that was killed, and returns when it is ready.
	Start(Part) error
	// Close ends every part, in order, and removes what they left.
	Close() error
}

// A Spec says what a stack is made of.
type Spec struct {
	Envoy    string   // Envoy's configuration, a file of examples
	Policies string   // the policy directory
	Certs    string   // the folder that stands for /certs in the configuration
	Listen   string   // Envoy's listener; "" is a free loopback port
	Upstream string   // HOST:PORT in the registry's place; "" starts a registry
	Flags    []string // further flags of extauthz serve
	Under    []string // a command with its arguments, which runs extauthz; empty runs it as it is
}
