package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// hideWhere keeps from the client, whose name leads to nobody by its captures, where
// it was led to.
func hideWhere(err error) error {
	var absent *sts.NoSuchEntity
	if errors.As(err, &absent) {
		return &sts.AccessDenied{Reason: "no principal is bound to this credential", Detail: err.Error()}
	}
	return err
}

// noBinding says that no binding of the issuer has the claims, and which claims of
// those that bindings ask for the token has.
func (i *issuer) noBinding(claims oidc.Claims) *sts.AccessDenied {
	asked := map[string]bool{}
	for _, b := range i.bindings {
		for _, c := range b.claims {
			asked[c.claim] = true
		}
	}
	return &sts.AccessDenied{
		Reason: fmt.Sprintf("no principal is bound to the claims of this token of issuer %q", i.name),
		Detail: fmt.Sprintf("no credential with token: %s matches %s", i.name, claimTexts(claims, slices.Sorted(maps.Keys(asked)))),
	}
}

// otherClaims says that the claims are not those that all tokens of the issuer have.
func (i *issuer) otherClaims(claims oidc.Claims) *sts.AccessDenied {
	var asked []string
	for _, c := range i.claims {
		asked = append(asked, c.claim)
	}
	return &sts.AccessDenied{
		Reason: fmt.Sprintf("the token's claims are not those that tokens of issuer %q must have", i.name),
		Detail: fmt.Sprintf("it wants %v, and the token has %s", i.claims, claimTexts(claims, asked)),
	}
}

// listText returns a claim that is a list as JSON, cut short.
func listText(claims oidc.Claims, name string) string {
	list, _ := claims.List(name)
	text, err := json.Marshal(list)
	if err != nil {
		return "a list"
	}
	return strings.ToValidUTF8(short(string(text)), "")
}

func isList(claims oidc.Claims, name string) bool {
	_, found := claims.List(name)
	return found
}

// claimTexts are claims with their values, which are somebody's text: cut short
// and quoted.
func claimTexts(claims oidc.Claims, names []string) string {
	var texts []string
	for _, name := range names {
		switch text, isText := claims.Text(name); {
		case isText:
			texts = append(texts, fmt.Sprintf("%s %q", name, short(text)))
		case isList(claims, name):
			texts = append(texts, name+" "+listText(claims, name))
		case claims[name] != nil:
			texts = append(texts, "a "+name+" that is no string")
		default:
			texts = append(texts, "no "+name)
		}
	}
	return strings.Join(texts, ", ")
}
