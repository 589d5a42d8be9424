package decision

import (
	"encoding/binary"

	"extauthz/iam"
)

// appendKey appends all that the decision on r depends on: who, what, on what,
// and the values of the named condition keys. Every part is led by its length,
// so that no two questions share a key.
func appendKey(b []byte, r *iam.Request, keys ...[]string) []byte {
	p := r.Principal
	b = append(b, byte(p.Kind))
	for _, s := range [...]string{p.ARN, p.Account, p.RoleARN, p.UserARN, r.Action, r.Resource} {
		b = appendString(b, s)
	}
	for _, names := range keys {
		for _, name := range names {
			b = appendValues(b, r.Context, name)
		}
	}
	return b
}

func appendValues(b []byte, c iam.Context, name string) []byte {
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

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
