package differential

import (
	"strings"

	"extauthz/iam"
)

// caller generates the caller.
func (g *generator) caller() {
	k := g.k
	switch g.IntN(20) {
	default:
		k.Caller = iam.Principal{Kind: iam.User, ARN: g.here(g.pick(users()))}
	case 0, 1, 2, 3, 4, 5, 6:
		k.Caller = g.session()
	case 7, 8, 9:
		k.Caller = g.federatedUser()
	case 10:
		k.Caller = iam.Principal{Kind: iam.RootUser, ARN: g.here("arn:aws:iam::" + g.pick(vocabulary{accountA, accountB}) + ":root")}
	case 11, 12:
		k.Caller = iam.Principal{Kind: iam.Service, ARN: g.pick(services())}
	case 13:
		k.Caller = iam.Principal{Kind: iam.Anonymous}
	}
	if k.hasIdentity() {
		k.Caller.Account = accountOf(k.Caller.ARN)
	}
}

// session is one of a role, whose path may be known. Only the role ci has
// sessions.
func (g *generator) session() iam.Principal {
	p := iam.Principal{Kind: iam.AssumedRole, ARN: g.here(g.pick(sessions()))}
	paths := vocabulary{"role/ci", "role/path/to/ci", "role/aws-service-role/x.amazonaws.com/ci"}
	if g.chance(2) {
		p.RoleARN = g.here("arn:aws:iam::" + accountOf(p.ARN) + ":" + g.pick(paths))
	}
	return p
}

// federatedUser is a session of alice, as its name says, or of another user.
func (g *generator) federatedUser() iam.Principal {
	p := iam.Principal{Kind: iam.FederatedUser, ARN: g.here(g.pick(federatedUsers()))}
	switch g.IntN(6) {
	default:
		p.UserARN = g.here("arn:aws:iam::" + accountOf(p.ARN) + ":user/alice")
	case 0:
		p.UserARN = g.here("arn:aws:iam::" + accountOf(p.ARN) + ":user/team/bob")
	case 1:
	}
	return p
}

// context fills in condition keys: some of the operator's own type, and those
// that policy variables name.
func (g *generator) context() {
	k, f := g.k, familyOf(g.base)
	keys := map[string]bool{noKey: true} // never there
	add := func(e iam.ContextEntry) {
		if name := strings.ToLower(e.Key); !keys[name] {
			keys[name] = true
			k.Context = append(k.Context, e)
		}
	}
	for _, key := range f.keys {
		if !g.chance(4) {
			add(iam.ContextEntry{Key: key, Value: g.pick(f.values)})
		}
	}
	for _, key := range []string{listKey, "aws:CalledVia"} {
		if !g.chance(4) {
			add(iam.ContextEntry{Key: key, Values: g.list(f.values), Multi: true})
		}
	}
	for _, key := range []string{textKey, userKey, bytesKey, "ecr:ResourceTag/team"} {
		if g.chance(2) && (k.Resource != "*" || !strings.HasPrefix(key, "ecr:")) {
			add(iam.ContextEntry{Key: key, Value: g.pick(texts().values)})
		}
	}
	if g.chance(2) {
		add(iam.ContextEntry{Key: emptyKey})
	}
	if g.chance(4) && k.hasIdentity() {
		add(iam.ContextEntry{Key: "aws:PrincipalAccount", Value: accountOf(k.Caller.ARN)})
	}
}

// list returns up to three values.
func (g *generator) list(from vocabulary) []string {
	words := []string{}
	for range g.IntN(4) {
		words = append(words, g.pick(from))
	}
	return words
}
