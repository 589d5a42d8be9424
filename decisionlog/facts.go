package decisionlog

import (
	"time"
	"unicode/utf8"

	"extauthz/authz"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
)

// Version is the version of the format of lines. Lines without a version are older, and lack
// what a replay needs.
const Version = 1

// The limits on lists with text of the client, in bytes. A list that is longer is left out.
const (
	maxTags        = 2048 // the tags that a request writes
	maxSessionTags = 4096 // the keys and values of session tags
)

// omissions are the names of what a line leaves out, because it is too long, not text, or may
// contain a credential.
type omissions struct {
	names [6]string
	n     int
}

func (o *omissions) add(name string) {
	o.names[o.n] = name
	o.n++
}

// appendFacts appends what determined the decision on a request that maps to actions, in
// addition to the policies and the fields before.
func appendFacts(b []byte, r *authz.Result, at time.Time) []byte {
	if r.Operation == "" || r.Registry == "" {
		return b
	}
	var omitted omissions
	f := &r.Facts
	for _, field := range [...]struct{ name, text string }{{"repository", r.Repository}, {"reference", r.Reference}} {
		if len(field.text) > maxText {
			omitted.add(field.name)
		}
	}
	if size(f.Tags) > maxTags {
		omitted.add("tags")
	} else {
		b = appendList(b, `,"tags":`, f.Tags)
	}
	b = appendText(b, `,"mountFrom":`, f.Source)
	if f.EmptyBody {
		b = append(b, `,"emptyBody":true`...)
	}
	b = appendContext(b, f, at, &omitted)
	if f.Caller != nil && f.Caller.Spec != nil {
		b = appendText(b, `,"federatedBy":`, f.Caller.Spec.FederatedBy)
		b = appendPolicies(b, f.Caller.SessionPolicies)
	}
	return appendList(b, `,"omitted":`, omitted.names[:omitted.n])
}

// appendPolicies appends the files of session policies, and nothing without any.
func appendPolicies(b []byte, policies []*iam.Policy) []byte {
	if len(policies) == 0 {
		return b
	}
	b = append(b, `,"sessionPolicies":`...)
	for i, policy := range policies {
		b = appendString(append(b, separator(i)), policy.Source.String())
	}
	return append(b, ']')
}

// size returns the number of bytes of texts.
func size(texts []string) (n int) {
	for _, text := range texts {
		n += len(text)
	}
	return n
}

// appendList appends a list of strings, and nothing if it is empty.
func appendList(b []byte, name string, texts []string) []byte {
	if len(texts) == 0 {
		return b
	}
	b = append(b, name...)
	for i, text := range texts {
		b = appendString(append(b, separator(i)), text)
	}
	return append(b, ']')
}

// appendContext appends the condition keys that follow neither from other fields nor from the
// policy directory: those of the connection, of headers and of the caller's session.
func appendContext(b []byte, f *authz.Facts, at time.Time, omitted *omissions) []byte {
	b = append(b, `,"context":{"aws:SecureTransport":"false"`...)
	if f.Request.Secure {
		b = append(b[:len(b)-len(`false"`)], `true"`...)
	}
	agent, referer := f.Request.UserAgent, f.Request.Referer
	switch {
	case !agent.Present:
	case isWhole(agent.Text):
		b = appendString(append(b, `,"aws:UserAgent":`...), agent.Text)
	default:
		omitted.add("aws:UserAgent")
	}
	switch {
	case !referer.Present:
	case referer.Text == "":
		b = append(b, `,"aws:referer":""`...)
	default: // policies use it as a shared secret, and its query may contain a credential
		omitted.add("aws:referer")
	}
	if f.Caller != nil && f.Caller.Spec != nil {
		b = appendSession(b, f.Caller, at, omitted)
	}
	return append(b, '}')
}

// isWhole reports whether a line can contain a text unchanged.
func isWhole(text string) bool { return len(text) <= maxText && utf8.ValidString(text) }

// appendSession appends the condition keys of the caller that do not follow from its user or
// role.
func appendSession(b []byte, c *identity.Caller, at time.Time, omitted *omissions) []byte {
	if begin := c.SessionBegin(at); !begin.IsZero() {
		b = append(b, `,"aws:TokenIssueTime":"`...)
		b = append(begin.UTC().AppendFormat(b, time.RFC3339), '"')
	}
	s := c.Spec
	b = appendText(b, `,"aws:SourceIdentity":`, s.SourceIdentity)
	// The operator chose these, and they may be longer than text of a client.
	if s.Provider != "" {
		b = appendString(append(b, `,"aws:FederatedProvider":`...), s.Provider)
	}
	if s.SourceResource.ARN != "" {
		b = appendString(append(b, `,"aws:SourceArn":`...), s.SourceResource.ARN)
	}
	b = appendText(b, `,"aws:SourceAccount":`, s.SourceResource.Account)
	if sizeOfTags(s.Tags) > maxSessionTags {
		omitted.add("aws:PrincipalTag")
		return b
	}
	for _, tag := range s.Tags {
		b = append(appendEscaped(append(b, `,"aws:PrincipalTag/`...), tag.Key), `":`...)
		b = appendString(b, tag.Value)
	}
	return b
}

func sizeOfTags(tags []sts.Tag) (n int) {
	for _, tag := range tags {
		n += len(tag.Key) + len(tag.Value)
	}
	return n
}
