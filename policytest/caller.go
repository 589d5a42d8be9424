package policytest

import (
	"context"
	"fmt"
	"slices"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
)

// caller finds who asks. nobody is the answer to a credential that does not
// hold; the error is why the test cannot be asked. A credential that a request
// carries is put into it.
func (r *runner) caller(t *Test, registry *policystore.Registry, request *authz.Request) (caller *identity.Caller, nobody *Answer, err error) {
	switch {
	case t.Credential != nil:
		return r.holder(t.Credential, registry, request)
	case t.Anonymous:
		return r.sender(registry, request)
	}
	caller, err = r.snapshot.CallerOf(&sts.CallerSpec{Principal: t.Principal, Tags: t.Tags, SourceResource: t.Source})
	return caller, nil, err
}

// holder is who shows the credential.
func (r *runner) holder(c *Credential, registry *policystore.Registry, request *authz.Request) (caller *identity.Caller, nobody *Answer, err error) {
	switch c.Kind {
	case identity.BasicUser:
		return r.user(c.Name, registry, request)
	case identity.TokenClaims:
		return r.tokenHolder(&c.Show, registry, request)
	case identity.HeaderValue:
		if registry.Authentication.Header == "" {
			return nil, nil, fmt.Errorf("registry %q takes no header as proof of who calls; name one in registries.yaml", registry.Name)
		}
		request.Headers = append(slices.Clip(request.Headers), mapping.Header{Name: registry.Authentication.Header, Value: c.Name})
	default:
		request.Principal, request.SNI = c.Name, request.Host // only TLS has certificates
		if request.Certificate, err = certificate(c.Kind, c.Name); err != nil {
			return nil, nil, err
		}
	}
	return r.sender(registry, request)
}

// sender is whom a credential in the request, if any, proves.
func (r *runner) sender(registry *policystore.Registry, request *authz.Request) (caller *identity.Caller, nobody *Answer, err error) {
	who, why := r.checker.Identify(context.Background(), request, registry)
	if who == nil {
		return nil, &Answer{Outcome: why.Decision, Reason: why.Reason}, nil
	}
	return who.Caller, nil, nil
}

// user is a user of the password file who gives the right password.
func (r *runner) user(name string, registry *policystore.Registry, request *authz.Request) (caller *identity.Caller, nobody *Answer, err error) {
	if !r.snapshot.Callers.Accepts(&registry.Authentication, identity.BasicAuth) {
		return nil, &Answer{Outcome: authz.Unauthenticated, Reason: "the registry does not take basic as proof of who calls"}, nil
	}
	caller, failure := r.snapshot.Callers.CallerOfUser(name, request.Time)
	return caller, unauthenticated(failure), nil
}

// tokenHolder is who shows a token whose claims are known.
func (r *runner) tokenHolder(shown *identity.UnsignedToken, registry *policystore.Registry, request *authz.Request) (caller *identity.Caller, nobody *Answer, err error) {
	issuers := r.snapshot.Issuers()
	if !slices.ContainsFunc(issuers, func(i policystore.Issuer) bool { return i.Name == shown.Issuer }) {
		return nil, nil, fmt.Errorf("no issuer %q in principals.yaml", shown.Issuer)
	}
	caller, failure := r.snapshot.Callers.CallerOfToken(&registry.Authentication, shown, &identity.Credentials{Context: authz.RequestKeys(request, registry), Time: request.Time})
	return caller, unauthenticated(failure), nil
}

// unauthenticated returns the answer to a credential that is not valid, or nil if there
// is no failure.
func unauthenticated(failure *identity.Failure) *Answer {
	if failure == nil {
		return nil
	}
	return &Answer{Outcome: authz.Unauthenticated, Reason: failure.Full()}
}
