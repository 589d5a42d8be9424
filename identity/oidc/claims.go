package oidc

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// ErrExpired is the error of a token that was valid before.
var ErrExpired = errors.New("the token expired")

// leeway is how far the clocks of an issuer and of this machine may differ.
const leeway = 60 * time.Second

// Claims are the claims of a token as generic JSON: strings, float64, bool, nil,
// []any and map[string]any. They are shared between requests and must not be changed.
//
// Only a claim that is a string may identify a caller: numbers from 2^53 on are rounded, so
// that two become one.
type Claims map[string]any

// Text returns a claim, and reports whether it is present and a string.
func (c Claims) Text(name string) (string, bool) {
	text, ok := c[name].(string)
	return text, ok
}

// List returns a claim, such as the groups of a user, and reports whether it is present and
// a list. The claims iss, sub and jti are single strings in every token (RFC 7519, section
// 4.1), so that List does not report lists in their place.
func (c Claims) List(name string) ([]any, bool) {
	switch name {
	case "iss", "sub", "jti":
		return nil, false
	}
	list, ok := c[name].([]any)
	return list, ok
}

// checkIssuer checks that the iss claim equals the URL, byte for byte.
func (c Claims) checkIssuer(url string) error {
	issuer, ok := c.Text("iss")
	if !ok || issuer == "" {
		return errors.New("the token does not name its issuer (iss)")
	}
	if issuer != url {
		return fmt.Errorf("the token is issued by %s, not by %q", quote(issuer), url)
	}
	return nil
}

// audience returns the first of the accepted audiences that the token is for. The aud claim
// is a string or a list of strings (RFC 7519, section 4.1.3).
func (c Claims) audience(accepted []string) (string, error) {
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
	for _, audience := range accepted {
		if audience != "" && slices.Contains(list, any(audience)) {
			return audience, nil
		}
	}
	tokenIsFor := quote(first)
	switch len(list) {
	case 0:
		tokenIsFor = "no audience"
	case 1:
	default:
		tokenIsFor += fmt.Sprintf(" and %d more", len(list)-1)
	}
	return "", fmt.Errorf("the token is for %s, not for %s", tokenIsFor, expectedAudience(accepted))
}

// expectedAudience returns the audience that the client should request.
func expectedAudience(accepted []string) string {
	if len(accepted) == 0 {
		return "this registry"
	}
	return fmt.Sprintf("%q; request that audience", accepted[0])
}

// validity contains the times of a token: iat, nbf and exp. An absent one is zero.
type validity struct{ issuedAt, notBefore, expires time.Time }

// checkTimes checks that now is between nbf and exp, and not before iat. exp is required.
func (c Claims) checkTimes(now time.Time) (life validity, err error) {
	var found bool
	if life.expires, found, err = c.date("exp"); err != nil {
		return life, err
	}
	switch {
	case !found:
		return life, errors.New("the token does not expire (exp is absent)")
	case !now.Before(life.expires.Add(leeway)):
		return life, fmt.Errorf("%w at %s", ErrExpired, life.expires.Format(time.RFC3339))
	}
	life.notBefore, found, err = c.date("nbf")
	if err == nil && found && now.Add(leeway).Before(life.notBefore) {
		err = fmt.Errorf("the token is not valid before %s (nbf)", life.notBefore.Format(time.RFC3339))
	}
	if err != nil {
		return life, err
	}
	life.issuedAt, found, err = c.date("iat")
	if err == nil && found && now.Add(leeway).Before(life.issuedAt) {
		err = fmt.Errorf("the token was issued at %s (iat), which is in the future", life.issuedAt.Format(time.RFC3339))
	}
	return life, err
}

// date returns a claim that is a NumericDate (RFC 7519, section 2): seconds since 1970,
// rounded down, not after the year 9999.
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

// equalJSON reports whether two values of generic JSON are equal.
func equalJSON(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, value := range a {
			if other, found := b[name]; !found || !equalJSON(value, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equalJSON)
	}
	return a == b
}
