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

	"extauthz/identity/accesskey"
)

// newCredentialsSession returns a session with every claim, for temporary credentials.
func newCredentialsSession() *Session {
	s := newSession()
	s.Registry, s.InlinePolicy, s.TransitiveTags = "", `{"Version":"2012-10-17"}`, []string{"team"}
	return s
}

func seal(t testing.TB, s *Service, o Operation, session *Session) *Credentials {
	t.Helper()
	c, err := s.Seal(o, session, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOpenReturnsTheSealedCredentials checks that a replica with the same keys returns the
// credentials that another issued, also after a new key.
func TestOpenReturnsTheSealedCredentials(t *testing.T) {
	for name, text := range map[string][]byte{"Ed25519": ed25519Key(t), "P-256": ecdsaKey(t, elliptic.P256())} {
		t.Run(name, func(t *testing.T) {
			s := service(t, map[string][]byte{"20260101T000000Z.pem": text})
			replica := service(t, map[string][]byte{"20260101T000000Z.pem": text, "20260102T000000Z.pem": ed25519Key(t)})
			for _, o := range []Operation{AssumeRole, AssumeRoleWithWebIdentity, GetFederationToken, GetSessionToken} {
				want := seal(t, s, o, newCredentialsSession())
				if !accesskey.IsID(want.AccessKeyID, accesskey.Temporary) || len(want.SecretAccessKey) != accesskey.SecretLength || want.KeyID != s.Keys().Signer(now) {
					t.Errorf("credentials %+v", want)
				}
				got, err := replica.Open(want.AccessKeyID, want.SessionToken, now)
				if err != nil {
					t.Fatal(err)
				}
				want.Session.ID = got.Session.ID
				if !reflect.DeepEqual(got, want) {
					t.Errorf("opened %+v, want %+v", got, want)
				}
				for _, part := range []string{want.Session.Principal, "123456789012", want.SecretAccessKey} {
					if strings.Contains(want.SessionToken, part) || strings.Contains(want.SessionToken, base64.RawURLEncoding.EncodeToString([]byte(part))) {
						t.Errorf("the token shows %q", part)
					}
				}
			}
			a, b := seal(t, s, AssumeRole, newCredentialsSession()), seal(t, s, AssumeRole, newCredentialsSession())
			if a.AccessKeyID == b.AccessKeyID || a.SecretAccessKey == b.SecretAccessKey || a.SessionToken == b.SessionToken {
				t.Error("two credentials are equal")
			}
		})
	}
}

func TestOpenRefusesTokens(t *testing.T) {
	s := service(t, map[string][]byte{"20260101T000000Z.pem": ed25519Key(t)})
	k := s.Keys().signer(now)
	good := seal(t, s, AssumeRole, newCredentialsSession())
	of := func(payload string) string {
		token, err := k.sealing.seal([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	claims := `{"iss":"` + issuer + `","aud":"sts","sub":"x","jti":"x","iat":1,"exp":99999999999,"access_key_id":"` + good.AccessKeyID + `"`
	foreign := *s
	foreign.Issuer = "https://other.example.com"
	typed, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: k.sealing.key, KeyID: k.id}, new(jose.EncrypterOptions).WithType(jose.ContentType(Access)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := typed.Encrypt([]byte(claims + `,"operation":"AssumeRole"}`))
	if err != nil {
		t.Fatal(err)
	}
	withType, _ := other.CompactSerialize()
	parts := strings.Split(good.SessionToken, ".")
	if _, err := s.Open(good.AccessKeyID, of(claims+`,"operation":"AssumeRole"}`), now); err != nil {
		t.Fatalf("a token of this table is not valid: %v", err)
	}
	for _, c := range []struct {
		name, id, token string
		at              time.Time
		want            string
	}{
		{"another access key", "ASIAAAAAAAAAAAAAAAAA", good.SessionToken, now, "of another access key"},
		{"no access key", "", of(strings.Replace(claims, good.AccessKeyID, "", 1) + `,"operation":"AssumeRole"}`), now, "of another access key"},
		{"another key", good.AccessKeyID, seal(t, service(t, map[string][]byte{"20260101T000000Z.pem": ed25519Key(t)}), AssumeRole, newCredentialsSession()).SessionToken, now, "is not known"},
		{"another issuer", "", "", now, "of another issuer"},
		{"a token of a registry", good.AccessKeyID, sign(t, s, Access, newSession()), now, "malformed"},
		{"another type", good.AccessKeyID, withType, now, "not a session token of temporary credentials"},
		{"another audience", good.AccessKeyID, of(strings.Replace(claims, `"sts"`, `"main"`, 1) + `,"operation":"AssumeRole"}`), now, "another registry"},
		{"expired", good.AccessKeyID, good.SessionToken, now.Add(time.Hour + leeway), "the session expired at 2026-11-29T13:00:00Z; sign in again"},
		{"a claim that is not known", good.AccessKeyID, of(claims + `,"operation":"AssumeRole","policy":"{}"}`), now, "not known here"},
		{"an operation that is not known", good.AccessKeyID, of(claims + `,"operation":"AssumeRoot"}`), now, "not known here"},
		{"no operation", good.AccessKeyID, of(claims + `}`), now, "not known here"},
		{"no JSON", good.AccessKeyID, of(`x`), now, "not known here"},
		{"another ciphertext", good.AccessKeyID, parts[0] + ".." + parts[2] + "." + strings.Repeat("A", len(parts[3])) + "." + parts[4], now, "not valid"},
		{"another tag", good.AccessKeyID, strings.Join(parts[:4], ".") + "." + strings.Repeat("A", len(parts[4])), now, "not valid"},
		{"no tag", good.AccessKeyID, strings.Join(parts[:4], ".") + ".", now, ""},
		{"another header", good.AccessKeyID, base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256GCM","kid":"`+k.id+`","typ":"extauthz-credentials+jwe","x":1}`)) + "." + strings.Join(parts[1:], "."), now, "not valid"},
		{"a line end", good.AccessKeyID, good.SessionToken + "\n", now, "malformed"},
		{"cut off", good.AccessKeyID, good.SessionToken[:len(good.SessionToken)-9], now, ""},
		{"too long", good.AccessKeyID, strings.Repeat("A", maxToken+1), now, "too long"},
		{"empty", good.AccessKeyID, "", now, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want == "of another issuer" {
				theirs := seal(t, &foreign, AssumeRole, newCredentialsSession())
				c.id, c.token = theirs.AccessKeyID, theirs.SessionToken
			}
			if opened, err := s.Open(c.id, c.token, c.at); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("opened %+v, error %v, want %q", opened, err, c.want)
			}
		})
	}
	var expired *Expired
	if _, err := s.Open(good.AccessKeyID, good.SessionToken, now.Add(2*time.Hour)); !errors.As(err, &expired) {
		t.Errorf("error %v is not an Expired", err)
	}
	if token, err := s.Verify(Access, good.SessionToken, "sts", now); err == nil || UseOf(good.SessionToken) != "" {
		t.Errorf("accepted by a registry: %+v", token)
	}
}

func TestSealRefuses(t *testing.T) {
	s := service(t, map[string][]byte{"20260101T000000Z.pem": ed25519Key(t)})
	change := func(f func(*Session)) *Session {
		session := newCredentialsSession()
		f(session)
		return session
	}
	for name, c := range map[string]struct {
		s       *Service
		o       Operation
		session *Session
		want    string
	}{
		"no keys":               {&Service{issuer, func() *Keys { return nil }}, AssumeRole, newCredentialsSession(), ErrNoKey.Error()},
		"a key of tomorrow":     {service(t, map[string][]byte{"20261130T000000Z.pem": ed25519Key(t)}), AssumeRole, newCredentialsSession(), ErrNoKey.Error()},
		"no operation":          {s, "", newCredentialsSession(), "no operation of AWS STS"},
		"a registry":            {s, AssumeRole, newSession(), "not for one registry"},
		"an anonymous caller":   {s, AssumeRole, change(func(s *Session) { s.Principal = Anonymous }), "not for one registry"},
		"longer than 36 hours":  {s, GetSessionToken, change(func(s *Session) { s.Expires = now.Add(MaxCredentialsDuration + time.Second) }), "36 hours"},
		"too large for a token": {s, AssumeRole, change(func(s *Session) { s.Tags["long"] = strings.Repeat("x", maxToken) }), "the maximum is 8192"},
	} {
		if got, err := c.s.Seal(c.o, c.session, now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: credentials %v, error %v, want %q", name, got, err, c.want)
		}
	}
}

// TestLargestSessionFits checks that the largest inline policy of IAM fits into a token of each
// kind, with fifty short tags.
func TestLargestSessionFits(t *testing.T) {
	s := service(t, map[string][]byte{"20260101T000000Z.pem": ed25519Key(t)})
	session := newCredentialsSession()
	session.InlinePolicy = strings.Repeat(`"`, 2048) // each of which is escaped
	seal(t, s, AssumeRole, session)
	session.Registry = "main"
	sign(t, s, Access, session)
}

// FuzzOpen checks that no text is accepted except the token that was sealed.
func FuzzOpen(f *testing.F) {
	s := service(f, map[string][]byte{"20260101T000000Z.pem": ed25519Key(f)})
	good := seal(f, s, AssumeRole, newCredentialsSession())
	f.Add(good.SessionToken)
	f.Add(good.SessionToken[:len(good.SessionToken)-1])
	f.Add(good.SessionToken[:len(good.SessionToken)-1] + "B")
	f.Add("....")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := s.Open(good.AccessKeyID, token, now); err == nil && token != good.SessionToken {
			t.Errorf("accepted %q", token)
		}
	})
}
