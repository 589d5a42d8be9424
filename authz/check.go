package authz

import (
	"context"
	"fmt"
	"slices"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A Checker answers requests by the current snapshot.
type Checker struct {
	Snapshots func() *policystore.Snapshot // returns nil before the first good snapshot

	// OmitReasons leaves out the reasons for the decisions on an allowed request, which
	// only a log of allowed requests needs.
	OmitReasons bool
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
	k := c.newCheck(r)
	if k.begin() && k.findRegistry() && k.checkHeaders() && k.findClient() && k.authenticate(ctx) {
		k.answer(ctx)
	}
	return k.result
}

// A check is one request on its way to a result. Each step sets what the next one needs, or
// the result, and reports whether the next step is needed.
type check struct {
	request       *CheckRequest
	omitReasons   bool
	snapshot      *policystore.Snapshot
	registry      *policystore.Registry
	trustedHeader string // the header that only a trusted proxy can set, according to Envoy's configuration
	caller        *identity.Caller
	context       iam.Context // of the request and the caller
	image         iam.Context // context, and the keys of the image that is evaluated
	result        *Result
}

func (c *Checker) newCheck(r *CheckRequest) check {
	return check{request: r, omitReasons: c.OmitReasons, snapshot: c.Snapshots(), result: newResult(r)}
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
	k.result.Client = client
	k.context = requestContext(k.request, k.registry, client)
	return true
}

func (k *check) authenticate(ctx context.Context) bool {
	caller, failure := k.snapshot.Callers.Authenticate(ctx, &k.registry.Authentication, &identity.Credentials{
		Authorization: k.request.values("authorization"),
		Principal:     k.request.Principal,
		Certificate:   k.request.Certificate,
		HeaderValues:  k.request.values(k.registry.Authentication.Header),
		TrustedHeader: k.trustedHeader,
		Metadata:      k.request.Metadata,
		Context:       slices.Clip(k.context),
		Time:          k.request.Time,
		ClientAddress: k.result.Client,
	})
	if failure != nil {
		k.authenticationFailed(failure)
		return false
	}
	k.setCaller(caller)
	return true
}

func (k *check) setCaller(caller *identity.Caller) {
	k.caller = caller
	k.result.Principal, k.result.Source = nameOf(&caller.Principal), caller.Source
	k.result.Issuer, k.result.KeyID = caller.Issuer, caller.KeyID
	k.result.engine, k.result.session = k.snapshot.Decisions, caller.SessionPolicies
	k.context = callerContext(k.context, k.registry, caller)
}

// answer sets the result of a request whose caller is known.
func (k *check) answer(ctx context.Context) {
	m, refusal := k.registry.Map(&k.request.HTTPRequest)
	if refusal != nil {
		k.result.refuse(refusal.Status, refusal.Code, refusal.Message, refusal.LogMessage)
		return
	}
	if ctx.Err() != nil {
		k.timeOut()
		return
	}
	k.result.Operation, k.result.Repository, k.result.Reference = m.Operation.String(), m.Repository, m.Reference
	if m.Operation == mapping.CheckAPI && !k.canLogIn() {
		k.answerWithoutLogin()
		return
	}
	allowed, optionalDenied := k.evaluate(ctx, &m)
	switch {
	case allowed:
		remove := m.RemoveQueryParameters
		if optionalDenied {
			remove = append(remove, m.RemoveUnlessOptional()...)
		}
		k.allow(remove)
	case ctx.Err() != nil: // before the reasons for the denial are evaluated
		k.timeOut()
	default:
		k.deny(&m)
	}
}

// allow sets the result of an allowed request. It removes headers that a client must not
// send to a registry. Where Envoy shows all of them, it removes those that the request has.
func (k *check) allow(removeQuery []string) {
	remove := k.registry.RemoveHeaders()
	if k.request.Extensions.AllHeaders {
		remove = k.presentHeaders(remove)
	}
	k.result.Decision = Allowed
	k.result.Answer = Answer{Allowed: true, RemoveHeaders: remove, RemoveQueryParameters: removeQuery}
}

// presentHeaders returns those of some headers that the request has.
func (k *check) presentHeaders(names []string) (present []string) {
	for i, name := range names {
		switch {
		case !k.request.has(name):
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
	k.result.Evaluations = nil
	k.result.unavailable(reason, reason)
}

// answerWithoutLogin answers /v2/ for a caller that cannot log in. It allows an anonymous
// caller, because /v2/ contains nothing. If clients need a token first, it denies, because
// clients fetch a token only after a challenge.
func (k *check) answerWithoutLogin() {
	if k.isAnonymous() && k.registry.Challenge.Bearer() {
		k.authenticationFailed(&identity.Failure{Kind: identity.Anonymous, Reason: "the request carries no credential"})
		return
	}
	k.allow(nil)
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
	k.result.Evaluations = make([]Evaluation, 0, 1+len(m.Permissions))
	k.image = k.context
	needsLogin := m.Operation != mapping.CheckAPI && !k.registry.AuthorizationTokenOnlyAtLogin
	if needsLogin && k.canLogIn() && !k.evaluateOne(login()) {
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

// login returns the permission to log in. Its resource is "*", so that only identity
// policies can grant it (Amazon ECR User Guide, "Private registry authentication").
func login() mapping.Permission {
	return mapping.Permission{Action: mapping.GetAuthorizationToken, Resource: "*"}
}

// evaluateOne evaluates one permission and reports whether it is allowed. If its action is
// denied implicitly, the alternative action can grant it.
func (k *check) evaluateOne(p mapping.Permission) bool {
	k.result.Evaluations = append(k.result.Evaluations, Evaluation{
		Request:  newIAMRequest(k.registry, k.caller, p.Action, p.Resource, k.image),
		Optional: p.Optional,
	})
	e := k.result.last()
	k.decide(e)
	if e.Decision == iam.ImplicitDeny && p.Alternative != "" {
		denied := *e
		e.Action = p.Alternative
		if k.decide(e); e.Decision == iam.ImplicitDeny {
			*e = denied
		}
	}
	return e.Decision == iam.Allowed
}

// decide sets the decision of an evaluation and, unless it is omitted, its reason.
func (k *check) decide(e *Evaluation) {
	if k.omitReasons {
		e.Decision = k.snapshot.Decisions.Decide(&e.Request, k.caller.SessionPolicies)
		return
	}
	e.Reason = k.snapshot.Decisions.Reason(&e.Request, k.caller.SessionPolicies)
	e.Decision = e.Reason.Decision
}
