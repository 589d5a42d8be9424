package signin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"extauthz/authz"
	"extauthz/signin/ecrapi"
	"extauthz/signin/stsapi"
)

// A key is an access key, with the session token of temporary credentials.
type key struct{ ID, Secret, Token string }

// A apiCall is a call of an API of AWS.
type apiCall struct {
	service, region, host string
	target, contentType   string
	body                  string
	at                    time.Time
	change                func(*http.Request) // after it is signed
}

// ecrCall returns a call of Amazon ECR at the registry main.
func ecrCall(operation, body string) apiCall {
	return apiCall{service: "ecr", region: "eu-central-1", host: "registry.example.com", target: "AmazonEC2ContainerRegistry_V20150921." + operation, contentType: ecrapi.ContentType, body: body}
}

// stsCall returns a call of AWS STS at the registry main, with pairs of names and values.
func stsCall(action string, parameters ...string) apiCall {
	values := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i < len(parameters); i += 2 {
		values.Add(parameters[i], parameters[i+1])
	}
	return apiCall{service: "sts", region: "eu-central-1", host: "registry.example.com", contentType: "application/x-www-form-urlencoded; charset=utf-8", body: values.Encode()}
}

// An apiAnswer is the answer to a call.
type apiAnswer struct {
	sent   time.Time // of the call
	status int
	header http.Header
	body   string

	ecrapi.Answer                // of Amazon ECR
	STS           *stsapi.Answer // of AWS STS; nil for an error
	Code, Message string         // of an error
}

// key returns the credentials in an answer of AWS STS.
func (a *apiAnswer) key() *key {
	c := a.STS.Credentials
	return &key{c.AccessKeyID, c.SecretAccessKey, c.SessionToken}
}

// lasts reports whether a time is that of the call and a duration, in whole seconds.
func (a *apiAnswer) lasts(until time.Time, want time.Duration) bool {
	return !until.Before(a.sent.Add(want).Truncate(time.Second)) && !until.After(time.Now().Add(want))
}

// newCall returns a call that is signed with an access key, nil for none.
func (s *system) newCall(k *key, c apiCall) (*http.Request, error) {
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/", strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	r.Host = c.host
	r.Header.Set("Content-Type", c.contentType)
	if c.target != "" {
		r.Header.Set("X-Amz-Target", c.target)
	}
	if k != nil {
		hash := sha256.Sum256([]byte(c.body))
		at := c.at
		if at.IsZero() {
			at = time.Now()
		}
		credentials := aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.Token}
		if err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(hash[:]), c.service, c.region, at); err != nil {
			return nil, err
		}
	}
	r.Header.Set("X-Forwarded-For", "192.0.2.7")
	if c.change != nil {
		c.change(r)
	}
	return r, nil
}

// callAs sends a call that is signed with an access key, nil for none.
func (s *system) callAs(k *key, c apiCall) *apiAnswer {
	s.t.Helper()
	r, err := s.newCall(k, c)
	if err != nil {
		s.t.Fatal(err)
	}
	sent := time.Now()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := &apiAnswer{sent: sent, status: response.StatusCode, header: response.Header, body: string(body)}
	a.decode(s.t, c.service)
	return a
}

// decode decodes the body in the format of the service.
func (a *apiAnswer) decode(t testing.TB, service string) {
	t.Helper()
	if a.header.Get("X-Amzn-Requestid") == "" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", a.header)
	}
	var err error
	switch {
	case service == "ecr" || a.header.Get("Content-Type") == ecrapi.ContentType:
		failure := struct{ Type, Message string }{}
		if err = json.Unmarshal([]byte(strings.Replace(a.body, "__type", "Type", 1)), &failure); err == nil {
			err = json.Unmarshal([]byte(a.body), &a.Answer)
		}
		a.Code, a.Message = failure.Type, failure.Message
	case a.status == http.StatusOK:
		var response struct {
			Result stsapi.Answer `xml:",any"`
		}
		err = xml.Unmarshal([]byte(a.body), &response)
		a.STS = &response.Result
	default:
		var failure struct {
			XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
			ID      string   `xml:"RequestId"`
		}
		err = xml.Unmarshal([]byte(a.body), &failure)
		a.Code, a.Message = failure.Code, failure.Message
	}
	if err != nil {
		t.Errorf("the body %q: %v", a.body, err)
	}
}

// is checks that a call succeeded, or failed with a status, a code and a part of a message.
func (a *apiAnswer) is(t testing.TB, status int, code, message string) *apiAnswer {
	t.Helper()
	if a.status != status || a.Code != code || !strings.Contains(a.Message, message) {
		t.Fatalf("status %d, %s: %s, want %d, %s: %s", a.status, a.Code, a.body, status, code, message)
	}
	return a
}

// works checks that a call succeeded.
func (a *apiAnswer) works(t testing.TB) *apiAnswer {
	t.Helper()
	return a.is(t, http.StatusOK, "", "")
}

// setBody replaces the body of a request.
func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// manyTags returns the parameters of n tags that are as long as possible.
func manyTags(n int) (parameters []string) {
	for i := 1; i <= n; i++ {
		name := "Tags.member." + strconv.Itoa(i)
		parameters = append(parameters, name+".Key", strconv.Itoa(i), name+".Value", strings.Repeat("v", 256))
	}
	return parameters
}

// last returns the decision that was logged last.
func (s *system) last() *authz.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.results[len(s.results)-1]
}

// ci returns temporary credentials of the role ci, which the issuer's tokens assume.
func (s *system) ci(parameters ...string) *key {
	s.t.Helper()
	return s.callAs(nil, stsCall("AssumeRoleWithWebIdentity", append([]string{
		"RoleArn", "arn:aws:iam::123456789012:role/ci", "RoleSessionName", "build", "WebIdentityToken", s.ciToken(nil)}, parameters...)...)).works(s.t).key()
}
