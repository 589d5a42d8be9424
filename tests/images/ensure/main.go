// Command ensure makes sure that the local Docker engine has the images of package images, and
// prints the variables that name them, and those that testcontainers needs on this machine.
//
// Usage: ensure [-remove]
//
// With -remove it removes those that were built.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"extauthz/tests/images"
)

func main() {
	remove := flag.Bool("remove", false, "remove the images that were built")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, *remove); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, remove bool) error {
	if remove {
		return images.Remove(ctx, os.Stderr)
	}
	found, err := images.Ensure(ctx, os.Stderr)
	if err != nil {
		return err
	}
	variables, err := images.Testcontainers(ctx, os.Stderr)
	if err != nil {
		return err
	}
	for _, variable := range append(found.Environment(), variables...) {
		fmt.Println(variable)
	}
	return nil
}
