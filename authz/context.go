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

// contextRoom is how many condition keys a request usually comes to.
const contextRoom = 18

// requestContext are the condition keys that a request brings, whoever sends it
// (IAM User Guide, "AWS global condition context keys"). client is the client's
// address. A key that cannot be known is left out, as AWS leaves it out.
func requestContext(r *Request, registry *policystore.Registry, client string) iam.Context {
	c := make(iam.Context, 0, contextRoom)
	set := func(key, value string) {
		if value != "" {
			c = append(c, iam.ContextEntry{Key: key, Value: value})
		}
	}
	if endpoint := registry.VPCEndpoint; endpoint != nil {
		set("aws:SourceVpce", endpoint.ID)
		set("aws:SourceVpc", endpoint.VPC)
		set("aws:VpcSourceIp", client)
	} else {
		set("aws:SourceIp", client)
	}
	set("aws:SecureTransport", strconv.FormatBool(secureTransport(r, registry)))
	set("aws:CurrentTime", r.Time.UTC().Format(time.RFC3339))
	set("aws:EpochTime", strconv.FormatInt(r.Time.Unix(), 10))
	set("aws:RequestedRegion", registry.Region)
	for _, h := range [...]struct{ name, key string }{{"user-agent", "aws:UserAgent"}, {"referer", "aws:referer"}} {
		if value, sent := r.value(h.name); sent { // though it may be empty
			c = append(c, iam.ContextEntry{Key: h.key, Value: value})
		}
	}
	return c
}

// fullContext is the context in which the caller's permissions are decided: the
// keys of the request, those of the caller, and those of the registry's account.
func fullContext(c iam.Context, registry *policystore.Registry, caller *identity.Caller) iam.Context {
	c = append(c, caller.Context...)
	c = append(c, iam.ContextEntry{Key: "aws:ResourceAccount", Value: registry.Account})
	organization, paths, member := registry.Organization.Member(registry.Account)
	if !member {
		return c
	}
	return append(c,
		iam.ContextEntry{Key: "aws:ResourceOrgID", Value: organization},
		iam.ContextEntry{Key: "aws:ResourceOrgPaths", Values: paths, Multi: true})
}

// imageContext is the context in which the permissions of a mapping are decided
// for the i-th image that it is about: the one that its path names, and then those
// of its tags. A request about an image by tag or digest says which in
// oci:Reference and oci:ReferenceType, keys of this project's own.
func imageContext(c iam.Context, m *mapping.Mapping, i int) iam.Context {
	if !m.Operation.HasImage() {
		return c
	}
	if i == 0 {
		return appendReference(c, m.Reference)
	}
	return appendReference(slices.Clip(c), m.Tags[i-1])
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
