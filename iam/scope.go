package iam

import (
	"iter"
	"slices"
	"strings"
)

// scope is a set of the kinds of resources that registry requests are about.
type scope uint8

const (
	repositoryScope scope = 1 << iota // repositories of ECR
	roleScope                         // roles of IAM, which requests to AWS STS are about
)

// scopeOf returns the kinds of resources that an entry of Resource could match.
// It looks at the service and at the fixed beginning of the resource part, so that
// it never misses a kind.
func scopeOf(text string) (s scope) {
	if text == "*" {
		return repositoryScope | roleScope
	}
	segments := strings.SplitN(text, ":", arnColons+1)
	if couldMatch(segments, "ecr", "repository/") {
		s |= repositoryScope
	}
	if couldMatch(segments, "iam", "role/") {
		s |= roleScope
	}
	return s
}

// couldMatch reports whether an ARN pattern, split at its colons, could match a
// resource of that service whose resource part begins as given. Absent segments
// match everything.
func couldMatch(segments []string, service, resource string) bool {
	if len(segments) > 2 {
		p, err := syntax{wildcards: true}.pattern(segments[2])
		if err == nil && !p.match(service, nil) {
			return false
		}
	}
	if len(segments) <= arnColons {
		return true
	}
	fixed := segments[arnColons]
	if at := strings.IndexAny(fixed, "*?$"); at >= 0 {
		fixed = fixed[:at]
		return strings.HasPrefix(resource, fixed) || strings.HasPrefix(fixed, resource)
	}
	return strings.HasPrefix(fixed, resource)
}

// ConcernsECR reports whether the statement could apply to an action of Amazon ECR
// on a repository or without a resource. It ignores principals and conditions.
func (s *Statement) ConcernsECR() bool {
	return s.resources.reaches(repositoryScope) && s.coversAny(ECRActions())
}

// concernsSTS reports whether the statement could apply to an action of AWS STS on
// a role.
func (s *Statement) concernsSTS() bool {
	return s.resources.reaches(roleScope) && s.coversAny(stsActions())
}

// Covers reports whether the statement's Action or NotAction covers an action. Its other
// elements do not matter.
func (s *Statement) Covers(action string) bool {
	m := newMeter()
	return s.actions.matches(action, &m)
}

func (s *Statement) coversAny(actions iter.Seq[string]) bool {
	for action := range actions {
		if s.Covers(action) {
			return true
		}
	}
	return false
}

// reaches reports whether the element could cover a resource of the kind.
// NotResource counts as covering all kinds.
func (e *resourceElement) reaches(s scope) bool {
	return e.presence != named || e.scope&s != 0
}

// stsActions are the actions of AWS STS on roles (Service Authorization Reference
// for AWS STS).
func stsActions() iter.Seq[string] {
	return strings.FieldsSeq(`sts:AssumeRole sts:AssumeRoleWithSAML
		sts:AssumeRoleWithWebIdentity sts:SetSourceIdentity sts:TagSession`)
}

// UsesKey reports whether a statement of the policy uses a lower-cased condition
// key, in a condition or a policy variable, and could apply to a request that a
// registry makes: an action of Amazon ECR, or of AWS STS on a role.
func (p *Policy) UsesKey(key string) bool {
	if !slices.Contains(p.ConditionKeys(), key) {
		return false
	}
	return slices.ContainsFunc(p.Statements, func(s Statement) bool {
		return s.mentions(key) && (s.ConcernsECR() || s.concernsSTS())
	})
}

// mentions reports whether the statement mentions a condition key, in any case.
func (s *Statement) mentions(key string) bool {
	for mentioned := range s.keys() {
		if equalIgnoringCase(mentioned, key) {
			return true
		}
	}
	return false
}
