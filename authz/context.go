package authz

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// requestContext is the context of one request: the caller's own condition
// keys, and those that the request brings (IAM User Guide, "AWS global
// condition context keys"). A key that cannot be known is left out, as AWS
// leaves it out.
func requestContext(r *Request, registry *policystore.Registry, caller *identity.Caller) iam.Context {
	c := make(iam.Context, 0, len(caller.Context)+10) // room for the image's keys too
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

// imageContexts are the contexts in which the permissions of a mapping are
// decided. A request about an image by tag or digest says which in oci:Reference
// and oci:ReferenceType, keys of this project's own; one that writes several
// tags is decided for each of them.
func imageContexts(c iam.Context, m *mapping.Mapping) []iam.Context {
	switch m.Operation {
	case mapping.HeadManifest, mapping.GetManifest, mapping.PutManifest, mapping.DeleteManifest, mapping.ListReferrers:
	default:
		return []iam.Context{c}
	}
	contexts := []iam.Context{appendReference(c, m.Reference)}
	for _, tag := range m.Tags {
		contexts = append(contexts, appendReference(slices.Clip(c), tag))
	}
	return contexts
}

// appendReference adds the keys for one reference. No tag holds a colon, and
// every digest does (OCI Distribution Specification, "Pulling manifests").
func appendReference(c iam.Context, reference string) iam.Context {
	kind := "tag"
	if strings.Contains(reference, ":") {
		kind = "digest"
	}
	return append(c,
		iam.ContextEntry{Key: iam.KeyReference, Value: reference},
		iam.ContextEntry{Key: iam.KeyReferenceType, Value: kind})
}

// secureTransport tells whether the client's connection is TLS. Only what TLS
// itself leaves behind counts: the scheme is client text.
func secureTransport(r *Request, registry *policystore.Registry) bool {
	return registry.TLS || r.SNI != "" || r.DestinationPrincipal != ""
}
