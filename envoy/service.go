package envoy

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"extauthz/authz"
)

// Service answers Envoy's ext_authz checks. Each answer is decided, logged and counted,
// in this order.
type Service struct {
	// Decide decides one request. It must not return nil.
	Decide func(context.Context, *authz.Request) *authz.Result

	// Record logs a decision; nil logs none. If it returns an error, the request is
	// refused, even if it was allowed.
	Record func(context.Context, *authz.Result, time.Duration) error

	// Observe counts an answer; nil counts none.
	Observe func(*authz.Result, time.Duration)

	// Logger logs panics; nil discards them.
	Logger *slog.Logger
}

// Check answers every request with a CheckResponse and never with an error. For Envoy
// an error is a failed check, which failure_mode_allow lets through, while a denial
// denies in every configuration. A panic denies too.
func (s *Service) Check(ctx context.Context, m *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	ctx, cancel := withinDeadline(ctx, time.Now())
	defer cancel()
	return s.respond(ctx, func() *authz.Request { return toRequest(m, time.Now()) }), nil
}

// Unreadable refuses a check that could not be read because of err.
func (s *Service) Unreadable(ctx context.Context, err error) *authv3.CheckResponse {
	return s.respond(ctx, func() *authz.Request { return &authz.Request{Unreadable: err.Error(), Time: time.Now()} })
}

// respond answers the request that read returns. It logs a panic and denies the request.
func (s *Service) respond(ctx context.Context, read func() *authz.Request) (response *authv3.CheckResponse) {
	defer func() {
		if fault := recover(); fault != nil {
			if s.Logger != nil {
				s.Logger.Error("panic while answering a check; the request is refused", "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
			}
			response = toResponse(authz.Unavailable("internal fault"))
		}
	}()
	request, start := read(), time.Now()
	result := s.Decide(ctx, request)
	if s.Record != nil && s.Record(ctx, result, time.Since(start)) != nil {
		result = authz.Unavailable("the decision could not be logged in time")
	}
	if s.Observe != nil {
		s.Observe(result, time.Since(start))
	}
	return toResponse(result)
}

// withinDeadline ends ctx when nine tenths of the time to its deadline have passed. An
// answer that waited for a password's hash or an issuer's keys must still reach Envoy.
// After the deadline Envoy answers by itself, and not in the registry's format.
func withinDeadline(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	deadline, found := ctx.Deadline()
	if !found {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-deadline.Sub(now)/10))
}
