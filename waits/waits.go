package waits

import (
	"context"
	"time"
)

// A Kind is what a request waits for.
type Kind string

// The kinds. Their values are parts of the names of events in traces.
const (
	PasswordHash  Kind = "password_hash"  // a free slot, and the hash of a password
	KeyFetch      Kind = "key_fetch"      // the keys of an issuer of tokens
	UpstreamToken Kind = "upstream_token" // a token for the registry, from its realm
)

// An Observer receives a wait when it ends. The wait may have ended because the request did.
type Observer func(what Kind, began time.Time, took time.Duration)

type observerKey struct{}

// With returns a context whose waits are reported to the observer.
func With(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, observerKey{}, o)
}

// Begin begins a wait of the request with the context. The returned function ends it.
func Begin(ctx context.Context, what Kind) (end func()) {
	observe, found := ctx.Value(observerKey{}).(Observer)
	if !found {
		return func() {}
	}
	began := time.Now()
	return func() { observe(what, began, time.Since(began)) }
}
