package authz

import (
	"strconv"
	"time"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// requestContext is the context of one request: the caller's own condition
// keys, and those that the request brings (IAM User Guide, "AWS global
// condition context keys"). A key that cannot be known is left out, as AWS
// leaves it out.
func requestContext(r *Request, registry *policystore.Registry, caller *identity.Caller) iam.Context {
	c := make(iam.Context, 0, len(caller.Context)+8)
	c = append(c, caller.Context...)
	set := func(key, value string) {
		c = append(c, iam.ContextEntry{Key: key, Value: value})
	}
	if r.Peer != "" {
		set("aws:SourceIp", r.Peer)
	}
	set("aws:SecureTransport", strconv.FormatBool(secureTransport(r, registry)))
	set("aws:CurrentTime", r.Time.UTC().Format(time.RFC3339))
	set("aws:EpochTime", strconv.FormatInt(r.Time.Unix(), 10))
	if agent, sent := r.value("user-agent"); sent {
		set("aws:UserAgent", agent)
	}
	if referer, sent := r.value("referer"); sent {
		set("aws:referer", referer)
	}
	set("aws:RequestedRegion", registry.Region)
	set("aws:ResourceAccount", registry.Account)
	return c
}

// secureTransport tells whether the client's connection is TLS. Only what TLS
// itself leaves behind counts: the scheme is client text.
func secureTransport(r *Request, registry *policystore.Registry) bool {
	return registry.TLS || r.SNI != "" || r.DestinationPrincipal != ""
}
