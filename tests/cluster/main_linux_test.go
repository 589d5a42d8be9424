package cluster

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// live runs the tests.
var live = flag.Bool("live", false, "run a cluster, in namespaces of its own; needs root")

// archives is the folder with the images that containerd imports.
var archives string

func TestMain(m *testing.M) {
	flag.Parse()
	if !*live {
		os.Exit(0) // they take ten minutes and need root: make cluster-test
	}
	if folder := os.Getenv(inside); folder != "" {
		archives = folder
		if err := furnish(folder); err != nil {
			fmt.Fprintln(os.Stderr, "namespaces:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	exit, err := outside(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		exit = 1
	}
	os.Exit(exit)
}

// outside makes the images, runs the tests in namespaces, and puts back what the kubelet changed.
// It returns their exit code.
func outside(ctx context.Context) (exit int, err error) {
	folder, err := os.MkdirTemp("", "cluster-test-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	if err := saveImages(ctx, folder); err != nil {
		return 1, err
	}
	if _, err := operator(ctx); err != nil {
		return 1, err
	}
	restore, err := keepHost()
	if err != nil {
		return 1, err
	}
	defer func() {
		if restored := restore(); err == nil {
			err = restored
		}
	}()
	return enter(ctx, folder)
}
