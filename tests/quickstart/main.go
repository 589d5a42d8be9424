// Command quickstart runs the whole system in the foreground: a registry with
// two images, extauthz with the policies of the quickstart, and Envoy in front
// of both. It prints commands to try, and ends everything on Ctrl-C.
//
//	main.go      from set-up to Ctrl-C
//	images.go    the images in the registry
//	commands.go  the commands to try
//	lesson.go    the edit to try, and undoing it
//	clients.go   the clients that this machine has
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"extauthz/tests/envoybin"
	"extauthz/tests/stack"
)

func main() {
	example := filepath.Join(stack.Root(), "examples", "quickstart")
	listen := flag.String("listen", "127.0.0.1:8080", "`address` at which Envoy listens")
	policies := flag.String("policies", filepath.Join(example, "policies"), "policy `directory`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	spec := stack.Spec{Envoy: filepath.Join(example, "envoy.yaml"), Policies: *policies, Listen: *listen}
	if err := run(ctx, spec, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run does all of it and returns when ctx is done, or with what went wrong.
func run(ctx context.Context, spec stack.Spec, out io.Writer) error {
	if err := free(spec.Listen); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "extauthz-quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	programs, err := stack.Build(ctx, dir, envoybin.Supported, out)
	if err != nil {
		return canceled(ctx, err)
	}
	log := filepath.Join(dir, "decisions.jsonl")
	spec.Flags = []string{"--decision-log-file", log}
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
	if err := pushImages(ctx, spec.Listen); err != nil {
		return canceled(ctx, err)
	}
	lesson, err := newLesson(spec.Policies)
	if err != nil {
		return err
	}
	defer lesson.end(out)
	if err := printCommands(ctx, out, spec, lesson, dir, log); err != nil {
		return err
	}
	return s.Failed(ctx.Done())
}

// free tells a taken address before anything is built.
func free(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (%w): stop what listens there, or choose another address with make run LISTEN=127.0.0.1:8081", address, errors.Unwrap(err))
	}
	return l.Close()
}

// canceled is nil where err only says that ctx is done.
func canceled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
