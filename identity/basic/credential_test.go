package basic

import (
	"encoding/base64"
	"testing"
)

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestParseCredential(t *testing.T) {
	for _, c := range []struct{ name, credential, user, password string }{
		{"plain", encode("alice:secret"), "alice", "secret"},
		{"colons in the password", encode("alice:a:b:"), "alice", "a:b:"},
		{"empty password", encode("alice:"), "alice", ""},
		{"UTF-8", encode("müller:pässwörd"), "müller", "pässwörd"},
		{"a role's name", encode("123456789012/ci:token"), "123456789012/ci", "token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			user, password, err := ParseCredential(c.credential)
			if err != nil || user != c.user || password != c.password {
				t.Errorf("got %q, %q, %v", user, password, err)
			}
		})
	}
}

func TestParseCredentialRefuses(t *testing.T) {
	for _, c := range []struct{ name, credential string }{
		{"empty", ""},
		{"not base64", "alice:secret"},
		{"URL-safe alphabet", "_-__"},
		{"no padding", "YWxpY2U6c2VjcmV0cw"},
		{"bits after the end", "YWxpY2U6c2VjcmV0c3=="},
		{"line break inside", encode("alice:secret")[:4] + "\n" + encode("alice:secret")[4:]},
		{"two credentials", encode("alice:secret") + "," + encode("bob:secret")},
		{"blank before", " " + encode("alice:secret")},
		{"no colon", encode("alice")},
		{"empty user", encode(":secret")},
		{"NUL in the user", encode("alice\x00:secret")},
		{"NUL in the password", encode("alice:sec\x00ret")},
		{"line feed", encode("alice:sec\nret")},
		{"DEL", encode("alice\x7f:secret")},
		{"not UTF-8", encode("al\xffice:secret")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if user, _, err := ParseCredential(c.credential); err == nil {
				t.Errorf("accepted as %q", user)
			}
		})
	}
}

// FuzzParseCredential checks that an accepted credential encodes back to the same text,
// so that no credential can be read in two ways.
func FuzzParseCredential(f *testing.F) {
	for _, seed := range []string{encode("alice:secret"), encode("a:"), "", "=", "////"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, credential string) {
		user, password, err := ParseCredential(credential)
		if err == nil && encode(user+":"+password) != credential {
			t.Errorf("%q was read as %q and %q", credential, user, password)
		}
	})
}
