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

// Service answers Envoy's ext_authz checks.
type Service struct {
	// Answer decides one request; it must not return nil.
	Answer func(context.Context, *authz.Request) *authz.Result

	// Logger is told of faults; nil discards.
	Logger *slog.Logger
}

// Check answers every request with a CheckResponse and never with an error: to
// Envoy an error is a failed check, which failure_mode_allow lets through,
// while a denial denies however Envoy is configured. A panic denies too.
func (s *Service) Check(ctx context.Context, m *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	ctx, cancel := inTime(ctx, time.Now())
	defer cancel()
	return s.respond(ctx, func() *authz.Request { return toRequest(m, time.Now()) }), nil
}

// Unreadable refuses a check that could not be read because of err.
func (s *Service) Unreadable(ctx context.Context, err error) *authv3.CheckResponse {
	return s.respond(ctx, func() *authz.Request { return &authz.Request{Unreadable: err.Error(), Time: time.Now()} })
}

// respond answers the request that read returns; a panic is reported and denies.
func (s *Service) respond(ctx context.Context, read func() *authz.Request) (response *authv3.CheckResponse) {
	defer func() {
		if fault := recover(); fault != nil {
			s.report(fault)
			response = toResponse(authz.Unavailable("internal fault"))
		}
	}()
	return toResponse(s.Answer(ctx, read()))
}

// inTime ends ctx when nine tenths of the time to its deadline have passed: an
// answer that waited until then, for a password's hash or an issuer's keys, must
// still reach Envoy, which would answer for itself otherwise, in no words of a
// registry.
func inTime(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	deadline, found := ctx.Deadline()
	if !found {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-deadline.Sub(now)/10))
}

func (s *Service) report(fault any) {
	if s.Logger != nil {
		s.Logger.Error("fault while answering a check; it is refused", "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	}
}
