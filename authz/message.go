package authz

import (
	"strings"

	"extauthz/denialmessage"
	"extauthz/iam"
)

// encodedMessage returns the encoded authorization message about the last denial. It is "" if none
// are written, or if too many were written recently.
func (k *check) encodedMessage() string {
	if !k.checker.Messages.Admits() {
		return ""
	}
	return k.checker.Messages.Encode(k.message())
}

// message returns the message about the last denial. k.evaluated is the denied request.
func (k *check) message() *denialmessage.Message {
	denied := k.result.last()
	m := &denialmessage.Message{
		ExplicitDeny: denied.Decision == iam.ExplicitDeny,
		Context: denialmessage.Context{
			Principal: k.messagePrincipal(), Action: denied.Action, Resource: denied.Resource,
		},
		Reason: k.result.Reason, DecisionID: k.result.ID, Time: k.result.Time,
		Registry: k.registry.Name, PolicyDigest: k.result.Digest, DryRun: k.result.DryRun,
	}
	if denied.Reason.Exhausted {
		m.Failures.Items = append(m.Failures.Items, denialmessage.Failure{Message: strings.TrimSpace(because(denied))})
	}
	for _, match := range denied.Matched() {
		m.MatchedStatements.Items = append(m.MatchedStatements.Items, denialmessage.Statement{
			StatementID: match.Statement.Sid, Effect: strings.ToUpper(match.Statement.Effect.String()),
			PolicyType: match.Class.String(), Policy: match.Policy.Source.String(), Line: int(match.Statement.Start.Line),
		})
	}
	for i := range k.evaluated.Context {
		key := &k.evaluated.Context[i]
		if key.Ambiguous || k.evaluated.Context[:i].First(key.Key) == nil { // of two entries, the first counts
			m.Context.Conditions.Items = append(m.Context.Conditions.Items, messageCondition(key))
		}
	}
	return m
}

func (k *check) messagePrincipal() denialmessage.Principal {
	arn := nameOf(&k.caller.Principal)
	id, _ := k.evaluated.Context.Lookup("aws:userid")
	return denialmessage.Principal{ID: id.Value, Name: arn[strings.LastIndexByte(arn, '/')+1:], ARN: arn}
}

// secretKeys are condition keys whose values a message leaves out: a URL can contain a token, and
// policies use the Referer header as a shared secret (IAM User Guide, "aws:Referer").
var secretKeys = [...]string{"aws:referer"}

// messageCondition returns a condition key with its values.
func messageCondition(e *iam.ContextEntry) denialmessage.Condition {
	c := denialmessage.Condition{Key: e.Key}
	for _, secret := range secretKeys {
		if strings.EqualFold(e.Key, secret) {
			return c
		}
	}
	values := e.Values
	if !e.Multi {
		values = []string{e.Value}
	}
	for _, value := range values {
		c.Values.Items = append(c.Values.Items, denialmessage.Value{Value: value})
	}
	return c
}
