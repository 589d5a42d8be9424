package simulate

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"extauthz/authz"
	"extauthz/diag"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A WhoamiInput is a credential that a client could present to a registry: a token, a
// user name, an access key, a certificate, a header, or a token with a user name.
type WhoamiInput struct {
	// Registry is the name of the registry; "" means the only one.
	Registry string
	// Token is a Bearer token or, with User, the password of HTTP Basic.
	Token string
	// User is the user name of HTTP Basic. Without Token it is a user of the
	// password file, whose password is not checked.
	User string
	// AccessKey is the id of an access key of a user, whose signature is not checked.
	AccessKey string
	// Principal and Certificate are what Envoy reports about the holder of a client
	// certificate, as [identity.ParsePeer] returns it. They count as verified.
	Principal, Certificate string
	// Header is the value of the header that the registry's trusted proxy sets.
	Header string
	// Time is when the credential is presented.
	Time time.Time
}

// Whoami returns the caller that the running sidecar would authenticate by the
// credential. The error says why the credential cannot be presented: the registry does
// not exist, or accepts no header.
func (c *WhoamiInput) Whoami(ctx context.Context, s *policystore.Snapshot) (*Whoami, error) {
	registry, err := FindRegistry(s, c.Registry)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Principal+c.Certificate != "" && !s.Callers.Accepts(&registry.Authentication, identity.MTLS):
		return c.noCaller(registry, identity.MTLS, fmt.Sprintf("the registry does not accept %s as a source of identity", identity.MTLS)), nil
	case c.User != "" && c.Token == "":
		return c.named(s, registry, identity.OfflineCredential{Kind: identity.BasicUser, Name: c.User}, "the password was not checked"), nil
	case c.AccessKey != "":
		return c.named(s, registry, identity.OfflineCredential{Kind: identity.AccessKeyID, Name: c.AccessKey}, "the signature was not checked"), nil
	}
	r, err := c.request(registry)
	if err != nil {
		return nil, err
	}
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	who, refused := checker.Identify(ctx, r, registry)
	if who == nil {
		return noCaller(refused), nil
	}
	return c.whoami(s, who), nil
}

// request returns a request that carries the credential.
func (c *WhoamiInput) request(registry *policystore.Registry) (*authz.CheckRequest, error) {
	r := &authz.CheckRequest{Principal: c.Principal, Certificate: []byte(c.Certificate), Time: c.Time}
	set := func(name, value string) { r.Headers = []mapping.Header{{Name: name, Value: value}} }
	switch {
	case c.User != "":
		set("authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Token)))
	case c.Token != "":
		set("authorization", "Bearer "+c.Token)
	case c.Header != "" && registry.Authentication.Header == "":
		return nil, diag.Problemf("registry %q accepts no header of a trusted proxy", registry.Name).WithRemedy("configure one in registries.yaml")
	case c.Header != "":
		set(registry.Authentication.Header, c.Header)
	}
	return r, nil
}

// noCaller returns the result for a credential that its source refuses.
func (c *WhoamiInput) noCaller(registry *policystore.Registry, source identity.Source, reason string) *Whoami {
	return &Whoami{Time: c.Time, Registry: registry.Name, Source: string(source), Reason: reason}
}

// named returns the result for a credential that is described by its name: a user of the password
// file, or an access key.
func (c *WhoamiInput) named(s *policystore.Snapshot, registry *policystore.Registry, of identity.OfflineCredential, notVerified string) *Whoami {
	caller, err := s.Callers.AuthenticateOffline(&registry.Authentication, &of, &identity.Credentials{Time: c.Time})
	if err != nil {
		reason, source := err.Error(), ""
		if failure := new(identity.Failure); errors.As(err, &failure) {
			reason, source = failure.Full(), failure.Source
		}
		return c.noCaller(registry, identity.Source(source), reason)
	}
	r := authz.NewIAMRequest(&authz.CheckRequest{Time: c.Time}, registry, caller, "", "")
	w := c.whoami(s, &authz.Identity{Registry: registry, Caller: caller, Context: r.Context})
	w.NotVerified = notVerified
	return w
}

// whoami describes the caller, without the condition keys of a client's request.
func (c *WhoamiInput) whoami(s *policystore.Snapshot, who *authz.Identity) *Whoami {
	w := whoamiOf(s, who, c.Time)
	w.Context = contextOf(callerKeys(who))
	return w
}
