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
	repository map[string]attached
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
	return &Engine{attach(p.Identity), attach(p.Boundary), attach(p.Repository), c}, nil
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
	identity, boundary, repository attached
	session                        []*iam.Policy
}

// inPlay finds the policies of r's caller and of its resource.
func (e *Engine) inPlay(r *Request) inPlay {
	in := inPlay{session: r.Session}
	if !strings.EqualFold(r.Action, createRepository) {
		in.repository = e.repository[r.Resource]
	}
	if r.Principal == nil {
		return in
	}
	if arn := entity(r.Principal); arn != "" {
		in.identity, in.boundary = e.identity[arn], e.boundary[arn]
	}
	return in
}

// createRepository is the action for a repository that is not there yet: the
// policy of a repository has no part in it, and cannot grant it (Amazon ECR User
// Guide, "IAM permissions required to sync an upstream registry").
const createRepository = "ecr:CreateRepository"

func (in *inPlay) policies() iam.Policies {
	return iam.Policies{
		Identity: in.identity.policies, Boundary: in.boundary.policies,
		Session: in.session, Resource: in.repository.policies,
	}
}
