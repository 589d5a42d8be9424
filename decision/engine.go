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
	identity, boundary map[string]policyList // by the ARN of a user or role
	repository         map[string]policyList // by the ARN of a repository; includes its registry's
	registry           map[string]policyList // as Policies.Registry
	organization       *iam.OrganizationPolicies
	scpKeys, rcpKeys   map[string][]string // the condition keys of an account's control policies
	cache              *cache
}

// New compiles the policies into an engine with an empty cache. It returns an error if the
// cache size is not positive or a boundary has no policy.
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
		identity: listEach(p.Identity), boundary: listEach(p.Boundary),
		repository: p.resourceBased(), registry: listEach(p.Registry),
		organization: p.Organization, cache: c,
	}
	e.scpKeys, e.rcpKeys = controlKeys(p.Organization)
	return e, nil
}

// maxKey is the limit on the size of a cached decision's key, in bytes: a client chooses the
// values of some condition keys.
const maxKey = 2048

// Decide returns the decision on r. session is the list of session policies of the caller,
// all of kind [iam.SessionPolicy] and each with a position of its own. An empty list does
// not limit a role session. A federated user without session policies has no identity
// policies. Every request has a decision: what no policy allows is denied, and so is a
// request without a principal.
func (e *Engine) Decide(r *iam.Request, session []*iam.Policy) iam.Decision {
	if r.Principal == nil {
		return iam.ImplicitDeny
	}
	a := e.applicable(r, session)
	var buffer [768]byte
	key := appendKey(buffer[:0], r, &a)
	if cached, found := e.cache.get(key); found {
		return cached.decision
	}
	d := a.policies.Evaluate(r)
	if len(key) <= maxKey {
		e.cache.add(key, d, nil)
	}
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
	a := e.applicable(r, session)
	var buffer [768]byte
	key := appendKey(buffer[:0], r, &a)
	if cached, found := e.cache.get(key); found && cached.reason != nil {
		return cached.reason
	}
	why := a.policies.Explain(r)
	reason := &Reason{why.Decision, why.Exhausted, why.BlockedBy, slices.Clip(why.Matched)}
	if len(key) <= maxKey && len(why.Matched) <= maxMatched {
		e.cache.add(key, why.Decision, reason)
	}
	return reason
}

// Explain returns the decision on r with its reasons. It does not use the cache.
func (e *Engine) Explain(r *iam.Request, session []*iam.Policy) iam.Explanation {
	return e.Applicable(r, session).Explain(r)
}

// Applicable returns the policies that apply to r.
func (e *Engine) Applicable(r *iam.Request, session []*iam.Policy) *iam.Policies {
	a := e.applicable(r, session)
	return &a.policies
}

// CacheLen returns the number of cached decisions.
func (e *Engine) CacheLen() int { return e.cache.entries.Len() }

// applicable contains the policies that apply to one request, and the condition keys that
// each class except the session policies mentions.
type applicable struct {
	policies iam.Policies
	keys     [5][]string
}

func (e *Engine) applicable(r *iam.Request, session []*iam.Policy) applicable {
	resource := e.resourceBased(r)
	a := applicable{policies: iam.Policies{Session: session, Resource: resource.policies}}
	a.keys[0] = resource.keys
	if r.Principal == nil {
		return a
	}
	if arn := identityARN(r.Principal); arn != "" {
		identity, boundary := e.identity[arn], e.boundary[arn]
		a.policies.Identity, a.keys[1] = identity.policies, identity.keys
		a.policies.Boundary, a.keys[2] = boundary.policies, boundary.keys
	}
	if o := e.organization; o != nil {
		owner := r.Principal.Account
		if r.Resource != "*" {
			owner = accountOf(r.Resource)
		}
		account, ofCaller := o.Of(r.Principal.Account)
		a.policies.SCPs, a.keys[3] = ofCaller.SCPs, e.scpKeys[account]
		account, ofOwner := o.Of(owner)
		a.policies.RCPs, a.keys[4] = ofOwner.RCPs, e.rcpKeys[account]
		a.policies.ManagementAccount = o.ManagementAccount
	}
	return a
}

// createRepository is the action that creates a repository. A policy of the repository does
// not apply to it and cannot grant it (Amazon ECR User Guide, "IAM permissions required to
// sync an upstream registry").
const createRepository = "ecr:CreateRepository"

// resourceBased returns the resource-based policies that apply to r.
func (e *Engine) resourceBased(r *iam.Request) policyList {
	if !strings.EqualFold(r.Action, createRepository) {
		if list, found := e.repository[r.Resource]; found {
			return list
		}
	}
	return e.registry[registryOf(r.Resource)]
}

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
