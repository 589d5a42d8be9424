package authz

import (
	"context"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// An OfflineResult is the result of a request with everything that explains it.
type OfflineResult struct {
	*Result
	Requests []iam.Request // of the evaluations, in the same order

	engine  *decision.Engine // that decided
	session []*iam.Policy    // session policies of the caller
}

// Explain returns the reasons for each evaluation. It evaluates again, by the policies that
// decided.
func (r *OfflineResult) Explain() []iam.Explanation {
	why := make([]iam.Explanation, len(r.Requests))
	for i := range r.Requests {
		why[i] = r.engine.Explain(&r.Requests[i], r.session)
	}
	return why
}

// Policies returns the policies that applied to the i-th evaluation.
func (r *OfflineResult) Policies(i int) *iam.Policies {
	return r.engine.Applicable(&r.Requests[i], r.session)
}

// newOfflineCheck returns a check that retains the requests to the policies.
func (c *Checker) newOfflineCheck(r *CheckRequest) *check {
	k := &check{retain: true}
	k.start(c, r)
	return k
}

// offlineResult returns the result of a check that has run.
func (k *check) offlineResult() *OfflineResult {
	r := &OfflineResult{Result: k.result, Requests: k.requests}
	if k.caller != nil {
		r.engine, r.session = k.snapshot.Decisions, k.caller.SessionPolicies
	}
	return r
}

// CheckAs answers a request as Check would if caller had sent it. It ignores credentials of
// the request. It never returns nil.
func (c *Checker) CheckAs(caller *identity.Caller, r *CheckRequest) *OfflineResult {
	k := c.newOfflineCheck(r)
	if k.begin() && k.findRegistry() {
		k.registry = withoutHops(k.registry)
		k.context = RequestContext(r, k.registry)
		k.setCaller(caller)
		k.answer(context.Background())
	}
	return k.offlineResult()
}

// An Identity is the caller of a request to a registry.
type Identity struct {
	Registry *policystore.Registry
	Caller   *identity.Caller
	Context  iam.Context // the condition keys of the request, except those of an image
}

// Identify finds the caller of a request in the way of Check. If the request has no caller,
// the result is the answer. If registry is not nil, the credential is checked as one that
// the caller sends to this registry without proxies; otherwise registry and client are found
// as Check does. ctx has the same effect as for Check.
func (c *Checker) Identify(ctx context.Context, r *CheckRequest, registry *policystore.Registry) (*Identity, *Result) {
	k := c.newOfflineCheck(r)
	if !k.begin() {
		return nil, k.result
	}
	if registry != nil {
		k.registry, k.result.Registry = withoutHops(registry), registry.Name
		k.trustedHeader = registry.Authentication.Header
		k.context = RequestContext(r, k.registry)
	} else if !k.findRegistry() || !k.checkHeaders() || !k.findClient() {
		return nil, k.result
	}
	if !k.authenticate(ctx) {
		return nil, k.result
	}
	return &Identity{k.registry, k.caller, k.context}, nil
}

// withoutHops returns the registry without proxies before Envoy: an imagined request comes
// from the client itself.
func withoutHops(registry *policystore.Registry) *policystore.Registry {
	direct := *registry
	direct.TrustedHops = 0
	return &direct
}

// NewIAMRequest returns the request of a caller to perform an action on a resource ("*" for
// none), in the context of r at the registry. It lacks the keys of an image, such as
// [iam.KeyReference].
func NewIAMRequest(r *CheckRequest, registry *policystore.Registry, caller *identity.Caller, action, resource string) *iam.Request {
	request := newIAMRequest(registry, caller, action, resource, callerContext(RequestContext(r, registry), registry, caller))
	return &request
}

// RequestContext returns the condition keys of a request to the registry, without those of
// the caller, of a resource and of an image.
func RequestContext(r *CheckRequest, registry *policystore.Registry) iam.Context {
	direct := withoutHops(registry)
	facts := r.facts(direct, r.Peer)
	return appendRequestContext(make(iam.Context, 0, usualKeys), &facts, direct, newTimeText(r.Time))
}
