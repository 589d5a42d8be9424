package oidc

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
