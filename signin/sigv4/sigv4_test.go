package sigv4

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPublishedSignatures checks signatures that AWS published (the Signature Version 4 test
// suite), for requests with the path / and without a query.
func TestPublishedSignatures(t *testing.T) {
	const token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	for _, c := range []struct {
		name, method  string
		headers       map[string]string
		body          string
		signedHeaders string
		signature     string
	}{
		{"post-vanilla", "POST", nil, "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"post-header-key-sort", "POST", map[string]string{"My-Header1": "value1"}, "", "host;my-header1;x-amz-date", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
		{"post-header-value-case", "POST", map[string]string{"My-Header1": "VALUE1"}, "", "host;my-header1;x-amz-date", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
		{"get-header-value-trim", "GET", map[string]string{"My-Header1": " value1", "My-Header2": ` "a   b   c"`}, "", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		{"post-x-www-form-urlencoded", "POST", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "Param1=value1", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
		{"post-x-www-form-urlencoded-parameters", "POST", map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf8"}, "Param1=value1", "content-type;host;x-amz-date", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
		{"post-sts-header-before", "POST", map[string]string{"X-Amz-Security-Token": token}, "", "host;x-amz-date;x-amz-security-token", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const secret, date = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z"
			r := httptest.NewRequest(c.method, "http://example.amazonaws.com/", nil)
			r.Header.Set("X-Amz-Date", date)
			for name, value := range c.headers {
				r.Header.Set(name, value)
			}
			header := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + c.signedHeaders + ", Signature=" + c.signature
			r.Header.Set("Authorization", header)
			parsed, err := Parse(r, []byte(c.body), "service", time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			if err := parsed.Check(secret); err != nil {
				t.Error(err)
			}
			if err := parsed.Check(secret + "x"); err == nil {
				t.Error("accepted with another secret")
			}
			if parsed.AccessKeyID != "AKIDEXAMPLE" || parsed.Region != "us-east-1" || parsed.SessionToken != c.headers["X-Amz-Security-Token"] {
				t.Errorf("parsed %+v", parsed)
			}
			if got := twinAuthorization(c.method, r.Host, r.Header, []byte(c.body), strings.Split(c.signedHeaders, ";"), "AKIDEXAMPLE", secret, "us-east-1", "service"); got != header {
				t.Errorf("the reference implementation has %s, want %s", got, header)
			}
		})
	}
}

// TestSignedByTheSDK checks requests of the SDK for Go, with and without a session token.
func TestSignedByTheSDK(t *testing.T) {
	for _, token := range []string{"", "token/with+characters=="} {
		for _, at := range []time.Time{now, now.Add(MaxSkew), now.Add(-MaxSkew)} {
			s := newSigned(t, "sts", "eu-central-1", token, form, at)
			parsed, err := Parse(s.Request, s.body, "sts", now)
			if err != nil {
				t.Fatal(err)
			}
			if parsed.AccessKeyID != keyID || parsed.SessionToken != token || parsed.Region != "eu-central-1" || !parsed.Time.Equal(at) {
				t.Errorf("parsed %+v", parsed)
			}
			if err := parsed.Check(secret); err != nil {
				t.Error(err)
			}
			if err := parsed.Check(secret); err != nil {
				t.Errorf("the second time: %v", err)
			}
			for _, other := range []string{"", secret[1:], strings.ToLower(secret)} {
				if err := parsed.Check(other); err == nil || codeOf(t, err) != Mismatch {
					t.Errorf("secret %q: error %v", other, err)
				}
			}
		}
	}
}

// TestRefuses checks that a change of each part of a request is refused.
func TestRefuses(t *testing.T) {
	authorization := func(from, to string) func(*signed) {
		return func(s *signed) {
			before := s.Header.Get("Authorization")
			after := strings.Replace(before, from, to, 1)
			if before == after {
				panic("no change")
			}
			s.Header.Set("Authorization", after)
		}
	}
	set := func(name, value string) func(*signed) { return func(s *signed) { s.Header.Set(name, value) } }
	add := func(name, value string) func(*signed) { return func(s *signed) { s.Header.Add(name, value) } }
	for _, c := range []struct {
		name   string
		change func(*signed)
		code   Code
		want   string
	}{
		{"the method", func(s *signed) { s.Method = http.MethodPut }, Mismatch, "does not match"},
		{"the path", func(s *signed) { s.URL.Path = "/x" }, Incomplete, "the path must be /"},
		{"an escaped path", func(s *signed) { s.URL.Path, s.URL.RawPath = "//", "/%2f" }, Incomplete, "the path must be /"},
		{"no path", func(s *signed) { s.URL.Path = "" }, Incomplete, "the path must be /"},
		{"a query", func(s *signed) { s.URL.RawQuery = "Action=AssumeRole" }, Incomplete, "without a query"},
		{"an empty query", func(s *signed) { s.URL.ForceQuery = true }, Incomplete, "without a query"},
		{"a signature in the query", func(s *signed) { s.Header.Del("Authorization"); s.URL.RawQuery = "X-Amz-Signature=00" }, Missing, "missing Authentication Token"},
		{"the host", func(s *signed) { s.Host = "ecr.example.com" }, Mismatch, "does not match"},
		{"the port", func(s *signed) { s.Host += ":443" }, Mismatch, "does not match"},
		{"the body", func(s *signed) { s.body[0] = 'a' }, Mismatch, "does not match"},
		{"the length of the body", func(s *signed) { s.body = append(s.body, 'x') }, Incomplete, "Content-Length is not"},
		{"the content type", set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), Mismatch, "does not match"},
		{"no content type", func(s *signed) { s.Header.Del("Content-Type") }, Incomplete, "once"},
		{"the target", set("X-Amz-Target", "Service.Other"), Mismatch, "does not match"},
		{"another header that is signed", set("Amz-Sdk-Request", "attempt=2; max=3"), Mismatch, "does not match"},
		{"the session token", set("X-Amz-Security-Token", "other"), Mismatch, "does not match"},
		{"no session token", func(s *signed) { s.Header.Del("X-Amz-Security-Token") }, Incomplete, "once"},
		{"a repeated header", add("X-Amz-Target", "Service.Operation"), Incomplete, "once"},
		{"a repeated date", add("X-Amz-Date", "20261129T120000Z"), Incomplete, "once"},
		{"a header of AWS that is not signed", set("X-Amz-User-Agent", "x"), Incomplete, "must cover"},
		{"a stated hash that is not signed", set("X-Amz-Content-Sha256", hashOf([]byte(form))), Incomplete, "must cover"},
		{"the time", set("X-Amz-Date", "20261129T120001Z"), Mismatch, "does not match"},
		{"the day", set("X-Amz-Date", "20261128T120000Z"), Mismatch, "Date in Credential scope does not match"},
		{"no time", func(s *signed) { s.Header.Del("X-Amz-Date") }, Incomplete, "once"},
		{"another form of time", set("X-Amz-Date", "Sun, 29 Nov 2026 12:00:00 GMT"), Incomplete, "is not a time"},
		{"no valid time", set("X-Amz-Date", "20261329T120000Z"), Incomplete, "is not a time"},
		{"the date of the scope", authorization("/20261129/", "/20261128/"), Mismatch, "Date in Credential scope"},
		{"the region", authorization("eu-central-1", "eu-west-1"), Mismatch, "does not match"},
		{"the service", authorization("/sts/", "/ecr/"), Mismatch, "correct service: 'sts'"},
		{"the end of the scope", authorization("aws4_request", "aws4_requests"), Incomplete, "must have Credential"},
		{"the signature", func(s *signed) {
			h := s.Header.Get("Authorization")
			s.Header.Set("Authorization", h[:len(h)-1]+string("10"[strings.IndexByte("01", h[len(h)-1])+1:][:1]))
		}, Mismatch, "does not match"},
		{"a short signature", func(s *signed) { h := s.Header.Get("Authorization"); s.Header.Set("Authorization", h[:len(h)-1]) }, Incomplete, "must have Credential"},
		{"an upper-case signature", authorization("Signature=", "Signature=A"), Incomplete, "must have Credential"},
		{"a header less that is signed", authorization("amz-sdk-request;", ""), Mismatch, "does not match"},
		{"the host is not signed", authorization(";host", ""), Incomplete, "the header host"},
		{"the time is not signed", authorization(";x-amz-date", ""), Incomplete, "the header x-amz-date"},
		{"the token is not signed", authorization(";x-amz-security-token", ""), Incomplete, "must cover"},
		{"the content type is not signed", authorization("content-type;", ""), Incomplete, "must cover"},
		{"signed headers in another order", authorization("host;x-amz-date", "x-amz-date;host"), Incomplete, "sorted"},
		{"a signed header twice", authorization("host;", "host;host;"), Incomplete, "sorted"},
		{"the signature is signed", authorization("SignedHeaders=", "SignedHeaders=a;authorization;"), Incomplete, "sorted"},
		{"an upper-case name", authorization(";host;", ";Host;"), Incomplete, "must have Credential"},
		{"another order of parts", authorization("SignedHeaders=", "Signature="), Incomplete, "must have Credential"},
		{"text after the signature", func(s *signed) { s.Header.Set("Authorization", s.Header.Get("Authorization")+" ") }, Incomplete, "must have Credential"},
		{"two signatures", func(s *signed) { s.Header.Add("Authorization", s.Header.Get("Authorization")) }, Incomplete, "repeated"},
		{"another algorithm", authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), Incomplete, "not that of"},
		{"another scheme", set("Authorization", "Basic QVdTOng="), Incomplete, "not that of"},
		{"no signature", func(s *signed) { s.Header.Del("Authorization") }, Missing, "missing Authentication Token"},
		{"a very long header", set("Authorization", strings.Repeat("x", maxAuthorization+1)), Incomplete, "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSigned(t, "sts", "eu-central-1", "token", form, now)
			if err := s.verify("sts", secret); err != nil {
				t.Fatal(err)
			}
			c.change(&s)
			err := s.verify("sts", secret)
			if err == nil || codeOf(t, err) != c.code || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), keyID)) {
				t.Errorf("the error has a part of the credential: %v", err)
			}
		})
	}
}

