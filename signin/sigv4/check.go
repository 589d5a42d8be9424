package sigv4

import (
	"context"
	"crypto/hmac"
	"maps"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// errMismatch is the error of every wrong signature, in AWS's words.
var errMismatch = &Error{Mismatch, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}

// Check returns nil if the request is signed with the secret, and otherwise an Error.
func (s *Request) Check(secret string) error {
	again := &http.Request{Method: s.method, Host: s.host, URL: &url.URL{Path: "/"}, Header: maps.Clone(s.headers)}
	if s.signsLength {
		again.ContentLength = int64(s.length)
	}
	// A signer keeps keys that it has derived by access key, whatever the secret. So each
	// check has its own.
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: s.AccessKeyID, SecretAccessKey: secret}, again,
		s.bodyHash, s.service, s.Region, s.Time)
	if err != nil || secret == "" || !hmac.Equal([]byte(again.Header.Get("Authorization")), []byte(s.authorization)) {
		return errMismatch
	}
	return nil
}
