package basic

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// ParseCredential parses the credential of a Basic Authorization header (RFC 7617). It
// accepts only padded standard base64 of valid UTF-8 without control characters.
func ParseCredential(credential string) (user, password string, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(credential)
	if err != nil || strings.ContainsAny(credential, "\r\n") { // which the decoder skips
		return "", "", errors.New("the credential is not base64")
	}
	user, password, found := strings.Cut(string(raw), ":")
	switch {
	case !found:
		return "", "", errors.New("the credential has no colon between user and password")
	case user == "":
		return "", "", errors.New("the user name is empty")
	case !isText(user) || !isText(password):
		return "", "", errors.New("the credential contains control characters or is not UTF-8")
	}
	return user, password, nil
}

func isText(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
