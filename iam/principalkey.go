package iam

// A principalKey is what an entry of Principal has in common with the callers that it
// could match. In a list of any length, entries are found by it.
type principalKey struct {
	form keyForm
	text string
}

// keyForm is the form of a principalKey.
type keyForm uint8

const (
	everyoneKey keyForm = iota // of all callers
	accountKey                 // an account's id
	roleKey                    // a role's name in lower case, without its path
	nameKey                    // the ARN of a user or session, or the name of a service or provider
)

// route is one of the ways to find an entry for a caller, by one of its keys.
type route uint8

const (
	byEveryone route = iota
	byAccount
	byRole
	byName // the caller's own ARN or name
	byUser // the ARN of the user who requested the session
	routes
)

// key returns the key of an entry, false if the entry does not match any caller.
func (e *principalEntry) key() (principalKey, bool) {
	switch e.kind {
	case everyoneEntry:
		return principalKey{form: everyoneKey}, true
	case accountEntry:
		return principalKey{accountKey, e.account}, true
	case roleEntry:
		return principalKey{roleKey, string(appendLowerASCII(nil, e.role))}, true
	case userEntry, sessionEntry, federatedEntry, serviceEntry, providerEntry:
		return principalKey{nameKey, e.text}, true
	case opaqueEntry:
	}
	return principalKey{}, false
}

// isFoundBy reports whether the entry has the caller's key of a route.
func (e *principalEntry) isFoundBy(r route, q *query) bool {
	caller := q.request.Principal
	switch e.kind {
	case everyoneEntry:
		return r == byEveryone
	case accountEntry:
		return r == byAccount && e.account == q.caller.Account
	case roleEntry:
		return r == byRole && equalIgnoringCase(e.role, q.role)
	case userEntry, sessionEntry, federatedEntry, serviceEntry, providerEntry:
		return r == byName && e.text == caller.ARN || r == byUser && e.text == caller.UserARN
	case opaqueEntry:
	}
	return false
}

// find returns what a table has under the caller's key of a route.
func find[V any](table map[principalKey]V, r route, q *query) V {
	caller := q.request.Principal
	switch {
	case r == byAccount && q.caller.Account != "":
		return table[principalKey{accountKey, q.caller.Account}]
	case r == byRole && q.role != "":
		var buffer [64]byte // IAM's limit on the length of the name
		return table[principalKey{roleKey, string(appendLowerASCII(buffer[:0], q.role))}]
	case r == byName && caller.ARN != "":
		return table[principalKey{nameKey, caller.ARN}]
	case r == byUser && caller.UserARN != "":
		return table[principalKey{nameKey, caller.UserARN}]
	}
	return *new(V)
}

func appendLowerASCII(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, lowerASCII(s[i]))
	}
	return b
}

// keys returns the keys of the callers that the element could cover. An element that could
// cover callers whose keys it does not list has one key, that of everyone.
func (e *principalElement) keys() map[principalKey][]int32 {
	if e == nil || e.not {
		return map[principalKey][]int32{{form: everyoneKey}: nil}
	}
	keys := map[principalKey][]int32{}
	for i := range e.entries {
		key, ok := e.entries[i].key()
		if key.form == everyoneKey && ok {
			return map[principalKey][]int32{key: nil}
		}
		if ok {
			keys[key] = append(keys[key], int32(i))
		}
	}
	return keys
}

// fewEntries is the number of entries of Principal that are compared with the caller one
// by one.
const fewEntries = 16

// index prepares a long list of entries for finding those that could match a caller.
func (e *principalElement) index() {
	if e == nil || len(e.entries) <= fewEntries {
		return
	}
	if keys := e.keys(); len(keys) > 1 {
		e.byKey = keys
	}
}

// firstRoute returns the first route by which the statements of an [Index] with this
// element are found.
func (e *principalElement) firstRoute(q *query) route {
	if e == nil || e.not {
		return byEveryone
	}
	for r := byEveryone; r < routes; r++ {
		if e.byKey != nil && len(find(e.byKey, r, q)) > 0 {
			return r
		}
		for i := range e.entries {
			if e.byKey == nil && e.entries[i].isFoundBy(r, q) {
				return r
			}
		}
	}
	return routes
}
