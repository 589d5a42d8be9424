package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// stopSignals returns a channel that gets SIGTERM and SIGINT. From now on they
// no longer end the process by themselves, and neither does a write to a
// standard output that nobody reads any more: it fails instead.
func stopSignals() <-chan os.Signal {
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	signal.Ignore(syscall.SIGPIPE)
	return stop
}

// onHangup calls do after each SIGHUP until ctx ends. One that takes long holds
// up only itself.
func onHangup(ctx context.Context, do func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-hangup:
				do()
			case <-ctx.Done():
				return
			}
		}
	}()
}
