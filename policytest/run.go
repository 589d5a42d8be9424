package policytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/simulate"
)

// Run runs the tests with the policies of a snapshot. now is the time of tests without
// one.
func Run(s *policystore.Snapshot, tests []*Test, now time.Time) Results {
	r := &runner{snapshot: s, checker: &authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}, now: now}
	results := make(Results, len(tests))
	for i, t := range tests {
		answer, err := r.run(t)
		results[i] = Result{Test: t, Actual: answer, Err: err}
	}
	return results
}

// A runner runs tests.
type runner struct {
	snapshot *policystore.Snapshot
	checker  *authz.Checker
	now      time.Time
}

// run returns the answer to a test, or why the test cannot be run.
func (r *runner) run(t *Test) (ActualDecision, error) {
	registry, err := simulate.FindRegistry(r.snapshot, t.Registry)
	if err != nil {
		return ActualDecision{}, err
	}
	request := t.ForRegistry(registry)
	if request.Time.IsZero() {
		request.Time = r.now
	}
	caller, refused, err := r.caller(t, registry, request)
	switch {
	case err != nil:
		return ActualDecision{}, err
	case refused != nil:
		return *refused, nil
	case t.Action != "":
		return r.evaluateAction(t, registry, caller, request)
	}
	return newActualDecision(r.checker.CheckAs(caller, request)), nil
}

// caller returns the caller of a test, or the answer to a credential that is refused.
// The error says why the test cannot be run.
func (r *runner) caller(t *Test, registry *policystore.Registry, request *authz.CheckRequest) (caller *identity.Caller, refused *ActualDecision, err error) {
	switch {
	case t.Credential != nil:
		return r.authenticate(t.Credential, registry, request)
	case t.Anonymous:
		who, result := r.checker.Identify(context.Background(), request, registry)
		if who == nil {
			return nil, &ActualDecision{Outcome: result.Decision, Reason: result.Reason}, nil
		}
		return who.Caller, nil, nil
	}
	caller, err = r.snapshot.CallerOf(&sts.CallerSpec{Principal: t.Principal, Tags: t.Tags, SourceResource: t.Source})
	return caller, nil, err
}

// authenticate returns the caller that a credential of a test authenticates.
func (r *runner) authenticate(c *identity.OfflineCredential, registry *policystore.Registry, request *authz.CheckRequest) (caller *identity.Caller, refused *ActualDecision, err error) {
	if c.Kind.IsCertificateName() {
		request.SNI = request.Host // only TLS has certificates
	}
	header := registry.Authentication.Header
	caller, err = r.snapshot.Callers.AuthenticateOffline(&registry.Authentication, c, &identity.Credentials{
		HeaderValues: headerValues(request.Headers, header), TrustedHeader: header,
		Context: authz.RequestContext(request, registry), Time: request.Time,
	})
	if c.Kind == identity.HeaderValue && header != "" { // the mapping reads all headers
		request.Headers = append(slices.Clip(request.Headers), mapping.Header{Name: header, Value: c.Name})
	}
	var failure *identity.Failure
	switch {
	case errors.As(err, &failure):
		return nil, &ActualDecision{Outcome: authz.Unauthenticated, Reason: failure.Full()}, nil
	case err != nil:
		return nil, nil, fmt.Errorf("registry %q: %w", registry.Name, err)
	}
	return caller, nil, nil
}

// headerValues returns the values of the headers with a name.
func headerValues(headers []mapping.Header, name string) (values []string) {
	for _, h := range headers {
		if h.Name == name {
			values = append(values, h.Value)
		}
	}
	return values
}
