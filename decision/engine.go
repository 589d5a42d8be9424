package decision

import (
	"fmt"
	"strings"

	"extauthz/iam"
)

// Options are the settings of an engine that are not policy.
type Options struct {
	CacheSize int    // decisions remembered, at least 1
	Stats     *Stats // counters to add to; nil counts for this engine alone
}

// An Engine decides by the policies of one snapshot. It is safe for concurrent
// use.
type Engine struct {
	identity   map[string]attached
	boundary   map[string]attached
	repository map[string]attached // with the registry's
	registry   map[string]attached
	above      organization
	cache      *cache
}

// New compiles the policies into an engine with an empty cache. It fails where
// the cache size is not positive, and where a boundary has no policy.
func New(p Policies, o Options) (*Engine, error) {
	if err := p.checkBoundaries(); err != nil {
		return nil, err
	}
	if o.Stats == nil {
		o.Stats = new(Stats)
	}
	c, err := newCache(o.CacheSize, o.Stats)
	if err != nil {
		return nil, fmt.Errorf("decision cache of %d entries: %w", o.CacheSize, err)
	}
	e := &Engine{
		identity: attach(p.Identity), boundary: attach(p.Boundary),
		repository: p.resourceBased(), registry: attach(p.Registry), above: newOrganization(p.Organization), cache: c,
	}
	return e, nil
}

// maxQuestion bounds the questions that are remembered, in bytes: policies may
// mention condition keys whose values are the client's text.
const maxQuestion = 2048

// Decide returns the decision on r. It is total: what no policy allows is
// denied, and so is a request without a principal.
func (e *Engine) Decide(r *Request) iam.Decision {
	if r.Principal == nil {
		return iam.ImplicitDeny
	}
	in := e.inPlay(r)
	var buffer [768]byte
	question := appendKey(buffer[:0], r, &in)
	if d, found := e.cache.get(question); found {
		return d
	}
	policies := in.policies()
	d := policies.Evaluate(&r.Request)
	if len(question) <= maxQuestion {
		e.cache.add(question, d)
	}
	return d
}

// Explain returns the decision on r with its reasons. It does not use the
// cache.
func (e *Engine) Explain(r *Request) iam.Explanation {
	return e.InPlay(r).Explain(&r.Request)
}

// InPlay returns the policies by which r is decided.
func (e *Engine) InPlay(r *Request) *iam.Policies {
	in := e.inPlay(r)
	policies := in.policies()
	return &policies
}

// CacheLen is the number of decisions remembered now.
func (e *Engine) CacheLen() int { return e.cache.entries.Len() }

// inPlay are the policies by which one request is decided.
type inPlay struct {
	identity, boundary, resource attached
	session                      []*iam.Policy
	above                        iam.Policies // those of the organization
	scpKeys, rcpKeys             []string     // the condition keys that those mention
}

// inPlay finds the policies of r's caller, of its resource and above both.
func (e *Engine) inPlay(r *Request) inPlay {
	in := inPlay{session: r.Session, resource: e.ofResource(r)}
	if r.Principal == nil {
		return in
	}
	owner := r.Principal.Account
	if r.Resource != "*" {
		owner = accountOf(r.Resource)
	}
	e.above.bind(&in, r.Principal.Account, owner)
	if arn := entity(r.Principal); arn != "" {
		in.identity, in.boundary = e.identity[arn], e.boundary[arn]
	}
	return in
}

// ofResource finds the resource-based policies of r.
func (e *Engine) ofResource(r *Request) attached {
	if !strings.EqualFold(r.Action, createRepository) {
		if both, found := e.repository[r.Resource]; found {
			return both
		}
	}
	return e.registry[registryOf(r.Resource)]
}

// accountOf is the account of a repository's ARN, "" if it has none.
func accountOf(resource string) string {
	registry := strings.TrimSuffix(registryOf(resource), ":")
	return registry[strings.LastIndexByte(registry, ':')+1:]
}

// createRepository is the action for a repository that is not there yet: the
// policy of a repository has no part in it, and cannot grant it (Amazon ECR User
// Guide, "IAM permissions required to sync an upstream registry").
const createRepository = "ecr:CreateRepository"

func (in *inPlay) policies() iam.Policies {
	policies := in.above
	policies.Identity, policies.Boundary = in.identity.policies, in.boundary.policies
	policies.Session, policies.Resource = in.session, in.resource.policies
	return policies
}
