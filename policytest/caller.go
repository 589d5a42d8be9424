package policytest

import (
	"context"
	"errors"
	"fmt"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/policystore"
)

// caller returns the caller of a test, or the answer to a credential that is refused.
// The error says why the test cannot be run.
func (r *runner) caller(t *Test, registry *policystore.Registry, request *authz.Request) (caller *identity.Caller, refused *Answer, err error) {
	switch {
	case t.Credential != nil:
		return r.authenticate(t.Credential, registry, request)
	case t.Anonymous:
		who, why := r.checker.Identify(context.Background(), request, registry)
		if who == nil {
			return nil, &Answer{Outcome: why.Decision, Reason: why.Reason}, nil
		}
		return who.Caller, nil, nil
	}
	caller, err = r.snapshot.CallerOf(&sts.CallerSpec{Principal: t.Principal, Tags: t.Tags, SourceResource: t.Source})
	return caller, nil, err
}

// authenticate returns the caller that a credential of a test authenticates.
func (r *runner) authenticate(c *identity.OfflineCredential, registry *policystore.Registry, request *authz.Request) (caller *identity.Caller, refused *Answer, err error) {
	if c.Kind.IsCertificateName() {
		request.SNI = request.Host // only TLS has certificates
	}
	caller, err = r.snapshot.Callers.AuthenticateOffline(&registry.Authentication, c, &identity.Credentials{
		Context: authz.RequestContext(request, registry), Time: request.Time,
	})
	var failure *identity.Failure
	switch {
	case errors.As(err, &failure):
		return nil, &Answer{Outcome: authz.Unauthenticated, Reason: failure.Full()}, nil
	case err != nil:
		return nil, nil, fmt.Errorf("registry %q: %w", registry.Name, err)
	}
	return caller, nil, nil
}
