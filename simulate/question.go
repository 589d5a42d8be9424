package simulate

import "extauthz/iam"

// A Question is whether one caller may perform one action on one resource, by
// the policies in play.
type Question struct {
	Policies *iam.Policies
	Request  iam.Request
	Unnamed  bool // the caller stands for any principal of its account
}

// decided is what the policies of a class decide by themselves: for a class with
// levels, the first level that does not allow. It is false for a class that is
// not in play.
func decided(e *iam.Explanation, class iam.Class) (d iam.Decision, inPlay bool) {
	d = iam.Allowed
	for _, c := range e.Classes {
		if c.Class == class {
			inPlay = true
			if d == iam.Allowed {
				d = c.Decision
			}
		}
	}
	return d, inPlay
}

// allowedBy reports whether the policies of a class, where they are in play,
// allow by themselves.
func allowedBy(e *iam.Explanation, class iam.Class) bool {
	d, inPlay := decided(e, class)
	return !inPlay || d == iam.Allowed
}

// crossAccount reports whether the caller's account is another than the one
// that owns the resource. A caller without an account has none that differs.
func (q *Question) crossAccount() bool {
	caller, err := iam.ParseARN(q.Request.Principal.ARN)
	if err != nil {
		return false
	}
	resource, err := iam.ParseARN(q.Request.Resource)
	if err != nil {
		return false // about no resource: the owner is the caller's account
	}
	owner := q.Policies.ResourceAccount
	if owner == "" {
		owner = resource.Account
	}
	return caller.Account != owner || caller.Partition != resource.Partition
}