// TestTime checks that a signature is valid for fifteen minutes, before and after.
func TestTime(t *testing.T) {
	for at, want := range map[time.Duration]string{
		-MaxSkew - time.Second: "Signature expired: 20261129T114459Z is now earlier than 20261129T114500Z (20261129T120000Z - 15 min.)",
		MaxSkew + time.Second:  "Signature not yet current: 20261129T121501Z is still later than 20261129T121500Z (20261129T120000Z + 15 min.)",
		-MaxSkew:               "",
		MaxSkew:                "",
	} {
		err := newSigned(t, "ecr", "eu-central-1", "", form, now.Add(at)).verify("ecr", secret)
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%v: error %v, want %q", at, err, want)
		}
	}
}

// TestStatedHash checks the header in which some clients state the hash of the body.
func TestStatedHash(t *testing.T) {
	for stated, ok := range map[string]bool{hashOf([]byte(form)): true, hashOf(nil): false, "UNSIGNED-PAYLOAD": false, strings.ToUpper(hashOf([]byte(form))): false, "": false} {
		r := httptest.NewRequest(http.MethodPost, "https://sts.example.com/", nil)
		r.Header.Set("X-Amz-Date", "20261129T120000Z")
		r.Header.Set("X-Amz-Content-Sha256", stated)
		r.Header.Set("Authorization", twinAuthorization("POST", r.Host, r.Header, []byte(form), []string{"host", "x-amz-content-sha256", "x-amz-date"}, keyID, secret, "eu-central-1", "sts"))
		if err := (signed{r, []byte(form)}).verify("sts", secret); (err == nil) != ok {
			t.Errorf("%q: error %v", stated, err)
		}
	}
}

