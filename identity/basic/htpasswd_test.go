package basic

import (
	"strings"
	"testing"

	"extauthz/diag"
)

// Lines of users whose passwords are alice-secret and bob-secret.
const (
	aliceLine = "alice:$2a$04$LgR1pVdhT.VogB6bsY9v8OCJ5T6U7ZIZYU.5gK.gOgZD0p4B4gKHy"
	bobLine   = "bob:$2a$04$1ZVT102x6Yy1sC4acscZbewLqr36/hN0TaoBh6H/zaSz9G6VbSMQG"
)

func TestParseFile(t *testing.T) {
	h, err := ParseFile("htpasswd", []byte("# users\n\n"+aliceLine+"\r\n"+bobLine))
	if err != nil {
		t.Fatal(err)
	}
	if !h.Has("alice") || !h.Has("bob") || h.Has("carol") || len(h.lines) != 2 {
		t.Errorf("lines: %v", len(h.lines))
	}
}

func TestParseFileRefuses(t *testing.T) {
	hash := strings.TrimPrefix(aliceLine, "alice:")
	for _, c := range []struct{ name, text, want string }{
		{"no colon", "alice", "htpasswd:1: no colon"},
		{"second line", aliceLine + "\nbob", "htpasswd:2: no colon"},
		{"no user", ":" + hash, "htpasswd:1: the user name is empty"},
		{"twice", aliceLine + "\n" + aliceLine, `htpasswd:2: user "alice" is listed twice`},
		{"plain text", "alice:alice-secret", `the hash of user "alice" is not bcrypt`},
		{"MD5", "alice:$apr1$abcdefgh$0123456789012345678901", "is not bcrypt"},
		{"SHA-1", "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "is not bcrypt"},
		{"truncated hash", aliceLine[:len(aliceLine)-1], "is not bcrypt"},
		{"a blank after the hash", aliceLine + " ", `the line of user "alice" has whitespace after the hash; remove it`},
		{"a tab after the hash", aliceLine + "\t", `the line of user "alice" has whitespace after the hash; remove it`},
		{"a blank before a Windows line end", aliceLine + " \r", `has whitespace after the hash`},
		{"a no-break space after the hash", aliceLine + "\u00a0", `has whitespace after the hash`},
		{"a blank before the hash", strings.Replace(aliceLine, ":", ": ", 1), `the line of user "alice" has whitespace before the hash; remove it`},
		{"a blank after a text that is not a hash", "alice:alice-secret ", `the hash of user "alice" is not bcrypt`},
		{"text after the hash", aliceLine + "x", "is not bcrypt"},
		{"an invalid salt", "alice:" + hash[:7] + "!" + hash[8:], "is not bcrypt"},
		{"an invalid hash", "alice:" + hash[:59] + "!", "is not bcrypt"},
		{"a bcrypt without minor version", "alice:$2$10$" + hash[7:] + "a", "is not bcrypt"},
		{"too costly", "alice:" + strings.Replace(hash, "$04$", "$15$", 1), "has cost 15, which each request with a wrong password takes; use at most 14"},
		{"the login name of tokens", "AWS:" + hash, `user name "AWS" is reserved for logins`},
		{"a role", "123456789012/ci:" + hash, "is reserved for logins"},
		{"control character", "al\x01ice:" + hash, "control characters"},
		{"not UTF-8", "al\xffice:" + hash, "not UTF-8"},
		{"blank", " alice:" + hash, "begins or ends with a blank"},
		{"byte order mark", "\ufeff# users\n", "no colon"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseFile("htpasswd", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), hash) || strings.Contains(err.Error(), "alice-secret") {
				t.Errorf("the error contains a hash or password: %v", err)
			}
		})
	}
}

// TestParseFileReportsAllLines checks that each faulty line is reported at its position.
func TestParseFileReportsAllLines(t *testing.T) {
	_, err := ParseFile("htpasswd", []byte("alice\n"+bobLine+"\nAWS:x\ncarol:secret\n"))
	list := diag.Of(err)
	if len(list) != 3 {
		t.Fatalf("%v", err)
	}
	for i, line := range []int32{1, 3, 4} {
		if want := diag.File("htpasswd").At(diag.Point{Line: line}); list[i].Position != want || list[i].Remedy == "" {
			t.Errorf("%+v, want %v and a remedy", list[i], want)
		}
	}
}
