package clients

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/prerequisite"
)

// An operation is something that a client does with the registry.
type operation string

// The operations.
const (
	login        operation = "login"
	pull         operation = "pull"
	push         operation = "push"
	pushIndex    operation = "push of an index"
	copies       operation = "copy"
	tags         operation = "list tags"
	deletes      operation = "delete"
	deniedPull   operation = "denied pull"
	deniedPush   operation = "denied push"
	deniedCopy   operation = "denied copy"
	deniedDelete operation = "denied delete"
	deniedHead   operation = "denied HEAD"
)

// operations are the columns of the table, in order.
var operations = []operation{login, pull, push, pushIndex, copies, tags, deletes, deniedPull, deniedPush, deniedCopy, deniedDelete, deniedHead}

// A denial is an operation whose caller lacks a permission that the verb needs.
type denial struct {
	verb   operation
	action string // the first denied action
}

// denials are the operations that are denied.
var denials = map[operation]denial{
	deniedPull:   {pull, "ecr:BatchGetImage"},
	deniedPush:   {push, "ecr:InitiateLayerUpload"},
	deniedCopy:   {copies, "ecr:InitiateLayerUpload"},
	deniedDelete: {deletes, "ecr:BatchDeleteImage"},
	deniedHead:   {push, ""}, // the action is that of the client's first HEAD
}

// A verb runs the client for one operation, and returns its output and its error. References are
// ADDRESS/REPOSITORY:TAG.
type verb func(s *session, references ...string) (string, error)

// A client is one registry client.
type client struct {
	name    string
	find    func() (string, error)  // its program
	version command                 // prints its version
	release string                  // its version, if it cannot print only its version
	prepare func(*session)          // writes files into its home, if it needs any
	daemon  func(*testing.T) string // starts a daemon until the end of the test, if the client needs one, and returns its address

	// artifact is the name and tag of what it pulls and pushes. If seeds is set, only the client
	// can make it.
	artifact string
	seeds    bool
	signs    bool   // it pushes a signature of an existing image
	pulled   string // a text that a pull stores or prints; by default that of the image
	mounts   bool   // a copy mounts the blobs

	verbs      map[operation]verb
	gaps       map[operation]string // the reasons why it does not have an operation
	remarks    map[operation]string // what it prints in addition, if the operation is allowed
	retags     bool                 // it moves the tag before its delete is denied
	exitsZero  operation            // the denial after which it exits with code 0
	denialText string               // what it prints for a denial, if it hides the reason

	headBy   operation // the verb whose HEAD request is denied, if it is not push
	noHead   string    // the reason why none of its HEAD requests is denied, if that is so
	headText string    // what it prints for a denied HEAD request, if it hides the reason
}

// verb returns the verb of an operation, or nil if the client does not have it.
func (c *client) verb(at operation) verb {
	if at == deniedHead && c.noHead != "" {
		return nil
	}
	return c.verbs[c.verbOf(at)]
}

// gap returns the reason why the client does not have an operation.
func (c *client) gap(at operation) string {
	if at == deniedHead && c.noHead != "" {
		return c.noHead
	}
	return c.gaps[c.verbOf(at)]
}

// verbOf returns the operation whose verb is used for a denial.
func (c *client) verbOf(at operation) operation {
	if at == deniedHead && c.headBy != "" {
		return c.headBy
	}
	return cmp.Or(denials[at].verb, at)
}

// require returns the client's program. If there is none, the test ends.
func (c *client) require(t *testing.T) (program string) {
	t.Helper()
	program, err := c.find()
	if errors.Is(err, errLeft) {
		t.Skip(prerequisite.LeftToCI + "building " + c.name + " takes minutes; make test ALL_CLIENTS=true runs it here")
	}
	if err != nil {
		missing(t, c.name, err)
	}
	return program
}

// missing ends the test of a client that cannot run.
func missing(t *testing.T, name string, why error) {
	t.Helper()
	prerequisite.Check(t, fmt.Errorf("%s did not run: %w", name, why))
}

// printedVersion returns the version that the client prints, on one line.
func (c *client) printedVersion(s *session) string {
	s.t.Helper()
	if c.release != "" {
		return c.release
	}
	out, err := s.run(c.version)
	if err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return strings.Join(strings.Fields(out), " ")
}

// simple returns the verb of one command. Its arguments may contain "$1" and "$2", which are the
// references, and "$address", "$user", "$password", "$home", "$name" (of the session) and
// "$daemon".
func simple(args ...string) verb { return several(args) }

// several returns the verb of several such commands.
func several(commands ...command) verb {
	return func(s *session, references ...string) (string, error) {
		filled := make([]command, len(commands))
		for i, args := range commands {
			filled[i] = s.fill(args, references)
		}
		return s.run(filled...)
	}
}

// fill returns a command's arguments with the values of a session.
func (s *session) fill(args command, references []string) command {
	pairs := []string{"$address", s.address, "$user", s.user, "$password", s.password(), "$home", s.home,
		"$daemon", s.daemon, "$name", filepath.Base(s.home)}
	for i, reference := range references {
		repository, tag := split(reference)
		n := string(rune('1' + i))
		pairs = append(pairs, "$"+n, reference, "$repository"+n, repository, "$tag"+n, tag)
	}
	replacer := strings.NewReplacer(pairs...)
	filled := make(command, len(args))
	for i, arg := range args {
		filled[i] = replacer.Replace(arg)
	}
	return filled
}

// split splits ADDRESS/REPOSITORY:TAG before the tag.
func split(reference string) (repository, tag string) {
	i := strings.LastIndexByte(reference, ':')
	return reference[:i], reference[i+1:]
}