// TestHeadersThatSignersIgnore checks headers that the SDK does not sign, and other clients may.
func TestHeadersThatSignersIgnore(t *testing.T) {
	for _, name := range []string{"user-agent", "expect", "x-amzn-trace-id", "x-b3-traceid"} {
		r := httptest.NewRequest(http.MethodPost, "https://sts.example.com/", nil)
		r.Header.Set("X-Amz-Date", "20261129T120000Z")
		r.Header.Set(name, "text")
		names := []string{"host", "x-amz-date", name}
		slices.Sort(names)
		r.Header.Set("Authorization", twinAuthorization("POST", r.Host, r.Header, []byte(form), names, keyID, secret, "eu-central-1", "sts"))
		s := signed{r, []byte(form)}
		if err := s.verify("sts", secret); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r.Header.Set(name, "other")
		if err := s.verify("sts", secret); err == nil {
			t.Errorf("%s: accepted after a change", name)
		}
	}
}

func TestCodes(t *testing.T) {
	for code, want := range map[Code]struct {
		query, json string
		status      int
	}{
		Mismatch:   {"SignatureDoesNotMatch", "InvalidSignatureException", 403},
		Missing:    {"MissingAuthenticationToken", "MissingAuthenticationTokenException", 403},
		Incomplete: {"IncompleteSignature", "IncompleteSignatureException", 400},
		Unknown:    {"InvalidClientTokenId", "UnrecognizedClientException", 403},
		Expired:    {"ExpiredToken", "ExpiredTokenException", 403},
		Code(99):   {"SignatureDoesNotMatch", "InvalidSignatureException", 403},
	} {
		if code.Query() != want.query || code.JSON() != want.json || code.QueryStatus() != want.status {
			t.Errorf("%d: %s, %s, %d", code, code.Query(), code.JSON(), code.QueryStatus())
		}
	}
}
