package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// MaxSkew is how much the time of a signature may differ from the clock.
const MaxSkew = 15 * time.Minute

// timeFormat is the format of X-Amz-Date, whose first eight characters are the date of the
// scope.
const timeFormat = "20060102T150405Z"

// A Request is a signed request whose signature was not checked yet.
type Request struct {
	AccessKeyID  string
	SessionToken string // "" for none
	Region       string
	Time         time.Time

	method, host  string
	service       string
	headers       http.Header // those that are signed, by their lower-case names, without host, content-length and x-amz-date
	signsLength   bool        // content-length is signed
	length        int         // of the body
	bodyHash      string
	authorization string // as the signer writes it
}

// Parse reads the signature of a request to a service, such as "sts". The body is that of the
// request, which has been read and is bounded. The error is an Error.
func Parse(r *http.Request, body []byte, service string, now time.Time) (*Request, error) {
	a, err := parseAuthorization(r.Header.Values("Authorization"))
	if err != nil {
		return nil, err
	}
	if r.URL.EscapedPath() != "/" || r.URL.RawQuery != "" || r.URL.ForceQuery {
		return nil, incomplete("the path must be /, without a query; parameters are in the body of a POST")
	}
	hash := sha256.Sum256(body)
	s := &Request{
		AccessKeyID: a.accessKeyID, Region: a.region,
		method: r.Method, host: r.Host, service: service, length: len(body), bodyHash: hex.EncodeToString(hash[:]), authorization: a.String(),
	}
	if err := s.takeHeaders(r.Header, a.signedHeaders); err != nil {
		return nil, err
	}
	if err := s.checkBody(r.Header); err != nil {
		return nil, err
	}
	return s, s.checkScope(r.Header.Get("X-Amz-Date"), a, now)
}

// takeHeaders takes the signed headers, and checks that those are signed that must be.
func (s *Request) takeHeaders(all http.Header, signed []string) error {
	isSigned := map[string]bool{}
	for _, name := range signed {
		isSigned[name] = true
	}
	for _, name := range []string{"host", "x-amz-date"} {
		if !isSigned[name] {
			return incomplete("the signature must cover the header " + name)
		}
	}
	for name := range all {
		if name = strings.ToLower(name); mustBeSigned(name) && !isSigned[name] {
			return incomplete("the signature must cover Content-Type and every X-Amz-* header of the request")
		}
	}
	s.headers = http.Header{}
	for _, name := range signed {
		if name == "host" {
			continue
		}
		values := all.Values(name)
		if len(values) != 1 {
			return incomplete("each signed header must be in the request once")
		}
		switch name {
		case "x-amz-date": // the signer writes it
		case "content-length":
			s.signsLength = true
			if values[0] != fmt.Sprint(s.length) {
				return incomplete("Content-Length is not the length of the body")
			}
		default:
			s.headers[name] = values
		}
	}
	s.SessionToken = all.Get("X-Amz-Security-Token")
	return nil
}

// mustBeSigned reports whether an API reads the header with a lower-case name.
func mustBeSigned(name string) bool {
	return name == "content-type" || strings.HasPrefix(name, "x-amz-")
}

// checkBody compares the hash of the body with the one that the client states, if it does.
func (s *Request) checkBody(all http.Header) error {
	if stated := all.Values("X-Amz-Content-Sha256"); len(stated) > 0 && stated[0] != s.bodyHash {
		return &Error{Mismatch, "X-Amz-Content-Sha256 is not the SHA-256 of the body"}
	}
	return nil
}

// checkScope checks the scope of the signature and its time. The messages are AWS's.
func (s *Request) checkScope(date string, a *authorization, now time.Time) error {
	at, err := time.Parse(timeFormat, date)
	if err != nil || at.Format(timeFormat) != date {
		return incomplete("X-Amz-Date is not a time such as 20261129T120000Z")
	}
	s.Time = at
	text := now.UTC().Format(timeFormat)
	switch {
	case a.service != s.service:
		return &Error{Mismatch, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", s.service)}
	case a.date != date[:len(a.date)]:
		return &Error{Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"}
	case at.Before(now.Add(-MaxSkew)):
		return &Error{Mismatch, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)", date, now.UTC().Add(-MaxSkew).Format(timeFormat), text)}
	case at.After(now.Add(MaxSkew)):
		return &Error{Mismatch, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)", date, now.UTC().Add(MaxSkew).Format(timeFormat), text)}
	}
	return nil
}
