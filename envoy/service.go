package envoy

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"extauthz/authz"
)

// Service answers Envoy's ext_authz checks. Each answer is decided, logged and counted,
// in this order. It must not be copied after its first use.
type Service struct {
	// Begin begins to trace a check, and returns the context for Decide, Record and Observe;
	// nil traces none.
	Begin func(context.Context, *authz.CheckRequest) context.Context

	// Decide decides one request. It must not return nil, and must not retain the request.
	Decide func(context.Context, *authz.CheckRequest) *authz.Result

	// Record logs a decision; nil logs none. If it returns an error, the request is
	// refused, even if it was allowed.
	Record func(context.Context, *authz.Result, time.Duration) error

	// Observe counts an answer; nil counts none.
	Observe func(context.Context, *authz.Result, time.Duration)

	// Metadata are the fields of the decision that Envoy receives.
	Metadata Metadata

	// Logger logs panics; nil discards them.
	Logger *slog.Logger

	readers  sync.Pool // of *checkReader
	removals removals
}

// Check answers a CheckRequest with a CheckResponse, both in protobuf's wire format. It does
// not retain the message. It never returns an error: for Envoy an error is a failed check,
// which failure_mode_allow lets through, while a denial denies in every configuration. A
// message that cannot be read is denied, and so is a request whose check panics.
func (s *Service) Check(ctx context.Context, message []byte) []byte {
	now := time.Now()
	in := newDeadline(ctx, now)
	defer in.stop()
	reader, _ := s.readers.Get().(*checkReader)
	if reader == nil {
		reader = new(checkReader)
	}
	answer := s.respond(in, func() *authz.CheckRequest {
		if r, valid := reader.read(message, now); valid {
			return r
		}
		return unreadable(errMalformed, now)
	})
	reader.clear()
	s.readers.Put(reader)
	return answer
}

// Unreadable refuses a check that could not be read because of err.
func (s *Service) Unreadable(ctx context.Context, err error) []byte {
	return s.respond(ctx, func() *authz.CheckRequest { return unreadable(err, time.Now()) })
}

func unreadable(err error, now time.Time) *authz.CheckRequest {
	return &authz.CheckRequest{Unreadable: err.Error(), Time: now}
}

// respond answers the request that read returns. It logs a panic and denies the request.
func (s *Service) respond(ctx context.Context, read func() *authz.CheckRequest) (answer []byte) {
	defer func() {
		if fault := recover(); fault != nil {
			if s.Logger != nil {
				s.Logger.Error("panic while answering a check; the request is refused", "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
			}
			answer = response(authz.Unavailable("internal fault"), s.Metadata, &s.removals)
		}
	}()
	request := read()
	if s.Begin != nil {
		ctx = s.Begin(ctx, request)
	}
	result := s.Decide(ctx, request)
	if s.Record != nil && s.Record(ctx, result, time.Since(request.Time)) != nil {
		result = authz.Unavailable("the decision could not be logged in time")
	}
	if s.Observe != nil {
		s.Observe(ctx, result, time.Since(request.Time))
	}
	return response(result, s.Metadata, &s.removals)
}
