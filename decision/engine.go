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
	repository map[string]attached
	cache      *cache
}

// New compiles the policies into an engine with an empty cache. It fails only
// where the cache size is not positive.
func New(p Policies, o Options) (*Engine, error) {
	if o.Stats == nil {
		o.Stats = new(Stats)
	}
	c, err := newCache(o.CacheSize, o.Stats)
	if err != nil {
		return nil, fmt.Errorf("decision cache of %d entries: %w", o.CacheSize, err)
	}
	return &Engine{identity: attach(p.Identity), repository: attach(p.Repository), cache: c}, nil
}

// maxQuestion bounds the questions that are remembered, in bytes: policies may
// mention condition keys whose values are the client's text.
const maxQuestion = 2048

// Decide returns the decision on r. It is total: what no policy allows is
// denied, and so is a request without a principal.
func (e *Engine) Decide(r *iam.Request) iam.Decision {
	if r.Principal == nil {
		return iam.ImplicitDeny
	}
	identity, repository := e.inPlay(r)
	var buffer [768]byte
	question := appendKey(buffer[:0], r, identity.keys, repository.keys)
	if d, found := e.cache.get(question); found {
		return d
	}
	d := policies(identity, repository).Evaluate(r)
	if len(question) <= maxQuestion {
		e.cache.add(question, d)
	}
	return d
}

// Explain returns the decision on r with its reasons. It does not use the
// cache.
func (e *Engine) Explain(r *iam.Request) iam.Explanation {
	return e.InPlay(r).Explain(r)
}

// InPlay returns the policies by which r is decided.
func (e *Engine) InPlay(r *iam.Request) *iam.Policies { return policies(e.inPlay(r)) }

// CacheLen is the number of decisions remembered now.
func (e *Engine) CacheLen() int { return e.cache.entries.Len() }

// inPlay returns the policies attached to the principal of r (a session has
// its role's) and to its resource.
func (e *Engine) inPlay(r *iam.Request) (identity, repository attached) {
	if !strings.EqualFold(r.Action, createRepository) {
		repository = e.repository[r.Resource]
	}
	if r.Principal == nil {
		return attached{}, repository
	}
	entity := r.Principal.ARN
	if r.Principal.Kind == iam.AssumedRole {
		entity = r.Principal.RoleARN
	}
	return e.identity[entity], repository
}

// createRepository is the action for a repository that is not there yet: the
// policy of a repository has no part in it, and cannot grant it (Amazon ECR User
// Guide, "IAM permissions required to sync an upstream registry").
const createRepository = "ecr:CreateRepository"

func policies(identity, repository attached) *iam.Policies {
	return &iam.Policies{Identity: identity.policies, Resource: repository.policies}
}
