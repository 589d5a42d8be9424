package simulate

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A Credential is what somebody might show a registry as proof of who calls: one
// of a token, a user name, a certificate and a header, or a token with a user
// name.
type Credential struct {
	// Registry is the name of the registry; "" is the only one there is.
	Registry string
	// Token is a Bearer token or, with User, the password of HTTP Basic.
	Token string
	// User is the user name of HTTP Basic. Without Token it is a user of the
	// password file, whose password is not checked.
	User string
	// Principal and Certificate are what Envoy would say of a peer with a client
	// certificate, as [identity.ParsePeer] gives them; they are taken as verified.
	Principal, Certificate string
	// Header is what the header of the registry's trusted proxy would say.
	Header string
	// Time is when the credential is shown.
	Time time.Time
}

// Whoami finds who would call with the credential, as the running sidecar would.
// The error says what cannot be asked: a registry that is not there, or that
// takes no header.
func (c *Credential) Whoami(ctx context.Context, s *policystore.Snapshot) (*Whoami, error) {
	registry, err := (&Inquiry{Registry: c.Registry}).registry(s)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Principal+c.Certificate != "" && !s.Callers.Accepts(&registry.Authentication, identity.MTLS):
		return c.notTaken(registry, identity.MTLS), nil
	case c.User != "" && c.Token == "":
		return c.user(s, registry), nil
	}
	r, err := c.request(registry)
	if err != nil {
		return nil, err
	}
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	who, why := checker.Identify(ctx, r, registry)
	if who == nil {
		return nobody(why), nil
	}
	w := whoamiOf(s, who, c.Time)
	w.Context = contextOf(ownKeys(who))
	return w, nil
}

// request is one that carries the credential, which nobody sends.
func (c *Credential) request(registry *policystore.Registry) (*authz.Request, error) {
	r := &authz.Request{Principal: c.Principal, Certificate: c.Certificate, Time: c.Time}
	set := func(name, value string) { r.Headers = []mapping.Header{{Name: name, Value: value}} }
	switch {
	case c.User != "":
		set("authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Token)))
	case c.Token != "":
		set("authorization", "Bearer "+c.Token)
	case c.Header != "" && registry.Authentication.Header == "":
		return nil, fmt.Errorf("registry %q takes no header as proof of who calls; name one in registries.yaml", registry.Name)
	case c.Header != "":
		set(registry.Authentication.Header, c.Header)
	}
	return r, nil
}

// notTaken is the answer where the registry never asks for such a credential.
func (c *Credential) notTaken(registry *policystore.Registry, source identity.Source) *Whoami {
	return c.refused(registry, source, fmt.Sprintf("the registry does not accept %s as a source of identity", source))
}

func (c *Credential) refused(registry *policystore.Registry, source identity.Source, reason string) *Whoami {
	return &Whoami{Time: c.Time, Registry: registry.Name, Source: string(source), Reason: reason}
}

// user is who logs in as a user of the password file.
func (c *Credential) user(s *policystore.Snapshot, registry *policystore.Registry) *Whoami {
	caller, err := s.Callers.AuthenticateOffline(&registry.Authentication,
		&identity.OfflineCredential{Kind: identity.BasicUser, Name: c.User}, &identity.Credentials{Time: c.Time})
	if err != nil {
		reason := err.Error()
		if failure := new(identity.Failure); errors.As(err, &failure) {
			reason = failure.Full()
		}
		return c.refused(registry, identity.BasicAuth, reason)
	}
	asked := authz.NewIAMRequest(&authz.Request{Time: c.Time}, registry, caller, "", "")
	who := &authz.Identity{Registry: registry, Caller: caller, Context: asked.Context}
	w := whoamiOf(s, who, c.Time)
	w.Context, w.NotVerified = contextOf(ownKeys(who)), "the password was not checked"
	return w
}
