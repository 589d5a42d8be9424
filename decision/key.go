package decision

import (
	"encoding/binary"

	"extauthz/iam"
)

// appendKey appends all that the decision on r depends on: who, what, on what,
// by which session policies, and the values of the condition keys that the
// policies in play mention. Who and what settle the other policies. Every part
// is led by its length, so that no two questions share a key.
func appendKey(b []byte, r *Request, in *inPlay) []byte {
	p := r.Principal
	b = append(b, byte(p.Kind))
	for _, s := range [...]string{p.ARN, p.Account, p.RoleARN, p.UserARN, r.Action, r.Resource} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(in.session)))
	for _, policy := range in.session {
		b = appendPolicy(b, policy)
	}
	for _, names := range [...][]string{in.identity.keys, in.boundary.keys, in.resource.keys, in.scpKeys, in.rcpKeys} {
		b = appendValues(b, r.Context, names)
	}
	for _, policy := range in.session {
		b = appendValues(b, r.Context, policy.ConditionKeys())
	}
	return appendAmbiguous(b, r.Context)
}

// appendPolicy appends what tells a session policy from every other of the
// snapshot: the file, and where in it the policy's first statement begins.
func appendPolicy(b []byte, p *iam.Policy) []byte {
	b = appendString(b, p.Source)
	var at iam.Position
	if len(p.Statements) > 0 {
		at = p.Statements[0].Start
	}
	b = binary.AppendUvarint(b, uint64(at.Line))
	return binary.AppendUvarint(b, uint64(at.Column))
}

func appendValues(b []byte, c iam.Context, names []string) []byte {
	for _, name := range names {
		b = appendEntry(b, c, name)
	}
	return b
}

func appendEntry(b []byte, c iam.Context, name string) []byte {
	entry, present := c.Lookup(name)
	switch {
	case !present:
		return append(b, 'a')
	case !entry.Multi:
		return appendString(append(b, 's'), entry.Value)
	}
	b = binary.AppendUvarint(append(b, 'm'), uint64(len(entry.Values)))
	for _, v := range entry.Values {
		b = appendString(b, v)
	}
	return b
}

// appendAmbiguous appends the entries whose keys differ from others only in case:
// which of them counts depends on how a policy writes the key.
func appendAmbiguous(b []byte, c iam.Context) []byte {
	for i := range c {
		if c[i].Ambiguous {
			b = appendString(appendString(b, c[i].Key), c[i].Value)
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
