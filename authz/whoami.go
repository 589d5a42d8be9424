package authz

import (
	"context"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// An Identity is who sends a request, and to which registry.
type Identity struct {
	Registry *policystore.Registry
	Caller   *identity.Caller
	Context  iam.Context // what policies about the request see, but for keys of an image
}

// Identify goes as far as Check does before it looks at what is asked: to who
// sends the request. Where that is nobody, the result says why. shown is the
// registry that the sender shows its credential to directly, without the proxies
// that requests come by; nil finds registry and client as Check does. Its
// contract with ctx is that of Check.
func (c *Checker) Identify(ctx context.Context, r *Request, shown *policystore.Registry) (*Identity, *Result) {
	p := &pass{request: r, snapshot: c.Snapshots(), result: newResult(r)}
	if p.snapshot == nil {
		p.result.unavailable("no policies are loaded yet")
		return nil, p.end()
	}
	p.result.Digest = p.snapshot.Digest
	if p.isShown(shown) && p.identify(ctx) {
		return &Identity{p.registry, p.caller, p.context}, nil
	}
	return nil, p.end()
}

// isShown settles the registry, and where the request comes from.
func (p *pass) isShown(to *policystore.Registry) bool {
	if to == nil {
		return p.findRegistry() && p.checkHeaders() && p.locate()
	}
	p.registry, p.result.Registry = direct(to), to.Name
	p.trustedHeader = to.Authentication.Header // nobody but the one who asks sets it
	p.context = requestContext(p.request, p.registry, p.request.Peer)
	return true
}
