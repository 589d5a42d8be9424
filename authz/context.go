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

// usualKeys is more than the usual number of condition keys of a request.
const usualKeys = 28

// appendRequestContext appends the condition keys of a request that do not depend on the
// caller (IAM User Guide, "AWS global condition context keys"). A key whose value is not known
// is absent, as on AWS.
func appendRequestContext(c iam.Context, facts *RequestFacts, registry *policystore.Registry, now *timeText) iam.Context {
	set := func(key, value string) {
		if value != "" {
			c = append(c, iam.ContextEntry{Key: key, Value: value})
		}
	}
	if endpoint := registry.VPCEndpoint; endpoint != nil {
		set("aws:SourceVpce", endpoint.ID)
		set("aws:SourceVpc", endpoint.VPC)
		set("aws:VpcSourceIp", facts.Client)
	} else {
		set("aws:SourceIp", facts.Client)
	}
	set("aws:SecureTransport", strconv.FormatBool(facts.Secure))
	set("aws:CurrentTime", now.current)
	set("aws:EpochTime", now.epoch)
	set("aws:RequestedRegion", registry.Region)
	if facts.UserAgent.Present { // even if it is empty
		c = append(c, iam.ContextEntry{Key: "aws:UserAgent", Value: facts.UserAgent.Text})
	}
	if facts.Referer.Present {
		c = append(c, iam.ContextEntry{Key: "aws:referer", Value: facts.Referer.Text})
	}
	return c
}

// timeText contains the condition keys for a second.
type timeText struct {
	second         int64
	current, epoch string // aws:CurrentTime and aws:EpochTime
}

func newTimeText(t time.Time) *timeText {
	return &timeText{t.Unix(), t.UTC().Format(time.RFC3339), strconv.FormatInt(t.Unix(), 10)}
}

// timeText returns the condition keys for a time. Most requests of a second share them.
func (c *Checker) timeText(t time.Time) *timeText {
	text := c.clock.Load()
	if text == nil || text.second != t.Unix() {
		text = newTimeText(t)
		c.clock.Store(text)
	}
	return text
}

// callerContext returns c with the condition keys of the caller and those of the registry's
// account. Of several entries with one key, the first counts.
func callerContext(c iam.Context, registry *policystore.Registry, caller *identity.Caller) iam.Context {
	now, _ := c.Lookup("aws:CurrentTime")
	c = caller.AppendContext(c, now.Value)
	c = append(c, iam.ContextEntry{Key: "aws:ResourceAccount", Value: registry.Account})
	organization, paths, member := registry.Organization.Member(registry.Account)
	if !member {
		return c
	}
	return append(c,
		iam.ContextEntry{Key: "aws:ResourceOrgID", Value: organization},
		iam.ContextEntry{Key: "aws:ResourceOrgPaths", Values: paths, Multi: true})
}

// imageContext returns c with the keys of the i-th image of a request: the one in its path,
// and then those of its tags. The keys oci:Reference and oci:ReferenceType are an extension
// of this project. No tag contains a colon, and every digest does (OCI Distribution
// Specification, "Pulling manifests").
func imageContext(c iam.Context, m *mapping.Mapping, i int) iam.Context {
	if !m.Operation.HasImage() {
		return c
	}
	reference, kind := m.Reference, "tag"
	if i > 0 {
		reference, c = m.Tags[i-1], slices.Clip(c)
	}
	if strings.Contains(reference, ":") {
		kind = "digest"
	}
	return append(c,
		iam.ContextEntry{Key: iam.KeyReference, Value: reference},
		iam.ContextEntry{Key: iam.KeyReferenceType, Value: kind})
}

// newIAMRequest returns the request to perform an action on a resource. It adds the tags of
// the resource to the context: each resource of an HTTP request has its own, for example
// the source of a mount.
func newIAMRequest(registry *policystore.Registry, caller *identity.Caller, action, resource string, c iam.Context) iam.Request {
	if tags := registry.ResourceTags(action, resource); len(tags) > 0 {
		c = slices.Concat(c, tags)
	}
	return iam.Request{Principal: &caller.Principal, Action: action, Resource: resource, Context: c}
}
