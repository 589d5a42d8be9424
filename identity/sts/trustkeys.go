package sts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"extauthz/iam"
	"extauthz/identity/oidc"
)

// trustKeys returns the condition keys that a trust policy sees of a token: the
// default ones, those of its provider, and claims that are lists of strings, such as
// groups. A claim that is absent or of another type is not a key.
func (p *Provider) trustKeys(token *oidc.Token) (iam.Context, error) {
	k := trustContext{provider: p.URL, claims: token.Claims}
	k.audience(token.Audience)
	k.add("sub")
	k.add("email")
	k.amr()
	if p.URL == googleProvider {
		k.organization()
	}
	for _, claim := range p.mapped {
		k.add(claim)
	}
	return k.context, k.lists(p.mapped)
}

// trustContext gathers the keys of one token.
type trustContext struct {
	provider string
	claims   oidc.Claims
	context  iam.Context
}

func (k *trustContext) set(key, value string) {
	k.context = append(k.context, iam.ContextEntry{Key: k.provider + ":" + key, Value: value})
}

// add sets the key with the name of the claim, if the claim is a string.
func (k *trustContext) add(claim string) {
	if text, found := k.claims.Text(claim); found {
		k.set(claim, text)
	}
}

// audience sets aud and oaud. oaud is always the audience that the token is for. aud is
// the same unless the token names the party that requested it (azp).
func (k *trustContext) audience(audience string) {
	k.set("oaud", audience)
	if azp, found := k.claims.Text("azp"); found && azp != "" {
		audience = azp
	}
	k.set("aud", audience)
}

// amr sets the authentication methods, a string or a list.
func (k *trustContext) amr() {
	if methods, ok := stringList(k.claims["amr"]); ok {
		k.context = append(k.context, iam.ContextEntry{Key: k.provider + ":amr", Values: methods, Multi: true})
		return
	}
	k.add("amr")
}

// lists sets a multivalued key for each claim that is a list of strings, for
// ForAnyValue and ForAllValues. AWS maps no such claim except amr: these keys are
// for other issuers, which send groups as a list. A list of
// strings and other values is an error, because a Deny could depend on what is left
// out, and so is a claim whose name differs from another key in case only.
func (k *trustContext) lists(mapped []string) error {
	for _, claim := range k.listClaims() {
		list, _ := k.claims.List(claim)
		values, mixed := stringsOf(list)
		switch {
		case len(values) == 0:
		case mixed:
			return fmt.Errorf("the claim %q is a list of strings and other values, which a trust policy cannot compare", oidc.Excerpt(claim))
		case k.isKey(claim, mapped):
			return fmt.Errorf("the claim %q is a list whose condition key is that of another claim", oidc.Excerpt(claim))
		default:
			k.context = append(k.context, iam.ContextEntry{Key: k.provider + ":" + claim, Values: values, Multi: true})
		}
	}
	return nil
}

// listClaims returns the names of the claims that are lists, in order, without those
// that have keys of their own.
func (k *trustContext) listClaims() (names []string) {
	for claim := range k.claims {
		_, isList := k.claims.List(claim)
		if isList && claim != "aud" && claim != "amr" && !strings.HasPrefix(claim, awsClaims) {
			names = append(names, claim)
		}
	}
	slices.Sort(names)
	return names
}

// isKey reports whether the key of a claim is already set, or differs in case only from
// a key that AWS defines.
func (k *trustContext) isKey(claim string, mapped []string) bool {
	if _, taken := k.context.Lookup(k.provider + ":" + claim); taken {
		return true
	}
	return slices.ContainsFunc(slices.Concat(defaultKeys, mapped), func(key string) bool {
		return key != claim && strings.EqualFold(key, claim)
	})
}

// stringsOf returns the strings of a list, and reports whether it has other elements.
func stringsOf(list []any) (values []string, mixed bool) {
	for _, element := range list {
		text, isText := element.(string)
		if !isText {
			mixed = true
			continue
		}
		values = append(values, text)
	}
	return values, mixed
}

// organization sets the number of the organization of a Google service account. A number
// beyond 2^53 would be rounded, and is not set.
func (k *trustContext) organization() {
	google, _ := k.claims["google"].(map[string]any)
	number, isNumber := google["organization_number"].(float64)
	if isNumber && number > 0 && number < 1<<53 && number == float64(int64(number)) {
		k.set("google/organization_number", strconv.FormatInt(int64(number), 10))
	}
}
