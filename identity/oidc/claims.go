package oidc

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// leeway is how far the clocks of an issuer and of this machine may differ.
const leeway = 60 * time.Second

// Claims are the claims of a token as generic JSON: strings, float64, bool, nil,
// []any and map[string]any. They are shared between requests: read only.
//
// Only a claim that is a string may ever be an identity: a number from 2^53 on
// is rounded, so that two become one.
type Claims map[string]any

// Text returns a claim that is a string. A claim that is absent or of another
// type is none.
func (c Claims) Text(name string) (string, bool) {
	text, ok := c[name].(string)
	return text, ok
}

// List returns a claim that is a list, such as the groups of a user. The claims
// iss, sub and jti are single strings in every token (RFC 7519 section 4.1), so that
// a list in their place is none.
func (c Claims) List(name string) ([]any, bool) {
	switch name {
	case "iss", "sub", "jti":
		return nil, false
	}
	list, ok := c[name].([]any)
	return list, ok
}

// issuedBy wants the iss claim to equal the URL, byte for byte.
func (c Claims) issuedBy(url string) error {
	issuer, ok := c.Text("iss")
	if !ok || issuer == "" {
		return errors.New("the token does not name its issuer (iss)")
	}
	if issuer != url {
		return fmt.Errorf("the token is issued by %s, not by %q", quote(issuer), url)
	}
	return nil
}

// audience returns the first of the wanted audiences that the token is for. The
// aud claim is a string or a list of strings (RFC 7519 section 4.1.3).
func (c Claims) audience(wanted []string) (string, error) {
	list, isList := c["aud"].([]any)
	if !isList {
		list = []any{c["aud"]}
	}
	var first string
	for i, item := range list {
		text, ok := item.(string)
		if !ok {
			return "", errors.New("the token's audience (aud) is absent, or not a string or a list of strings")
		}
		if i == 0 {
			first = text
		}
	}
	for _, audience := range wanted {
		if audience != "" && slices.Contains(list, any(audience)) {
			return audience, nil
		}
	}
	whom := quote(first)
	switch len(list) {
	case 0:
		whom = "nobody"
	case 1:
	default:
		whom += fmt.Sprintf(" and %d more", len(list)-1)
	}
	return "", fmt.Errorf("the token is for %s, not for %s", whom, remedy(wanted))
}

// remedy names the audience to ask for: the first of those that are taken.
func remedy(wanted []string) string {
	if len(wanted) == 0 {
		return "this registry"
	}
	return fmt.Sprintf("%q; request that audience", wanted[0])
}

// lifetime is what a token says of its times: iat, nbf and exp. Those that are
// absent are zero.
type lifetime struct{ issued, begins, expires time.Time }

// holdsAt wants the time between nbf and exp, of which exp is required, and iat
// not ahead of it.
func (c Claims) holdsAt(now time.Time) (life lifetime, err error) {
	var found bool
	if life.expires, found, err = c.date("exp"); err != nil {
		return life, err
	}
	switch {
	case !found:
		return life, errors.New("the token has no end (exp)")
	case !now.Before(life.expires.Add(leeway)):
		return life, fmt.Errorf("the token expired at %s", life.expires.Format(time.RFC3339))
	}
	life.begins, found, err = c.date("nbf")
	if err == nil && found && now.Add(leeway).Before(life.begins) {
		err = fmt.Errorf("the token does not hold before %s (nbf)", life.begins.Format(time.RFC3339))
	}
	if err != nil {
		return life, err
	}
	life.issued, found, err = c.date("iat")
	if err == nil && found && now.Add(leeway).Before(life.issued) {
		err = fmt.Errorf("the token is issued at %s (iat), which is yet to come", life.issued.Format(time.RFC3339))
	}
	return life, err
}

// date returns a claim that is a NumericDate (RFC 7519 section 2): seconds since
// 1970, to the second, not after the year 9999.
func (c Claims) date(name string) (date time.Time, found bool, err error) {
	value, found := c[name]
	if !found {
		return date, false, nil
	}
	const year10000 = 253402300800
	seconds, isNumber := value.(float64)
	if !isNumber || !(seconds >= 0 && seconds < year10000) {
		return date, true, fmt.Errorf("the token's %s is not a number of seconds since 1970", name)
	}
	return time.Unix(int64(math.Floor(seconds)), 0).UTC(), true, nil
}

// same tells whether two values of generic JSON are equal, to the last.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, value := range a {
			if other, found := b[name]; !found || !same(value, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	}
	return a == b
}
