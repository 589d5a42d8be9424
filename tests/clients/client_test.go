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

// An occasion is one way in which a client meets the registry.
type occasion string

// The occasions of the table.
const (
	login        occasion = "login"
	pull         occasion = "pull"
	push         occasion = "push"
	pushIndex    occasion = "push of an index"
	copies       occasion = "copy"
	tags         occasion = "list tags"
	deletes      occasion = "delete"
	deniedPull   occasion = "denied pull"
	deniedPush   occasion = "denied push"
	deniedCopy   occasion = "denied copy"
	deniedDelete occasion = "denied delete"
	deniedHead   occasion = "denied HEAD"
)

// occasions are the columns of the table, in its order.
var occasions = []occasion{login, pull, push, pushIndex, copies, tags, deletes, deniedPull, deniedPush, deniedCopy, deniedDelete, deniedHead}

// A denial is an occasion on which the caller lacks what a verb needs.
type denial struct {
	verb   occasion
	action string // the first that is denied
}

// denials are the occasions that end in one.
var denials = map[occasion]denial{
	deniedPull:   {pull, "ecr:BatchGetImage"},
	deniedPush:   {push, "ecr:InitiateLayerUpload"},
	deniedCopy:   {copies, "ecr:InitiateLayerUpload"},
	deniedDelete: {deletes, "ecr:BatchDeleteImage"},
	deniedHead:   {push, ""}, // the action is that of the client's first HEAD
}

// A verb does one thing with the client, and returns what it printed and
// whether it failed. References are ADDRESS/REPOSITORY:TAG.
type verb func(s *session, references ...string) (string, error)

// A client is one registry client.
type client struct {
	name    string
	find    func() (string, error)  // its program
	version command                 // prints its version
	release string                  // its version, if it has no command to print no more than that
	prepare func(*session)          // what it needs in its home, if anything
	daemon  func(*testing.T) string // the address of a daemon that it needs, there until the test ends

	// artifact is what it pulls and pushes below a repository's name, with a
	// tag; seeds says that only the client itself can make it.
	artifact string
	seeds    bool
	signs    bool   // it pushes a signature of an image that is there
	pulled   string // a text that a pull leaves or prints; "" is that of the image
	mounts   bool   // a copy mounts the blobs

	verbs   map[occasion]verb
	gaps    map[occasion]string // what it cannot do, and why
	remarks map[occasion]string // what it prints beside, where nothing is denied
	retags  bool                // a delete that is denied has moved the tag by then
	shrugs  occasion            // the denial that it prints and then exits with 0
	hides   string              // what a person reads who is denied, if the client hides the reason

	headBy    occasion // the verb whose HEAD is denied, if it is not push
	noHead    string   // why no HEAD of the client is denied, if none is
	hidesHead string   // what a person reads whose HEAD is denied, if the client hides the reason
}

// verb is what the client does on an occasion, nil if it cannot.
func (c *client) verb(at occasion) verb {
	if at == deniedHead && c.noHead != "" {
		return nil
	}
	return c.verbs[c.verbOf(at)]
}

// gap says why the client has no verb for an occasion.
func (c *client) gap(at occasion) string {
	if at == deniedHead && c.noHead != "" {
		return c.noHead
	}
	return c.gaps[c.verbOf(at)]
}

// verbOf returns the occasion under whose name the client has the verb.
func (c *client) verbOf(at occasion) occasion {
	if at == deniedHead && c.headBy != "" {
		return c.headBy
	}
	return cmp.Or(denials[at].verb, at)
}

// require finds the client's program, and ends the test where there is none.
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

// missing ends the test of a client that cannot run: as a failure where
// nothing may be missing, skipped elsewhere.
func missing(t *testing.T, name string, why error) {
	t.Helper()
	prerequisite.Check(t, fmt.Errorf("%s did not run: %w", name, why))
}

// printedVersion is the client's version as it prints it itself, on one line.
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

// simple is the verb of one command, whose arguments may hold "$1" and "$2",
// the references, and "$address", "$user", "$password", "$home",
// "$name" (of the session) and "$daemon".
func simple(args ...string) verb { return several(args) }

// several is the verb of several such commands, one after the other.
func several(commands ...command) verb {
	return func(s *session, references ...string) (string, error) {
		filled := make([]command, len(commands))
		for i, args := range commands {
			filled[i] = s.fill(args, references)
		}
		return s.run(filled...)
	}
}

// fill puts the values of a session into a command's arguments.
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

// split cuts ADDRESS/REPOSITORY:TAG before the tag.
func split(reference string) (repository, tag string) {
	i := strings.LastIndexByte(reference, ':')
	return reference[:i], reference[i+1:]
}
