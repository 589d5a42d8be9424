package decision

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/iam"
)

// Options are the settings of an engine in addition to the policies.
type Options struct {
	CacheSize int    // the number of cached decisions, at least 1
	Stats     *Stats // counters to add to; nil counts for this engine alone
}

// An Engine decides by the policies of one snapshot. It is safe for concurrent use.
type Engine struct {
	policies Policies
	cache    *cache
}

// New returns an engine of these policies with an empty cache. It returns an error if the cache
// size is not positive.
func New(p Policies, o Options) (*Engine, error) {
	if o.Stats == nil {
		o.Stats = new(Stats)
	}
	c, err := newCache(o.CacheSize, o.Stats)
	if err != nil {
		return nil, fmt.Errorf("decision cache of %d entries: %w", o.CacheSize, err)
	}
	return &Engine{policies: p, cache: c}, nil
}

// Decide returns the decision on r. session is the list of session policies of the caller,
// all of kind [iam.SessionPolicy]. An empty list does not limit a role session. A
// federated user without session policies has no identity policies. Every request has a
// decision: what no policy allows is denied, and so is a request without a principal.
func (e *Engine) Decide(r *iam.Request, session []*iam.Policy) iam.Decision {
	if r.Principal == nil {
		return iam.ImplicitDeny
	}
	var buffer [256]byte
	s, values := e.cache.find(r, session, buffer[:0])
	if s.found != nil {
		return s.found.decision
	}
	var policies iam.Policies
	e.setApplicable(&policies, r, session)
	d := s.evaluate(&policies, r)
	e.cache.addDecision(s, values, r, session, &policies, d, nil)
	return d
}

// A Reason is a decision with what determined it. It must not be changed.
type Reason struct {
	Decision  iam.Decision
	Exhausted bool        // as in iam.Explanation
	BlockedBy iam.Class   // as in iam.Explanation
	Matched   []iam.Match // the statements that apply, as in iam.Explanation
}

// maxMatched is the limit on the statements of a cached reason. Few decisions have more.
const maxMatched = 64

// Reason returns the decision of Decide with its reason. It evaluates a request only if the
// cache does not have the reason.
func (e *Engine) Reason(r *iam.Request, session []*iam.Policy) *Reason {
	if r.Principal == nil {
		return &Reason{}
	}
	var buffer [256]byte
	s, values := e.cache.find(r, session, buffer[:0])
	if s.found != nil {
		if reason := s.found.reason.Load(); reason != nil {
			return reason
		}
	}
	policies := e.applicable(r, session)
	why := policies.ExplainMatched(r)
	reason := &Reason{why.Decision, why.Exhausted, why.BlockedBy, slices.Clip(why.Matched)}
	switch {
	case len(why.Matched) > maxMatched:
	case s.found != nil:
		s.found.reason.Store(reason)
	default:
		e.cache.addDecision(s, values, r, session, &policies, why.Decision, reason)
	}
	return reason
}

// Explain returns the decision on r with its reasons. It does not use the cache.
func (e *Engine) Explain(r *iam.Request, session []*iam.Policy) iam.Explanation {
	policies := e.applicable(r, session)
	return policies.Explain(r)
}

// Applicable returns the policies that apply to r.
func (e *Engine) Applicable(r *iam.Request, session []*iam.Policy) *iam.Policies {
	p := e.applicable(r, session)
	p.Resource, p.Registry, p.IdentityIndex = slices.Concat(p.Resource, p.Registry), nil, nil
	return &p
}

// CacheLen returns the number of cached decisions.
func (e *Engine) CacheLen() int { return e.cache.len() }

// applicable returns the policies that apply to r.
func (e *Engine) applicable(r *iam.Request, session []*iam.Policy) (p iam.Policies) {
	e.setApplicable(&p, r, session)
	return p
}

// setApplicable sets p, which is zero, to what applicable returns. A copy would make the stack
// of a decision so large that it has to grow.
func (e *Engine) setApplicable(p *iam.Policies, r *iam.Request, session []*iam.Policy) {
	p.Session = session
	if !strings.EqualFold(r.Action, createRepository) {
		if policy := e.policies.Repositories.Get(r.Resource); policy != nil {
			p.Resource = policy[:]
		}
	}
	p.Registry = e.policies.Registries[registryOf(r.Resource)]
	if r.Principal == nil {
		return
	}
	if arn := identityARN(r.Principal); arn != "" {
		if attached := e.policies.Principals.Get(arn); attached != nil {
			p.Identity, p.IdentityIndex, p.Boundary = attached.identity, attached.index, attached.boundary
		}
	}
	owner := r.Principal.Account
	if r.Resource != "*" {
		owner = accountOf(r.Resource)
	}
	e.policies.Organization.Bind(p, r.Principal.Account, owner)
}

// createRepository is the action that creates a repository. A policy of the repository does
// not apply to it and cannot grant it (Amazon ECR User Guide, "IAM permissions required to
// sync an upstream registry").
const createRepository = "ecr:CreateRepository"

// identityARN returns the ARN of the user or role whose identity policies apply to the
// caller, "" if no identity policy can: a session has the policies of its role, and a
// federated user those of the user who requested the session.
func identityARN(p *iam.Principal) string {
	switch p.Kind {
	case iam.User:
		return p.ARN
	case iam.AssumedRole:
		return p.RoleARN
	case iam.FederatedUser:
		return p.UserARN
	case iam.UnknownPrincipal, iam.Anonymous, iam.RootUser, iam.Service, iam.FederatedProvider, iam.UnnamedPrincipal:
	}
	return ""
}
