package authz

import (
	"context"
	"fmt"
	"slices"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A Checker answers requests by the snapshot in force.
type Checker struct {
	Snapshots func() *policystore.Snapshot // nil before the first good one
}

// Check answers one request. It never returns nil and never panics: a fault is
// an unavailable result. Only checking a password waits, and no longer than
// ctx. Evaluation stops between two permissions when ctx has ended.
func (c *Checker) Check(ctx context.Context, r *Request) (result *Result) {
	defer func() {
		if fault := recover(); fault != nil {
			result = newResult(r)
			result.unavailable("internal fault")
			result.Reason = fmt.Sprintf("fault while checking: %v", fault)
		}
	}()
	p := &pass{request: r, snapshot: c.Snapshots(), result: newResult(r)}
	p.run(ctx)
	return p.end()
}

// end returns the result, which keeps of the pass what explaining needs, and
// not the request.
func (p *pass) end() *Result {
	p.request, p.result.pass = nil, p
	return p.result
}

// A pass is the way of one request through its steps. Each step fills in what
// the next one needs, or settles the result.
type pass struct {
	request       *Request
	snapshot      *policystore.Snapshot
	registry      *policystore.Registry
	trustedHeader string // that Envoy's configuration vouches for
	caller        *identity.Caller
	context       iam.Context
	asking        decision.Request // the question that the engine is asked now
	result        *Result
}

func (p *pass) run(ctx context.Context) {
	if p.request.Unreadable != "" {
		p.result.refuse(&mapping.Refusal{Status: 413, Code: "DENIED", Message: "the request is too large to be authorized, or its check cannot be read", LogMessage: p.request.Unreadable})
		return
	}
	if p.snapshot == nil {
		p.result.unavailable("no policies are loaded yet")
		return
	}
	p.result.Digest = p.snapshot.Digest
	if p.findRegistry() && p.checkHeaders() && p.locate() && p.identify(ctx) {
		p.answer(ctx)
	}
}

// answer settles the result by what is asked, once it is known who calls.
func (p *pass) answer(ctx context.Context) {
	m, refusal := p.registry.Map(&p.request.Request)
	if refusal != nil {
		p.result.refuse(refusal)
		return
	}
	if ctx.Err() != nil {
		p.abandon()
		return
	}
	p.judge(ctx, &m)
}

// abandon settles the result of a request whose caller does not wait for it any
// more. It leaves out what was decided, so that nothing explains it.
func (p *pass) abandon() {
	p.result.Permissions = nil
	p.result.unavailable("the request's deadline has passed")
}

// findRegistry settles which registry the request is for.
func (p *pass) findRegistry() bool {
	registry, err := p.snapshot.Registry(p.request.Extensions[RegistryExtension], p.request.Host)
	if err != nil {
		p.result.refuse(&mapping.Refusal{Status: 421, Code: "DENIED", Message: "this host is not a registry served here", LogMessage: err.Error()})
		return false
	}
	p.registry, p.result.Registry = registry, registry.Name
	p.trustedHeader = p.request.Extensions[HeaderExtension]
	return true
}

// maxHeader bounds the headers whose text goes into condition keys, in bytes.
const maxHeader = 4096

// checkHeaders refuses headers of a length that no client sends.
func (p *pass) checkHeaders() bool {
	for _, name := range []string{"user-agent", "referer"} {
		if value, _ := p.request.value(name); len(value) > maxHeader {
			message := fmt.Sprintf("header %s is longer than %d bytes", name, maxHeader)
			p.result.refuse(&mapping.Refusal{Status: 431, Code: "UNSUPPORTED", Message: message, LogMessage: message})
			return false
		}
	}
	return true
}

// locate settles where the request comes from, and with it the condition keys
// that do not depend on who calls.
func (p *pass) locate() bool {
	client, err := clientAddress(p.request, p.registry)
	if err != nil {
		p.result.refuse(&mapping.Refusal{Status: 403, Code: "DENIED", Message: "the request did not come by the proxies that it should come by", LogMessage: err.Error()})
		return false
	}
	p.result.Client = client
	p.context = requestContext(p.request, p.registry, client)
	return true
}

// identify settles who calls.
func (p *pass) identify(ctx context.Context) bool {
	caller, failure := p.snapshot.Callers.Authenticate(ctx, &p.registry.Authentication, &identity.Credentials{
		Authorization: p.request.values("authorization"),
		Principal:     p.request.Principal,
		Certificate:   p.request.Certificate,
		HeaderValues:  p.identityHeader(),
		TrustedHeader: p.trustedHeader,
		Metadata:      p.request.Metadata,
		Context:       slices.Clip(p.context),
		Time:          p.request.Time,
		ClientAddress: p.result.Client,
	})
	if failure != nil {
		p.result.Source, p.result.User = failure.Source, failure.User
		p.result.Issuer, p.result.KeyID = failure.Issuer, failure.KeyID
		switch failure.Kind {
		case identity.Unavailable:
			p.result.unavailable("the credential cannot be checked")
			p.result.Reason = failure.Full() // which may name servers inside
		case identity.RateLimited:
			p.result.limited(failure.Reason)
		default:
			p.unauthenticated(failure)
		}
		return false
	}
	p.know(caller)
	return true
}

// identityHeader returns every value of the header by which a trusted proxy says
// who calls.
func (p *pass) identityHeader() []string {
	if p.registry.Authentication.Header == "" {
		return nil
	}
	return p.request.values(p.registry.Authentication.Header)
}

func (p *pass) know(caller *identity.Caller) {
	p.caller = caller
	p.result.Principal, p.result.Source = nameOf(&caller.Principal), caller.Source
	p.result.Issuer, p.result.KeyID = caller.Issuer, caller.KeyID
	p.context = fullContext(p.context, p.registry, caller)
}

// judge settles the result by the decisions on all that the mapping asks.
func (p *pass) judge(ctx context.Context, m *mapping.Mapping) {
	p.result.describe(m)
	if m.Operation == mapping.CheckAPI && !p.logsIn() {
		p.answerAPICheck()
		return
	}
	allowed, optionalDenied := p.decide(ctx, m)
	switch {
	case allowed:
		remove := m.RemoveQueryParameters
		if optionalDenied {
			remove = append(remove, m.RemoveUnlessOptional()...)
		}
		p.result.allow(p.registry, remove)
	case ctx.Err() != nil: // before the denial is explained, which evaluates again
		p.abandon()
	case m.Operation == mapping.CheckAPI:
		sentence := p.sentence()
		p.result.Decision, p.result.Reason = Unauthenticated, sentence
		p.result.Answer = p.challenge(p.told(sentence), false)
	default:
		sentence := p.sentence()
		p.result.deny(p.result.last().Decision, sentence, p.denial(m, sentence))
	}
}

// answerAPICheck answers /v2/ for a caller that does not log in. It allows an
// anonymous caller, because /v2/ shows nothing, unless clients must fetch a token
// first, which only a challenge makes them do.
func (p *pass) answerAPICheck() {
	if p.isAnonymous() && p.registry.Challenge.Bearer() {
		p.unauthenticated(&identity.Failure{Kind: identity.Anonymous, Reason: "the request carries no credential"})
		return
	}
	p.result.allow(p.registry, nil)
}
