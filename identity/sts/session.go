package sts

import (
	"fmt"

	"extauthz/iam"
)

// A CallerSpec is whom a credential stands for by the operator's word: a principal
// and, where that is a role's session or a federated user, what the session has.
type CallerSpec struct {
	Principal       string         // ARN of a user, a role's session, a federated user or a root user, or the name of a service
	FederatedBy     string         // of a federated user: the ARN of the IAM user who federates it
	RolePath        string         // of a role's session: the path at which the role must be, "" for any
	Tags            []Tag          // session tags
	SourceIdentity  string         // "" for none
	SessionPolicies []*iam.Policy  // session policies
	SourceResource  SourceResource // of a service: the resource for which it calls
}

// checkSource refuses a source of a principal that is not a service.
func checkSource(p *iam.Principal, s SourceResource) error {
	if p.Kind != iam.Service && s != (SourceResource{}) {
		return fmt.Errorf("principal %q is not a service of AWS, and only a service calls for a resource; leave sourceArn and sourceAccount out", short(p.ARN))
	}
	return s.Check()
}

// Caller returns the caller of a session, whose tags go before those of the user
// or role. No trust policy is asked. It refuses a user or role that is not there,
// which is a [NoSuchEntity], what exceeds IAM's limits, and what only sessions have
// where there is none.
func (e *Entities) Caller(s *CallerSpec) (Caller, error) {
	principal, entity, err := e.resolve(s.Principal, s.FederatedBy, s.RolePath)
	if err != nil {
		return Caller{}, err
	}
	if !HasSession(principal.Kind) && len(s.Tags)+len(s.SessionPolicies) > 0 {
		return Caller{}, fmt.Errorf("%q is no session of a role, and no other has session tags; write those of a user into principals.yaml", short(s.Principal))
	}
	if err := CheckTags(s.Tags); err != nil {
		return Caller{}, err
	}
	if s.SourceIdentity != "" {
		if err := CheckSourceIdentity(s.SourceIdentity); err != nil {
			return Caller{}, err
		}
	}
	if err := checkSource(&principal, s.SourceResource); err != nil {
		return Caller{}, err
	}
	a := attributes{tags: s.Tags, sourceIdentity: s.SourceIdentity, policies: s.SessionPolicies, source: s.SourceResource}
	if entity != nil {
		a.tags = mergeTags(entity.Tags, s.Tags)
	}
	return e.newCaller(principal, a), nil
}
