package authz

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"extauthz/denialmessage"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A Checker answers requests by the current snapshot. It must not be copied after its first
// use.
type Checker struct {
	Snapshots func() *policystore.Snapshot // returns nil before the first good snapshot

	// OmitReasons leaves out the reasons for the decisions on an allowed request, which
	// only a log of allowed requests needs.
	OmitReasons bool

	// DecideOnly leaves out the registry's own credential, which only a request that is
	// forwarded needs.
	DecideOnly bool

	// Messages writes the encoded authorization messages of denials; nil writes none.
	Messages *denialmessage.Encoder

	checks sync.Pool // of *check, whose memory is used again
	clock  atomic.Pointer[timeText]
}

// Check answers one request. It never returns nil and never panics: after a panic the result
// is unavailable. Only the check of a password or the fetch of an issuer's keys waits, and
// not longer than ctx. Evaluation stops between two permissions when ctx has ended.
func (c *Checker) Check(ctx context.Context, r *CheckRequest) (result *Result) {
	defer func() {
		if fault := recover(); fault != nil {
			result = newResult(r)
			result.unavailable("internal fault", fmt.Sprintf("panic while checking the request: %v", fault))
		}
	}()
	k, _ := c.checks.Get().(*check)
	if k == nil {
		k = new(check)
	}
	k.start(c, r)
	k.run(ctx)
	result = k.result
	*k = check{} // nothing of this request must be part of another
	c.checks.Put(k)
	return result
}

// A check is one request on its way to a result. Each step sets what the next one needs, or
// the result, and reports whether the next step is needed. Nothing else refers to a check
// and its memory after it has run.
type check struct {
	checker       *Checker
	request       *CheckRequest
	snapshot      *policystore.Snapshot
	registry      *policystore.Registry
	trustedHeader string // the header that only a trusted proxy can set, according to Envoy's configuration
	credentials   identity.Credentials
	caller        *identity.Caller
	context       iam.Context // of the request and the caller
	image         iam.Context // context, and the keys of the image that is evaluated
	evaluated     iam.Request // the last one
	result        *Result

	omitReasons bool
	retain      bool          // evaluated requests, for an OfflineResult
	requests    []iam.Request // of the evaluations; only if retain is set

	contextMemory    [usualKeys]iam.ContextEntry
	permissionMemory [mapping.UsualPermissions]mapping.Permission
}

func (k *check) start(c *Checker, r *CheckRequest) {
	k.checker, k.omitReasons, k.request = c, c.OmitReasons, r
	k.result = newResult(r)
	k.snapshot = c.Snapshots()
}

// run sets the result.
func (k *check) run(ctx context.Context) {
	if k.begin() && k.findRegistry() && k.checkHeaders() && k.findClient() && k.authenticate(ctx) {
		k.answer(ctx)
	}
}

// begin refuses a request that cannot be checked.
func (k *check) begin() bool {
	switch {
	case k.request.Unreadable != "":
		k.result.refuse(413, "DENIED", "the request is too large to be authorized, or its check cannot be read", k.request.Unreadable)
		return false
	case k.snapshot == nil:
		const reason = "no policies are loaded yet"
		k.result.unavailable(reason, reason)
		return false
	}
	k.result.Digest = k.snapshot.Digest
	return true
}

func (k *check) findRegistry() bool {
	registry, err := k.snapshot.Registry(k.request.Extensions.Registry, k.request.Host)
	if err != nil {
		k.result.refuse(421, "DENIED", "this host is not a registry served here", err.Error())
		return false
	}
	k.registry, k.result.Registry = registry, registry.Name
	k.trustedHeader = k.request.Extensions.TrustedHeader
	k.findDryRun()
	return true
}

// maxHeader is the limit on headers that become condition keys, in bytes.
const maxHeader = 4096

// checkHeaders refuses headers that are longer than any client sends.
func (k *check) checkHeaders() bool {
	for _, name := range []string{"user-agent", "referer"} {
		if value, _ := k.request.value(name); len(value) > maxHeader {
			reason := fmt.Sprintf("header %s is longer than %d bytes", name, maxHeader)
			k.result.refuse(431, "UNSUPPORTED", reason, reason)
			return false
		}
	}
	return true
}

// findClient sets the client's address and the condition keys that do not depend on the
// caller.
func (k *check) findClient() bool {
	client, err := k.request.clientAddress(k.registry)
	if err != nil {
		k.result.refuse(403, "DENIED", "the request did not come through the required proxies", err.Error())
		return false
	}
	k.setRequest(k.request.facts(k.registry, client))
	return true
}

// setRequest sets the condition keys that do not depend on the caller.
func (k *check) setRequest(facts RequestFacts) {
	k.result.Client, k.result.Facts.Request = facts.Client, facts
	k.context = appendRequestContext(k.contextMemory[:0], &facts, k.registry, k.checker.timeText(k.request.Time))
}

