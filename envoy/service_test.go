package envoy

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"extauthz/authz"
)

// TestCheckSurvivesAPanic checks that a panic is logged and denies.
func TestCheckSurvivesAPanic(t *testing.T) {
	for name, answer := range map[string]func(context.Context, *authz.CheckRequest) *authz.Result{
		"panic":     func(context.Context, *authz.CheckRequest) *authz.Result { panic("oops") },
		"no result": func(context.Context, *authz.CheckRequest) *authz.Result { return nil },
		"unset":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			s := &Service{Decide: answer, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			m := mustDecode(t, s.Check(context.Background(), mustMarshal(t, checkRequest(true))))
			if !strings.Contains(log.String(), "panic while answering") {
				t.Errorf("log %q", log.String())
			}
			if m.GetStatus().GetCode() != int32(codes.Unavailable) || m.GetDeniedResponse().GetStatus().GetCode() != 503 {
				t.Errorf("response %v", m)
			}
		})
	}
}

// TestCheckAnswersInTime checks that the decision must end before the deadline of the check, and that
// a check without a deadline has none.
func TestCheckAnswersInTime(t *testing.T) {
	var got time.Time
	s := &Service{Decide: func(ctx context.Context, _ *authz.CheckRequest) *authz.Result {
		got, _ = ctx.Deadline()
		return authz.Unavailable("")
	}}
	message := mustMarshal(t, checkRequest(true))
	if s.Check(t.Context(), message); !got.IsZero() {
		t.Errorf("deadline %v, want none", got)
	}
	began := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), began.Add(time.Hour))
	defer cancel()
	s.Check(ctx, message)
	if left := began.Add(time.Hour).Sub(got); left < 5*time.Minute || left > 6*time.Minute {
		t.Errorf("%v left for the answer, want 6 minutes", left)
	}
}
