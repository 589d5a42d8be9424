package replay

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/decisionlog"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
)

// Policies decide requests of a log by one snapshot. They are safe for concurrent use.
type Policies struct {
	snapshot        *policystore.Snapshot
	checker         authz.Checker
	sessionPolicies map[string]*iam.Policy // by file or ARN
}

// New returns the policies of a snapshot.
func New(s *policystore.Snapshot) *Policies {
	p := &Policies{snapshot: s, sessionPolicies: map[string]*iam.Policy{}}
	p.checker.Snapshots = func() *policystore.Snapshot { return s }
	p.checker.OmitReasons, p.checker.DecideOnly = true, true
	contents := s.Contents()
	add := func(policies []*iam.Policy) {
		for _, policy := range policies {
			p.sessionPolicies[policy.Source.String()] = policy
		}
	}
	for i := range contents.Credentials {
		add(contents.Credentials[i].SessionPolicies)
	}
	for i := range contents.Issuers {
		add(contents.Issuers[i].SessionPolicies)
	}
	return p
}

// An Unable is the error of a request that cannot be decided again. It names the cause, which
// many lines can share.
type Unable string

func (u Unable) Error() string { return string(u) }

// The causes that do not depend on policies.
const (
	OlderFormat     Unable = "the line is of an older format, which lacks what determined the decision"
	NewerFormat     Unable = "the line is of a newer format"
	NotDecided      Unable = "no decision was possible (unavailable)"
	NoCaller        Unable = "no caller was authenticated"
	RefusedForAll   Unable = "the request was refused for every caller"
	DryRun          Unable = "the request was a dry run"
	PartialCall     Unable = "the call needed no permission, or depended on tags, claims or an external ID, which the line does not have"
	missesCondition        = "the line leaves out %s"
)

// CheckEntry returns why a request cannot be decided again by any policies, nil if it can.
func CheckEntry(e *decisionlog.Entry) error {
	switch {
	case e.Version > decisionlog.Version:
		return NewerFormat
	case e.DryRun:
		return DryRun
	case e.Decision == authz.Unavailable503:
		return NotDecided
	case e.Decision == authz.Refused:
		return RefusedForAll
	case e.Version < 1:
		return OlderFormat
	case e.Decision == authz.Unauthenticated && e.Principal == "":
		return NoCaller
	case isCall(e) && isPartial(e):
		return PartialCall
	case len(e.Omitted) > 0:
		return Unable(fmt.Sprintf(missesCondition, strings.Join(e.Omitted, ", ")))
	case e.Context == nil || e.Principal == "" || e.Operation == "":
		return OlderFormat
	}
	return nil
}

// A Verdict is the decision on a request.
type Verdict struct {
	Decision authz.Outcome
	Reason   string // "" if it is allowed
	// Action is the action that was denied, or the first one of the operation itself. It is
	// "" if no permission was evaluated.
	Action string
	Result *authz.OfflineResult // nil without a caller
}

// Decide decides a request again. The error is an [Unable].
func (p *Policies) Decide(e *decisionlog.Entry) (Verdict, error) {
	if err := CheckEntry(e); err != nil {
		return Verdict{}, err
	}
	caller, missing, err := p.caller(e)
	if err != nil || missing != "" {
		return Verdict{Decision: authz.Unauthenticated, Reason: missing}, err
	}
	result, err := p.decide(e, caller)
	if err != nil {
		return Verdict{}, Unable("the line does not describe a request: " + err.Error())
	}
	return Verdict{result.Decision, result.Reason, result.Action(), result}, nil
}

// decide decides the request of a caller again. The error says why the line is not that of a request.
func (p *Policies) decide(e *decisionlog.Entry, caller *identity.Caller) (*authz.OfflineResult, error) {
	d := &authz.Decided{
		Registry: e.Registry, Caller: caller, Time: e.Time, Request: requestFacts(e),
		Mapping: mapping.Summary{
			Method: e.Method, Operation: e.Operation, Repository: e.Repository, Reference: e.Reference,
			Tags: e.Tags, Source: e.MountFrom, EmptyBody: e.EmptyBody,
		},
	}
	if isCall(e) {
		return p.checker.CallAgain(d, repositories(e)), nil
	}
	return p.checker.CheckAgain(d)
}

// caller returns the caller of a request, or why the directory has none.
func (p *Policies) caller(e *decisionlog.Entry) (caller *identity.Caller, missing string, err error) {
	registry := p.snapshot.RegistryNamed(e.Registry)
	switch {
	case registry == nil: // every request to it is refused
		return p.snapshot.Callers.Anonymous(), "", nil
	case e.Principal == "anonymous" && !registry.Authentication.Anonymous:
		return nil, "the registry does not serve anonymous callers", nil
	case (e.Principal != "anonymous" || e.Source != "") && !p.snapshot.Callers.Accepts(&registry.Authentication, identity.Source(e.Source)):
		return nil, fmt.Sprintf("the registry does not accept %s as a source of identity", e.Source), nil
	case e.Principal == "anonymous":
		anonymous := *p.snapshot.Callers.Anonymous()
		anonymous.Source = e.Source
		return &anonymous, "", nil
	}
	spec, err := p.spec(e)
	if err != nil {
		return nil, "", err
	}
	caller, err = p.snapshot.CallerOf(spec)
	var absent *sts.NoSuchEntity
	switch {
	case errors.As(err, &absent):
		return nil, absent.ARN + " is not among the principals", nil
	case err != nil:
		return nil, "", Unable("the line does not describe a caller: " + err.Error())
	}
	return caller, "", nil
}

// spec returns the description of the caller of a request.
func (p *Policies) spec(e *decisionlog.Entry) (*sts.CallerSpec, error) {
	s := &sts.CallerSpec{
		Principal: e.Principal, FederatedBy: e.FederatedBy, SourceIdentity: e.Context["aws:SourceIdentity"], Provider: e.Context["aws:FederatedProvider"],
		SourceResource: sts.SourceResource{ARN: e.Context["aws:SourceArn"], Account: e.Context["aws:SourceAccount"]},
	}
	for key, value := range e.Context {
		if tag, found := strings.CutPrefix(key, "aws:PrincipalTag/"); found {
			s.Tags = append(s.Tags, sts.Tag{Key: tag, Value: value})
		}
	}
	for _, name := range e.SessionPolicies {
		policy := p.sessionPolicies[name]
		if policy == nil {
			return nil, Unable(fmt.Sprintf("no session has the session policy %s in the directory", name))
		}
		s.SessionPolicies = append(s.SessionPolicies, policy)
	}
	if begin := e.Context["aws:TokenIssueTime"]; begin != "" {
		at, err := time.Parse(time.RFC3339, begin)
		if err != nil {
			return nil, Unable("aws:TokenIssueTime is not a time")
		}
		s.IssuedAt = at
	}
	return s, nil
}

// requestFacts returns what the condition keys of a request depend on.
func requestFacts(e *decisionlog.Entry) authz.RequestFacts {
	header := func(key string) (h authz.HeaderText) {
		h.Text, h.Present = e.Context[key]
		return h
	}
	return authz.RequestFacts{
		Client: e.ClientAddress, Secure: e.Context["aws:SecureTransport"] == "true",
		UserAgent: header("aws:UserAgent"), Referer: header("aws:referer"),
	}
}
