package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/fetch"
)

// Limits of an exchange.
const (
	timeout = 30 * time.Second
	maxBody = 64 << 10 // bytes of an answer
)

// An Exchange is a request for a session token.
type Exchange struct {
	URL      string // of the token endpoint; https, or http at a loopback address
	Service  string // of the registry
	User     string // AWS, or ACCOUNT/ROLE for a role
	Password string // the credential: a token
}

// A Token is a session token.
type Token struct {
	Text      string
	ExpiresIn time.Duration
}

// Do signs in. It follows no redirect, which could lead the credential elsewhere.
func (e *Exchange) Do(ctx context.Context) (*Token, error) {
	endpoint, err := e.endpoint()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(e.User, e.Password)
	status, body, err := send(r)
	if err != nil {
		return nil, err
	}
	return tokenIn(status, body)
}

// endpoint returns the URL of the request.
func (e *Exchange) endpoint() (string, error) {
	if err := fetch.CheckURL("a token endpoint", e.URL); err != nil {
		return "", err
	}
	u, err := url.Parse(e.URL)
	if err != nil || u.RawQuery != "" {
		return "", diag.Problemf("%q is not the URL of a token endpoint", e.URL).WithRemedy("write one without a query, such as https://registry.example.com/token")
	}
	u.RawQuery = url.Values{"service": {e.Service}, "client_id": {"extauthz"}}.Encode()
	return u.String(), nil
}

// send sends a request and returns the answer. It follows no redirect.
func send(r *http.Request) (status int, body []byte, err error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, err // which has the URL and no header
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, body, err
}

// tokenIn returns the token in an answer of the token endpoint.
func tokenIn(status int, body []byte) (*Token, error) {
	var answer struct {
		Token     string `json:"token"`
		ExpiresIn int64  `json:"expires_in"`
		Errors    []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	err := json.Unmarshal(body, &answer)
	switch {
	case status == http.StatusOK && err == nil && answer.Token != "":
		return &Token{answer.Token, time.Duration(answer.ExpiresIn) * time.Second}, nil
	case status != http.StatusOK && err == nil && len(answer.Errors) > 0:
		return nil, fmt.Errorf("the token endpoint answered %d: %s", status, printable(answer.Errors[0].Message))
	}
	return nil, diag.Problemf("the token endpoint answered %d and no token", status).WithRemedy("check the URL")
}

// printable returns a text of the server without control characters, cut short.
func printable(text string) string {
	const most = 1024
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text[:min(len(text), most)])
}
