// Command quickstart runs the whole system in the foreground: a registry with two images, extauthz
// with the policies of the quickstart, and Envoy in front of both. It prints commands to try, and
// ends everything on Ctrl-C.
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

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/envoybin"
	"extauthz/tests/stack"
)

func main() {
	example := filepath.Join(stack.Root(), "examples", "quickstart")
	listen := flag.String("listen", usual, "`HOST:PORT` at which Envoy listens")
	policies := flag.String("policies", filepath.Join(example, "policies"), "policy `directory`")
	flag.Parse()
	// In `make run | tee FILE`, Ctrl-C also ends tee. Printing another line must not end this
	// program before it has restored everything.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	spec := stack.Spec{Envoy: filepath.Join(example, "envoy.yaml"), Policies: *policies}
	if err := run(ctx, spec, *listen, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run runs the system until ctx is done. It rejects an invalid address and an edited policy before
// it builds anything.
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
	if address.bind, err = free(address.bind); err != nil { // no longer free
		return unusable(listen, address.bind, err)
	}
	q := &session{address.reach, address.bind.Addr().IsLoopback(), dir, lesson}
	spec.Listen = address.bind.String()
	spec.Flags = []string{"--decision-log-file", q.log()}
	return q.serve(ctx, programs, spec, out)
}

// session is the running system.
type session struct {
	address  string // HOST:PORT of Envoy, for clients on this machine
	loopback bool   // the address is a loopback address, for which clients do not require TLS
	dir      string // for temporary files
	lesson   *lesson
}

// log returns the file of the decision log.
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

// canceled returns nil if err only reports that ctx is done, and err otherwise.
func canceled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// pushImages pushes a small image to each repository through Envoy, as alice, who is allowed
// to.
func pushImages(ctx context.Context, address string) error {
	alice := remote.WithAuth(&authn.Basic{Username: "alice", Password: "alice-secret"})
	for _, repository := range []string{"team/app", "secret/app"} {
		image, err := crane.Image(map[string][]byte{"repository": []byte(repository + "\n")})
		if err != nil {
			return err
		}
		tag, err := name.NewTag(address+"/"+repository+":v1", name.Insecure)
		if err != nil {
			return err
		}
		if err := remote.Write(tag, image, alice, remote.WithContext(ctx)); err != nil {
			return fmt.Errorf("pushing %s: %w", tag, err)
		}
	}
	return nil
}
