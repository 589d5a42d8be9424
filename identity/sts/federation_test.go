package sts

import (
	"errors"
	"strings"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/iam/iamtest"
)

// TestUserSessions checks who federates users, and who gets temporary credentials of a user.
func TestUserSessions(t *testing.T) {
	entities := chaining(t, "")
	const root, carol = "arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:federated-user/carol"
	for _, c := range []struct {
		name      string
		by        CallerSpec
		federates string // the reason why it does not; "" if it does
		itself    string // the same for its own temporary credentials
	}{
		{"a user", CallerSpec{Principal: bobARN}, "", ""},
		{"a root user", CallerSpec{Principal: root}, "only an IAM user", ""},
		{"a user with temporary credentials", CallerSpec{Principal: bobARN, IssuedAt: now}, "session credentials", "session credentials"},
		{"a session of a role", CallerSpec{Principal: session + "runner/build"}, "session credentials", "session credentials"},
		{"a federated user", CallerSpec{Principal: carol, FederatedBy: bobARN}, "session credentials", "session credentials"},
		{"a service", CallerSpec{Principal: "ci.amazonaws.com"}, "only an IAM user", "only a user"},
	} {
		t.Run(c.name, func(t *testing.T) {
			by, err := entities.Caller(&c.by)
			if err != nil {
				t.Fatal(err)
			}
			federated, err := entities.FederatedUser(&by, &FederationInput{Name: "carol", Tags: []Tag{{"team", "red"}}, IssuedAt: now})
			check(t, federated, err, carol, c.federates)
			if err == nil {
				iamtest.CheckKeys(t, federated.Context, map[string]string{"aws:PrincipalTag/team": "red", "aws:TokenIssueTime": "2026-03-01T12:00:00Z", "aws:userid": "123456789012:carol"})
			}
			itself, err := entities.SessionOfUser(&by, now)
			check(t, itself, err, c.by.Principal, c.itself)
			if err == nil && !itself.IsTemporary() {
				t.Error("the credentials are not temporary")
			}
		})
	}
	bob, _ := entities.Caller(&CallerSpec{Principal: bobARN})
	if _, err := entities.FederatedUser(&bob, &FederationInput{Name: strings.Repeat("f", 33)}); err == nil || errors.Is(err, ErrTemporaryCredentials) {
		t.Errorf("a name of 33: %v", err)
	}
}

// TestDurations checks how long sessions last.
func TestDurations(t *testing.T) {
	entities := NewEntities(nil, nil)
	for _, e := range []Entity{{ARN: role + "usual"}, {ARN: role + "long", MaxSessionDuration: 4 * time.Hour}} {
		if err := entities.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	user, root := &iam.Principal{Kind: iam.User}, &iam.Principal{Kind: iam.RootUser}
	ofRole := func(name string, seconds int, chained bool) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			return entities.RoleSessionDuration(role+name, time.Duration(seconds)*time.Second, chained)
		}
	}
	ofUser := func(p *iam.Principal, seconds int) func() (time.Duration, error) {
		return func() (time.Duration, error) { return UserSessionDuration(p, time.Duration(seconds)*time.Second) }
	}
	for _, c := range []struct {
		name     string
		duration func() (time.Duration, error)
		want     time.Duration
		reason   string
	}{
		{"of a role", ofRole("usual", 0, false), time.Hour, ""},
		{"of a role, the least", ofRole("usual", 900, false), 15 * time.Minute, ""},
		{"of a role, less", ofRole("usual", 899, false), 0, "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"of a role, more than its maximum", ofRole("usual", 3601, false), 0, "exceeds the MaxSessionDuration set for this role"},
		{"of a role, its maximum", ofRole("long", 14400, false), 4 * time.Hour, ""},
		{"of a role with another maximum, by default", ofRole("long", 0, false), time.Hour, ""},
		{"of a role, more than any maximum", ofRole("long", 43201, false), 0, "less than or equal to 43200"},
		{"of a chained role", ofRole("long", 3600, true), time.Hour, ""},
		{"of a chained role, more", ofRole("long", 3601, true), 0, "1 hour session limit for roles assumed by role chaining"},
		{"of a user", ofUser(user, 0), 12 * time.Hour, ""},
		{"of a user, the most", ofUser(user, 129600), 36 * time.Hour, ""},
		{"of a user, more", ofUser(user, 129601), 0, "less than or equal to 129600"},
		{"of a user, less", ofUser(user, 899), 0, "greater than or equal to 900"},
		{"of a root user", ofUser(root, 0), time.Hour, ""},
		{"of a root user, more", ofUser(root, 7200), time.Hour, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.duration()
			if got != c.want || (err == nil) != (c.reason == "") || err != nil && !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%v, %v; want %v, %q", got, err, c.want, c.reason)
			}
		})
	}
}
