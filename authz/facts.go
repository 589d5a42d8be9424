package authz

import (
	"context"
	"time"

	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// Facts are what a decision depends on in addition to the policies and the other fields of a
// result. [Checker.CheckAgain] repeats the decision with them.
type Facts struct {
	Caller    *identity.Caller // nil if it is not known
	Source    string           // the repository from which a blob is mounted; "" for another operation
	Tags      []string         // that the request writes in addition to its reference
	EmptyBody bool             // as [mapping.Mapping.DeclaresNoBody]
	Request   RequestFacts
}

// RequestFacts are what the condition keys of a request depend on.
type RequestFacts struct {
	Client             string // the client's address
	Secure             bool   // whether the client's connection is TLS
	UserAgent, Referer HeaderText
}

// HeaderText is the value of a header. A header that is present may be empty.
type HeaderText struct {
	Text    string
	Present bool
}

// facts returns the facts of a request from a client.
func (r *CheckRequest) facts(registry *policystore.Registry, client string) RequestFacts {
	f := RequestFacts{Client: client, Secure: r.isTLS(registry)}
	f.UserAgent.Text, f.UserAgent.Present = r.value("user-agent")
	f.Referer.Text, f.Referer.Present = r.value("referer")
	return f
}

// A Decided is a request that was decided before, as a log describes it.
type Decided struct {
	Registry string // its name
	Mapping  mapping.Summary
	Request  RequestFacts
	Caller   *identity.Caller
	Time     time.Time // of the request
}

// CheckAgain decides a request again by the current snapshot, at the time of the request. The
// caller is not authenticated again. The mapping, the tags of the resource and everything else
// follow from the snapshot. The error says why the request cannot be decided: the summary is
// not that of a request.
func (c *Checker) CheckAgain(d *Decided) (*OfflineResult, error) {
	request, err := d.Mapping.Request()
	if err != nil {
		return nil, err
	}
	k, found := c.again(d, &CheckRequest{HTTPRequest: *request})
	if found {
		k.answer(context.Background())
	}
	return k.offlineResult(), nil
}

// CallAgain is CheckAgain for a sign-in or a call that [Checker.CallECR] decided, on repositories of
// the registry. The operation is its action.
func (c *Checker) CallAgain(d *Decided, repositories []string) *OfflineResult {
	k, found := c.again(d, new(CheckRequest))
	if found {
		k.omitReasons, k.result.Operation = false, d.Mapping.Operation
		if k.decideCall(d.Mapping.Operation, repositories) == nil { // a denial is in the result
			k.result.Decision = Allowed
		}
	}
	return k.offlineResult()
}

// again begins the check of a request that was decided before, and reports whether its registry
// exists. Otherwise the result is set.
func (c *Checker) again(d *Decided, r *CheckRequest) (k *check, found bool) {
	r.Peer, r.Time, r.Extensions.Registry = d.Request.Client, d.Time, d.Registry
	k = c.newOfflineCheck(r)
	if !k.begin() {
		return k, false
	}
	if registry := k.snapshot.RegistryNamed(d.Registry); registry != nil {
		r.Host = registry.Host()
	}
	if !k.findRegistry() {
		return k, false
	}
	k.setRequest(d.Request)
	k.setCaller(d.Caller)
	return k, true
}
