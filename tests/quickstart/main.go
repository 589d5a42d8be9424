// Command quickstart runs the whole system in the foreground: a registry with
// two images, extauthz with the policies of the quickstart, and Envoy in front
// of both. It prints commands to try, and ends everything on Ctrl-C.
//
//	main.go      from set-up to Ctrl-C
//	listen.go    the address at which Envoy listens
//	images.go    the images in the registry
//	commands.go  the commands to try
//	lesson.go    the edit to try, and undoing it
//	clients.go   the clients that this machine has
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"extauthz/tests/envoybin"
	"extauthz/tests/stack"
)

func main() {
	example := filepath.Join(stack.Root(), "examples", "quickstart")
	listen := flag.String("listen", usual, "`HOST:PORT` at which Envoy listens")
	policies := flag.String("policies", filepath.Join(example, "policies"), "policy `directory`")
	flag.Parse()
	// In `make run | tee FILE`, Ctrl-C ends tee too. The next line printed must not end
	// the program before it has put everything back.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	spec := stack.Spec{Envoy: filepath.Join(example, "envoy.yaml"), Policies: *policies}
	if err := run(ctx, spec, *listen, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run does all of it and returns when ctx is done, or with what went wrong. It refuses
// an address, and an edited policy, before it builds anything.
func run(ctx context.Context, spec stack.Spec, listen string, out io.Writer) error {
	address, err := parseListen(ctx, listen)
	if err != nil {
		return canceled(ctx, err)
	}
	if err := served(spec.Policies, listen, address); err != nil {
		return err
	}
	lesson, err := newLesson(spec.Policies)
	if err != nil {
		return err
	}
	programs, err := stack.Build(ctx, filepath.Join(stack.Root(), "bin", "extauthz"), envoybin.Supported, out)
	if err != nil {
		return canceled(ctx, err)
	}
	dir, err := os.MkdirTemp("", "extauthz-quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if address.bind, err = free(address.bind); err != nil { // taken since
		return unusable(listen, address.bind, err)
	}
	q := &session{address.reach, address.bind.Addr().IsLoopback(), dir, lesson}
	spec.Listen = address.bind.String()
	spec.Flags = []string{"--decision-log-file", q.log()}
	return q.serve(ctx, programs, spec, out)
}

// session is the running system, as a person meets it.
type session struct {
	address  string // HOST:PORT of Envoy, for clients on this machine
	loopback bool   // clients take it for this machine, and need no TLS
	dir      string // for temporary files
	lesson   *lesson
}

// log is the file of the decision log.
func (q *session) log() string { return filepath.Join(q.dir, "decisions.jsonl") }

// serve starts the parts, prints the commands to try, and ends all parts with ctx.
func (q *session) serve(ctx context.Context, programs *stack.Programs, spec stack.Spec, out io.Writer) error {
	fmt.Fprintln(out, "Starting the registry, extauthz and Envoy")
	s, err := programs.Start(spec)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "\nStopping")
		if err := s.Close(); err != nil {
			fmt.Fprintln(out, err)
		}
	}()
	fmt.Fprintln(out, "Pushing team/app:v1 and secret/app:v1 as alice")
	if err := pushImages(ctx, q.address); err != nil {
		return canceled(ctx, err)
	}
	defer q.lesson.end(out)
	if err := q.printCommands(ctx, out); err != nil {
		return err
	}
	return s.Failed(ctx.Done())
}

// canceled is nil where err only says that ctx is done.
func canceled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
