package authz

import (
	"context"
	"fmt"

	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A SignIn is a caller who may sign in.
type SignIn struct {
	Registry *policystore.Registry
	Caller   *identity.Caller
	Callers  *identity.Authenticator // that found the caller, and makes its session
}

// SignIn decides whether the caller of a request may sign in at the registry with a service.
// The credential is that of the Authorization header: a certificate, a trusted proxy's header
// and metadata of Envoy are ignored. Only identity policies can allow it (Amazon ECR User
// Guide, "Private registry authentication"). A result whose decision is not Allowed has the
// answer for the client, and then the SignIn is nil. SignIn never panics. It waits for what
// Check waits for.
func (c *Checker) SignIn(ctx context.Context, r *CheckRequest, service string) (in *SignIn, result *Result) {
	defer func() {
		if fault := recover(); fault != nil {
			in, result = nil, newResult(r)
			result.unavailable("internal fault", fmt.Sprintf("panic while signing in: %v", fault))
		}
	}()
	k := new(check)
	k.start(c, ownCredential(r))
	k.result.Operation = mapping.GetAuthorizationToken
	if k.begin() && k.findService(service) && k.checkHeaders() && k.findClient() && k.authenticate(ctx) && k.mayLogIn(ctx) {
		k.result.Decision = Allowed
		return &SignIn{k.registry, k.caller, k.snapshot.Callers}, k.result
	}
	return nil, k.result
}

// ownCredential returns a request without what counts only for a check that Envoy makes: a
// certificate, Envoy's metadata, and context extensions with a trusted proxy's header.
func ownCredential(r *CheckRequest) *CheckRequest {
	own := *r
	own.Principal, own.Certificate, own.Metadata, own.Extensions = "", nil, nil, Extensions{}
	return &own
}

// findService finds the registry of a service.
func (k *check) findService(service string) bool {
	registry := k.snapshot.RegistryOfService(service)
	switch {
	case !k.snapshot.AcceptsSessions():
		k.result.unavailable("sign-in is not configured", "registries.yaml has no sessions")
		return false
	case registry == nil:
		const reason = "no registry has this service"
		k.result.refuse(400, "UNSUPPORTED", reason, fmt.Sprintf("no registry has the service %q", cut(service)))
		return false
	}
	k.registry, k.result.Registry = registry, registry.Name
	if !k.snapshot.Callers.Accepts(&registry.Authentication, identity.SessionToken) {
		k.result.refuse(400, "UNSUPPORTED", "the registry accepts no session tokens", "the sources of the registry do not contain "+string(identity.SessionToken))
		return false
	}
	return true
}

// mayLogIn reports whether the caller may log in, and otherwise sets the result. An anonymous
// caller, if the registry accepts it, needs no permission for a token, which gives it none.
func (k *check) mayLogIn(ctx context.Context) bool {
	k.image = k.context
	switch {
	case k.isAnonymous():
		return true
	case !k.canLogIn():
		k.result.refuse(403, "DENIED", "an AWS service cannot sign in", "the caller is a service")
		return false
	case k.isPermitted(login()):
		return true
	}
	k.denyRequest(ctx, new(mapping.Mapping), k.denialReason())
	return false
}