func (k *check) authenticate(ctx context.Context) bool {
	k.credentials = identity.Credentials{
		Authorization: k.request.values("authorization"),
		Principal:     k.request.Principal,
		Certificate:   k.request.Certificate,
		RefreshToken:  k.request.RefreshToken,
		HeaderValues:  k.request.values(k.registry.Authentication.Header),
		TrustedHeader: k.trustedHeader,
		Metadata:      k.request.Metadata,
		Context:       slices.Clip(k.context),
		Time:          k.request.Time,
		ClientAddress: k.result.Client,
	}
	caller, failure := k.snapshot.Callers.Authenticate(ctx, &k.registry.Authentication, &k.credentials)
	if failure != nil {
		k.authenticationFailed(failure)
		return false
	}
	k.setCaller(caller)
	return true
}

func (k *check) setCaller(caller *identity.Caller) {
	k.caller, k.result.Facts.Caller = caller, caller
	k.result.Principal, k.result.Source = nameOf(&caller.Principal), caller.Source
	k.result.Issuer, k.result.KeyID = caller.Issuer, caller.KeyID
	k.context = callerContext(k.context, k.registry, caller)
}

// answer sets the result of a request whose caller is known.
func (k *check) answer(ctx context.Context) {
	m, refusal := k.registry.MapInto(k.permissionMemory[:0], &k.request.HTTPRequest)
	if refusal != nil {
		k.result.refuse(refusal.Status, refusal.Code, refusal.Message, refusal.LogMessage)
		return
	}
	if ctx.Err() != nil {
		k.timeOut()
		return
	}
	k.result.Operation, k.result.Repository, k.result.Reference = m.Operation.String(), m.Repository, m.Reference
	k.result.Facts.Source, k.result.Facts.Tags, k.result.Facts.EmptyBody = m.Source(), m.Tags, m.DeclaresNoBody()
	if m.Operation == mapping.CheckAPI && !k.canLogIn() {
		k.answerWithoutLogin(ctx)
	} else {
		k.answerByPolicies(ctx, &m)
	}
	if k.result.DryRun && k.result.Decision == Allowed {
		k.answerDryRun(ctx, &m)
	}
}

// answerByPolicies sets the result of a request that policies allow or deny.
func (k *check) answerByPolicies(ctx context.Context, m *mapping.Mapping) {
	allowed, optionalDenied := k.evaluate(ctx, m)
	switch {
	case allowed:
		remove := m.RemoveQueryParameters
		if optionalDenied {
			remove = append(remove, m.RemoveUnlessOptional()...)
		}
		k.allow(ctx, remove, m)
	case ctx.Err() != nil: // before the reasons for the denial are evaluated
		k.timeOut()
	default:
		k.deny(ctx, m)
	}
}

// allow sets the result of an allowed request. It removes headers that a client must not
// send to a registry. Where Envoy shows all of them, it removes those that the request has.
// The answer to a dry run does not allow the request.
func (k *check) allow(ctx context.Context, removeQuery []string, m *mapping.Mapping) {
	k.result.Decision = Allowed
	if k.result.DryRun {
		return
	}
	remove := k.registry.RemoveHeaders()
	if k.request.Extensions.AllHeaders {
		remove = k.presentHeaders(remove)
	}
	k.result.Answer = Answer{Allowed: true, RemoveHeaders: remove, RemoveQueryParameters: removeQuery}
	if k.registry.Upstream != nil && !k.checker.DecideOnly {
		k.authorizeUpstream(ctx, m)
	}
}

// authorizeUpstream adds the registry's own credential to an allowed request. Without it the
// request is not allowed.
func (k *check) authorizeUpstream(ctx context.Context, m *mapping.Mapping) {
	authorization, err := k.registry.Upstream.Authorization(ctx, k.upstreamScope(m))
	if err != nil {
		k.result.unavailable("the registry's own credential is not available", err.Error())
		return
	}
	k.result.Answer.Authorization = authorization
}

// upstreamScope returns the access that the registry's own credential must grant for an allowed
// request. Access to the source of a mount that policies deny is not part of it.
func (k *check) upstreamScope(m *mapping.Mapping) string {
	if m.Operation == mapping.Catalog {
		return "registry:catalog:*" // Distribution, "Token Scope Documentation"
	}
	scope := m.TokenScope()
	for i := range k.result.Evaluations {
		if e := &k.result.Evaluations[i]; e.Optional && e.Decision != iam.Allowed {
			scope, _, _ = strings.Cut(scope, " ")
		}
	}
	return scope
}

