package identity

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// maxAuthorization bounds the Authorization header that is looked at, in bytes.
const maxAuthorization = 16 << 10

// parseBasic splits the credential of a Basic Authorization header (RFC 7617)
// into user and password. It is strict: padded standard base64, valid UTF-8,
// and no control character in either part.
func parseBasic(credential string) (user, password string, f *Failure) {
	raw, err := base64.StdEncoding.Strict().DecodeString(credential)
	if err != nil || strings.ContainsAny(credential, "\r\n") { // which the decoder skips
		return "", "", invalid("basic", "the credential is not base64")
	}
	user, password, found := strings.Cut(string(raw), ":")
	switch {
	case !found:
		return "", "", invalid("basic", "the credential has no colon between user and password")
	case user == "":
		return "", "", invalid("basic", "the user name is empty")
	case !plainText(user) || !plainText(password):
		return "", "", invalid("basic", "the credential holds control characters or is not UTF-8")
	}
	return user, password, nil
}

// scheme splits an Authorization header into its scheme and what follows.
func scheme(authorization string) (name, credential string) {
	name, credential, _ = strings.Cut(authorization, " ")
	return name, credential
}

func plainText(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
