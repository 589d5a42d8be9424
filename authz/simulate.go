package authz

import (
	"context"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// CheckAs answers a request as Check would if its credential proved that
// caller. It is for asking offline: a credential of the request itself is not
// looked at. It never returns nil.
func (c *Checker) CheckAs(caller *identity.Caller, r *Request) *Result {
	p := &pass{request: r, snapshot: c.Snapshots(), result: newResult(r)}
	if p.snapshot == nil {
		p.result.unavailable("no policies are loaded yet")
		return p.end()
	}
	p.result.Digest = p.snapshot.Digest
	if p.findRegistry() {
		p.registry = direct(p.registry)
		p.context = requestContext(r, p.registry, r.Peer)
		p.know(caller)
		p.answer(context.Background())
	}
	return p.end()
}

// direct is the registry without proxies before Envoy: a request that nobody
// sends comes from the client itself.
func direct(registry *policystore.Registry) *policystore.Registry {
	d := *registry
	d.TrustedHops = 0
	return &d
}

// Ask puts one action on one resource ("*" where there is none) as a question
// with the context that r has at the registry. Keys that follow from what a
// request asks, as [iam.KeyReference] does, are not in it.
func Ask(r *Request, registry *policystore.Registry, caller *identity.Caller, action, resource string) *decision.Request {
	asked := question(registry, caller, action, resource, fullContext(RequestKeys(r, registry), registry, caller))
	return &asked
}

// RequestKeys are the condition keys that r brings to the registry: none of its
// caller, of a resource, or of what it asks.
func RequestKeys(r *Request, registry *policystore.Registry) iam.Context {
	return requestContext(r, direct(registry), r.Peer)
}
