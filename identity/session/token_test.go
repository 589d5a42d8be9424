package session

import (
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestVerifyReturnsTheSignedSession(t *testing.T) {
	for name, text := range map[string][]byte{"Ed25519": ed25519Key(t), "P-256": ecdsaKey(t, elliptic.P256())} {
		t.Run(name, func(t *testing.T) {
			s := service(t, map[string][]byte{"20260101T000000Z.pem": text})
			for _, use := range []Use{Access, Refresh} {
				for _, want := range []*Session{newSession(), {ID: "x", Registry: "main", Principal: Anonymous, IssuedAt: now, Expires: now.Add(time.Minute)}} {
					raw := sign(t, s, use, want)
					if UseOf(raw) != use {
						t.Errorf("use %q, want %q", UseOf(raw), use)
					}
					token, err := s.Verify(use, raw, "main", now)
					if err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(token.Session, want) || token.KeyID != s.Keys().Signer(now) {
						t.Errorf("session %+v with key %s, want %+v", token.Session, token.KeyID, want)
					}
				}
			}
		})
	}
}

// TestVerifyRefuses checks every way in which a token is not the one that the service signed
// for this use.
func TestVerifyRefuses(t *testing.T) {
	key := ed25519Key(t)
	s := service(t, map[string][]byte{"20260101T000000Z.pem": key})
	signer := s.Keys().signer(now)
	signed := func(use Use, change func(*claims)) string {
		c := claimsOf(issuer, newSession())
		change(&c)
		other := *s
		other.Issuer = c.Issuer
		return sign(t, &other, use, c.session())
	}
	of := func(use Use, payload string) string {
		text, err := signer.signers[use].Sign([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := text.CompactSerialize()
		return raw
	}
	good := signed(Access, func(*claims) {})
	parts := strings.Split(good, ".")
	encode := base64.RawURLEncoding.EncodeToString
	header := func(text string) string { return encode([]byte(text)) }
	mac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: s.Keys().JWKS()}, new(jose.SignerOptions).WithType(jose.ContentType(Access)))
	if err != nil {
		t.Fatal(err)
	}
	hmac, err := mac.Sign([]byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	withMAC, _ := hmac.CompactSerialize()
	for _, c := range []struct {
		name, raw, registry string
		at                  time.Time
		want                string
	}{
		{"another registry", good, "other", now, "for another registry"},
		{"a registry without a name", signed(Access, func(c *claims) { c.Audience = "" }), "", now, "for another registry"},
		{"another issuer", signed(Access, func(c *claims) { c.Issuer = issuer + "/" }), "main", now, "of another issuer"},
		{"another key", sign(t, service(t, map[string][]byte{"20260101T000000Z.pem": ed25519Key(t)}), Access, newSession()), "main", now, "is not known"},
		{"a refresh token", signed(Refresh, func(*claims) {}), "main", now, "only accepted by the token endpoint"},
		{"expired", good, "main", now.Add(time.Hour + leeway), "expired at 2026-11-29T13:00:00Z"},
		{"from the future", signed(Access, func(c *claims) { c.IssuedAt = now.Add(leeway).Unix() + 1 }), "main", now, "begins in the future"},
		{"no principal", signed(Access, func(c *claims) { c.Subject = "" }), "main", now, "incomplete"},
		{"no end", signed(Access, func(c *claims) { c.Expires = 0 }), "main", now, "incomplete"},
		{"a claim that is not known", of(Access, `{"iss":"`+issuer+`","aud":"main","sub":"anonymous","jti":"x","iat":1,"exp":99999999999,"policy":"{}"}`), "main", now, "not known here"},
		{"a claim twice", of(Access, `{"iss":"`+issuer+`","aud":"main","sub":"a","sub":"anonymous","jti":"x","iat":1,"exp":99999999999}`), "main", now, "not known here"},
		{"no JSON", of(Access, `[]`), "main", now, "not known here"},
		{"another payload", parts[0] + "." + encode([]byte(`{"sub":"root"}`)) + "." + parts[2], "main", now, "signature"},
		{"no signature", parts[0] + "." + parts[1] + ".", "main", now, ""},
		{"the algorithm none", header(`{"alg":"none","typ":"extauthz-session+jwt"}`) + "." + parts[1] + ".", "main", now, "malformed"},
		{"another algorithm", header(`{"alg":"ES256","kid":"`+signer.id+`","typ":"extauthz-session+jwt"}`) + "." + parts[1] + "." + parts[2], "main", now, "another algorithm"},
		{"a MAC with the public key", withMAC, "main", now, "malformed"},
		{"an access token by its header only", header(`{"alg":"EdDSA","kid":"`+signer.id+`","typ":"extauthz-session+jwt"}`) + "." + strings.Join(strings.Split(signed(Refresh, func(*claims) {}), ".")[1:], "."), "main", now, "signature"},
		{"cut off", good[:len(good)-8], "main", now, ""},
		{"too long", good + strings.Repeat("A", maxToken), "main", now, "too long"},
		{"a password", "secret", "main", now, "not a token of a session"},
		{"empty", "", "main", now, "not a token of a session"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if token, err := s.Verify(Access, c.raw, c.registry, c.at); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("token %+v, error %v, want %q", token, err, c.want)
			}
		})
	}
	if _, err := s.Verify(Access, good, "main", now.Add(time.Hour+leeway-time.Second)); err != nil {
		t.Errorf("a token within the tolerance: %v", err)
	}
	if _, err := s.Verify(Refresh, good, "main", now); err == nil || !strings.Contains(err.Error(), "cannot be exchanged") {
		t.Errorf("a session token as a refresh token: error %v", err)
	}
}

