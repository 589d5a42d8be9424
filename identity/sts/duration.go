package sts

import (
	"fmt"
	"time"

	"extauthz/diag"
	"extauthz/iam"
)

// How long sessions last at most (IAM User Guide, "Update the maximum session duration for
// a role"; STS API Reference, GetSessionToken for the root user).
const (
	minRoleSession     = time.Hour
	maxRoleSession     = 12 * time.Hour
	defaultRoleSession = time.Hour
	maxRootSession     = time.Hour
)

// CheckMaxSessionDuration checks the MaxSessionDuration of a role.
func CheckMaxSessionDuration(d time.Duration) error {
	if d < minRoleSession || d > maxRoleSession {
		return diag.Problemf("maxSessionDuration %d is not valid", int64(d/time.Second)).WithRemedy(fmt.Sprintf("write seconds as IAM does, %d to %d", int64(minRoleSession/time.Second), int64(maxRoleSession/time.Second)))
	}
	return nil
}

// MaxSessionDuration returns how long temporary credentials of the principal last at most,
// limit at the most.
func (e *Entities) MaxSessionDuration(p *iam.Principal, limit time.Duration) time.Duration {
	switch p.Kind {
	case iam.AssumedRole:
		longest := defaultRoleSession
		if role := e.Find(p.RoleARN); role != nil && role.MaxSessionDuration != 0 {
			longest = role.MaxSessionDuration
		}
		return min(longest, limit)
	case iam.RootUser:
		return min(maxRootSession, limit)
	case iam.User, iam.FederatedUser, iam.Anonymous, iam.Service, iam.FederatedProvider, iam.UnnamedPrincipal, iam.UnknownPrincipal:
	}
	return limit
}