// presentHeaders returns those of some headers that the request has.
func (k *check) presentHeaders(names []string) (present []string) {
	lengths := uint64(0) // of the names of the request's headers, as a bit each
	for i := range k.request.Headers {
		lengths |= 1 << (len(k.request.Headers[i].Name) % 64)
	}
	for i, name := range names {
		switch {
		case lengths&(1<<(len(name)%64)) == 0 || !k.request.has(name):
		case present == nil: // the usual list, of one header, costs no allocation
			present = names[i : i+1 : i+1]
		default:
			present = append(present, name)
		}
	}
	return present
}

// timeOut sets the result of a request whose deadline has passed. It discards what was
// evaluated, so that the log does not explain it.
func (k *check) timeOut() {
	const reason = "the request's deadline has passed"
	k.result.Evaluations, k.requests = nil, nil
	k.result.unavailable(reason, reason)
}

// answerWithoutLogin answers /v2/ for a caller that cannot log in. It allows an anonymous
// caller, because /v2/ contains nothing. If clients need a token first, it denies those
// without one, because clients fetch a token only after a challenge.
func (k *check) answerWithoutLogin(ctx context.Context) {
	if k.isAnonymous() && k.caller.Source == "" && k.registry.Challenge.Bearer() {
		k.authenticationFailed(&identity.Failure{Kind: identity.Anonymous, Reason: "the request carries no credential"})
		return
	}
	k.allow(ctx, nil, new(mapping.Mapping))
}

// canLogIn reports whether identity policies could allow the caller to log in. Anonymous
// callers and services have no identity policies, so that nothing could allow them
// ecr:GetAuthorizationToken. They have the access that repository policies grant.
func (k *check) canLogIn() bool {
	return !k.isAnonymous() && k.caller.Principal.Kind != iam.Service
}

func (k *check) isAnonymous() bool { return k.caller.Principal.Kind == iam.Anonymous }

// evaluate evaluates the permissions of a mapping up to the first that denies the request.
// The permission to log in is first, unless the request itself is the login or the registry
// requires that permission at the login only. evaluate reports whether the request is
// allowed, and whether an optional permission is denied. If ctx ends, it stops and the
// request is not allowed.
func (k *check) evaluate(ctx context.Context, m *mapping.Mapping) (allowed, optionalDenied bool) {
	k.result.Evaluations, k.requests = k.result.Evaluations[:0], nil
	k.image = k.context
	if k.requiresLogin(m) && !k.evaluateOne(login()) {
		return false, false
	}
	for i := range 1 + len(m.Tags) { // each tag that the request writes is evaluated
		k.image = imageContext(k.context, m, i)
		for _, permission := range m.Permissions {
			switch {
			case ctx.Err() != nil:
				return false, optionalDenied
			case k.evaluateOne(permission):
			case permission.Optional:
				optionalDenied = true
			default:
				return false, optionalDenied
			}
		}
	}
	return true, optionalDenied
}

// requiresLogin reports whether the request requires the permission to log in, in addition to those
// of its mapping.
func (k *check) requiresLogin(m *mapping.Mapping) bool {
	return m.Operation != mapping.CheckAPI && !k.registry.AuthorizationTokenOnlyAtLogin && k.canLogIn()
}

// login returns the permission to log in. Its resource is "*", so that only identity
// policies can grant it (Amazon ECR User Guide, "Private registry authentication").
func login() mapping.Permission {
	return mapping.Permission{Action: mapping.GetAuthorizationToken, Resource: "*"}
}

// evaluateOne evaluates one permission and reports whether it is allowed. If its action is
// denied implicitly, the alternative action can grant it.
func (k *check) evaluateOne(p mapping.Permission) bool {
	k.evaluated = newIAMRequest(k.registry, k.caller, p.Action, p.Resource, k.image)
	e := k.decide()
	if e.Decision == iam.ImplicitDeny && p.Alternative != "" {
		k.evaluated.Action = p.Alternative
		if alternative := k.decide(); alternative.Decision != iam.ImplicitDeny {
			e = alternative
		}
		k.evaluated.Action = e.Action
	}
	e.Optional = p.Optional
	k.result.Evaluations = append(k.result.Evaluations, e)
	if k.retain {
		k.requests = append(k.requests, k.evaluated)
	}
	return e.Decision == iam.Allowed
}

// decide returns the decision on the request to evaluate and, unless it is omitted, its
// reason.
func (k *check) decide() Evaluation {
	e := Evaluation{Action: k.evaluated.Action, Resource: k.evaluated.Resource}
	if k.omitReasons {
		e.Decision = k.snapshot.Decisions.Decide(&k.evaluated, k.caller.SessionPolicies)
	} else {
		e.Reason = k.snapshot.Decisions.Reason(&k.evaluated, k.caller.SessionPolicies)
		e.Decision = e.Reason.Decision
	}
	return e
}