// TestCovers checks that a token that was verified ends with its time and with its key.
func TestCovers(t *testing.T) {
	first, second := ed25519Key(t), ed25519Key(t)
	keys := parsed(t, map[string][]byte{"20260101T000000Z.pem": first})
	s := &Service{Issuer: issuer, Keys: func() *Keys { return keys }}
	token, err := s.Verify(Access, sign(t, s, Access, newSession()), "main", now)
	if err != nil {
		t.Fatal(err)
	}
	end := now.Add(time.Hour + leeway)
	if !s.Covers(token, now) || !s.Covers(token, end.Add(-time.Second)) || s.Covers(token, end) {
		t.Error("the token does not end at its time")
	}
	keys = parsed(t, map[string][]byte{"20260101T000000Z.pem": first, "20260102T000000Z.pem": second})
	if !s.Covers(token, now) {
		t.Error("the token ends with a new key")
	}
	keys = parsed(t, map[string][]byte{"20260101T000000Z.pem": second})
	if s.Covers(token, now) {
		t.Error("the token does not end with its key")
	}
	if keys = nil; s.Covers(token, now) {
		t.Error("the token does not end without keys")
	}
}

func TestSignRefuses(t *testing.T) {
	key := ed25519Key(t)
	large := newSession()
	large.Tags["long"] = strings.Repeat("x", maxToken)
	for name, c := range map[string]struct {
		s    *Service
		use  Use
		what *Session
		is   error
	}{
		"no keys":           {&Service{issuer, func() *Keys { return nil }}, Access, newSession(), ErrNoKey},
		"a key of tomorrow": {service(t, map[string][]byte{"20261130T000000Z.pem": key}), Access, newSession(), ErrNoKey},
		"no use":            {service(t, map[string][]byte{"20260101T000000Z.pem": key}), "", newSession(), ErrNoKey},
		"too large":         {service(t, map[string][]byte{"20260101T000000Z.pem": key}), Access, large, nil},
	} {
		if token, err := c.s.Sign(c.use, c.what, now); err == nil || token != "" || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: token %q, error %v, want %v", name, token, err, c.is)
		}
	}
}

// FuzzVerify checks that no text is accepted except the tokens that the service signed.
func FuzzVerify(f *testing.F) {
	s := service(f, map[string][]byte{"20260101T000000Z.pem": ed25519Key(f), "20260102T000000Z.pem": ecdsaKey(f, elliptic.P256())})
	good := sign(f, s, Access, newSession())
	parts := strings.Split(good, ".")
	f.Add(good[:len(good)-1])
	f.Add(parts[0] + ".e30." + parts[2])
	f.Add("..")
	f.Add(parts[0] + ".." + parts[2])
	f.Fuzz(func(t *testing.T, raw string) {
		_ = UseOf(raw)
		token, err := s.Verify(Access, raw, "main", now)
		if err != nil {
			return
		}
		got := strings.Split(raw, ".")
		if got[0] != parts[0] || got[1] != parts[1] || token.Session == nil {
			t.Errorf("accepted %q", raw)
		}
	})
}
