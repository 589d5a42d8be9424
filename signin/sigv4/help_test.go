package sigv4

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	_ "extauthz/goldentest"
)

const (
	keyID  = "AKIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	form   = "Action=GetCallerIdentity&Version=2011-06-15"
)

// now is the time of every test.
var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// A signed is a signed request as a server receives it.
type signed struct {
	*http.Request
	body []byte
}

// newSigned returns a request as the SDK for Go signs it and a server receives it.
func newSigned(t testing.TB, service, region, token, body string, at time.Time) signed {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://"+service+".example.com/", bytes.NewReader([]byte(body)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Amz-Target", "Service.Operation")
	r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3")
	hash := sha256.Sum256([]byte(body))
	credentials := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: token}
	if err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(hash[:]), service, region, at); err != nil {
		t.Fatal(err)
	}
	return received(t, r)
}

// received returns the request that a server receives.
func received(t testing.TB, r *http.Request) signed {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, isSet := r.Header["Content-Length"]; !isSet && r.ContentLength > 0 {
		r.Header.Set("Content-Length", "43")
	}
	return signed{r, body}
}

// verify reports whether a request is signed with the secret.
func (s signed) verify(service, secret string) error {
	parsed, err := Parse(s.Request, s.body, service, now)
	if err != nil {
		return err
	}
	return parsed.Check(secret)
}

// codeOf returns the code of an error.
func codeOf(t testing.TB, err error) Code {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is of another type", err)
	}
	return e.Code
}
