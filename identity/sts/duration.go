package sts

import (
	"errors"
	"fmt"
	"time"

	"extauthz/diag"
	"extauthz/iam"
)

// How long sessions last (IAM User Guide, "Update the maximum session duration for a role" and
// "Roles terms and concepts", role chaining; STS API Reference, AssumeRole, GetFederationToken and
// GetSessionToken).
const (
	minSessionDuration = 15 * time.Minute
	minRoleSession     = time.Hour // that the maximum of a role can be
	maxRoleSession     = 12 * time.Hour
	defaultRoleSession = time.Hour
	maxChainedSession  = time.Hour
	maxUserSession     = 36 * time.Hour
	defaultUserSession = 12 * time.Hour
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
		return min(e.maxOfRole(p.RoleARN), limit)
	case iam.RootUser:
		return min(maxRootSession, limit)
	case iam.User, iam.FederatedUser, iam.Anonymous, iam.Service, iam.FederatedProvider, iam.UnnamedPrincipal, iam.UnknownPrincipal:
	}
	return limit
}

// maxOfRole returns how long a session of a role lasts at most.
func (e *Entities) maxOfRole(arn string) time.Duration {
	if role := e.Find(arn); role != nil && role.MaxSessionDuration != 0 {
		return role.MaxSessionDuration
	}
	return defaultRoleSession
}

// RoleSessionDuration returns how long the session of a role lasts for which a caller requests a
// duration; 0 is the default. chained means that the caller is itself a session of a role. The
// errors are in AWS's words.
func (e *Entities) RoleSessionDuration(role string, requested time.Duration, chained bool) (time.Duration, error) {
	longest := e.maxOfRole(role)
	switch {
	case requested == 0:
		return defaultRoleSession, nil // no role has a shorter maximum
	case requested < minSessionDuration || requested > maxRoleSession:
		return 0, outsideDurations(requested, maxRoleSession)
	case chained && requested > maxChainedSession:
		return 0, errors.New("the requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case requested > longest:
		return 0, errors.New("the requested DurationSeconds exceeds the MaxSessionDuration set for this role")
	}
	return requested, nil
}

// UserSessionDuration returns how long temporary credentials last for which a user or root user
// requests a duration; 0 is the default. The errors are in AWS's words. The credentials of a root
// user are cut to its maximum.
func UserSessionDuration(p *iam.Principal, requested time.Duration) (time.Duration, error) {
	if requested == 0 {
		requested = defaultUserSession
	}
	if requested < minSessionDuration || requested > maxUserSession {
		return 0, outsideDurations(requested, maxUserSession)
	}
	if p.Kind == iam.RootUser {
		return min(requested, maxRootSession), nil
	}
	return requested, nil
}

// outsideDurations returns the error of a duration that no caller may request.
func outsideDurations(requested, longest time.Duration) error {
	limit, relation := longest, "less"
	if requested < minSessionDuration {
		limit, relation = minSessionDuration, "greater"
	}
	return fmt.Errorf("1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value %s than or equal to %d",
		int64(requested/time.Second), relation, int64(limit/time.Second))
}
