package identity

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// byBasic finds the caller by HTTP Basic: a user of the password file or, where
// the user name is AWS or names a role, a token in the password's place, as in
// `docker login -u AWS --password-stdin`.
func (a *attempt) byBasic() (*Caller, *Failure) {
	scheme, credential, f := a.authorization()
	if f != nil || !strings.EqualFold(scheme, "basic") {
		return nil, f
	}
	user, password, f := parseBasic(credential)
	switch {
	case f != nil:
		return nil, f
	case user == "AWS":
		return a.byToken(BasicAuth, password, "")
	case strings.Contains(user, "/"):
		role, f := namedRole(a.rules.Partition, user)
		if f != nil {
			return nil, f
		}
		return a.byToken(BasicAuth, password, role)
	}
	if f := a.table.passwords.verify(a.ctx, a.table.users, user, password); f != nil {
		return nil, f
	}
	return a.table.named(name{Basic, user}, a.evidence.Time)
}

// short cuts what a message repeats of a client's text.
func short(text string) string { return text[:min(len(text), 128)] }

// parseBasic splits the credential of a Basic Authorization header (RFC 7617)
// into user and password. It is strict: padded standard base64, valid UTF-8,
// and no control character in either part.
func parseBasic(credential string) (user, password string, f *Failure) {
	raw, err := base64.StdEncoding.Strict().DecodeString(credential)
	if err != nil || strings.ContainsAny(credential, "\r\n") { // which the decoder skips
		return "", "", invalid(BasicAuth, "the credential is not base64")
	}
	user, password, found := strings.Cut(string(raw), ":")
	switch {
	case !found:
		return "", "", invalid(BasicAuth, "the credential has no colon between user and password")
	case user == "":
		return "", "", invalid(BasicAuth, "the user name is empty")
	case !plainText(user) || !plainText(password):
		return "", "", invalid(BasicAuth, "the credential holds control characters or is not UTF-8")
	}
	return user, password, nil
}

func plainText(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
