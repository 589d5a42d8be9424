package envoy

import (
	"context"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"extauthz/authz"
)

// Service answers Envoy's ext_authz checks.
type Service struct {
	authv3.UnimplementedAuthorizationServer

	// Answer decides one request; it must not return nil.
	Answer func(context.Context, *authz.Request) *authz.Result
}

// Check answers every request with a CheckResponse and never with an error: to
// Envoy an error is a failed check, which failure_mode_allow lets through,
// while a denial denies however Envoy is configured. A panic denies too.
func (s *Service) Check(ctx context.Context, m *authv3.CheckRequest) (response *authv3.CheckResponse, _ error) {
	defer func() {
		if recover() != nil {
			response = toResponse(authz.Unavailable("internal fault"))
		}
	}()
	return toResponse(s.Answer(ctx, toRequest(m, time.Now()))), nil
}
