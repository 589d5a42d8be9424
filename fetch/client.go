package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"extauthz/diag"
)

// Limits on a response.
const (
	Timeout = 10 * time.Second
	MaxBody = 1 << 20 // bytes; issuers publish keys of a few KiB
)

// A Client gets texts from one URL.
type Client struct {
	address string
	client  *http.Client
}

// NewClient returns the client of a URL: https, or http on this machine. It verifies the
// server's certificate against ca, in PEM, or against the system's roots if ca is nil. what
// describes the URL in errors, such as "a key set".
func NewClient(what, address string, ca []byte) (*Client, error) {
	if err := CheckURL(what, address); err != nil {
		return nil, err
	}
	encryption := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != nil {
		encryption.RootCAs = x509.NewCertPool()
		if !encryption.RootCAs.AppendCertsFromPEM(ca) {
			return nil, diag.Problemf("the CA file for %q contains no certificate", address).WithRemedy("write it in PEM, from -----BEGIN CERTIFICATE-----")
		}
	}
	return &Client{address, &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        encryption,
			DisableKeepAlives:      true, // one request in several minutes
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// CheckURL returns an error unless an address is the URL of what the operator names. It requires
// https, so that only the server can answer and read what is sent, except on the machine itself.
func CheckURL(what, address string) error {
	if strings.Contains(address, "@") { // an error must not repeat a password
		return diag.Problemf("the URL of %s contains a user name or another @", what).WithRemedy("write https://HOST/PATH, without user and fragment, and %40 for an @")
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Fragment != "" {
		return diag.Problemf("%q is not the URL of %s", address, what).WithRemedy("write https://HOST/PATH, without user and fragment")
	}
	host := u.Hostname()
	loopback := host == "localhost" || net.ParseIP(host).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return diag.Problemf("%q does not use https, so an attacker on the network could answer instead", address).WithRemedy("use https, except for this machine (127.0.0.1, [::1], localhost)")
	}
	return nil
}

// URL returns the URL of the client.
func (c *Client) URL() string { return c.address }

// Get gets the text once, no longer than [Timeout] and ctx. query is added to the URL, and
// header to the request. It does not follow redirects. Its errors contain neither.
func (c *Client) Get(ctx context.Context, query url.Values, header http.Header) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address, nil)
	if err != nil {
		return nil, err
	}
	if len(query) > 0 {
		all := request.URL.Query()
		for name, values := range query {
			all[name] = append(all[name], values...)
		}
		request.URL.RawQuery = all.Encode()
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := c.client.Do(request)
	if err != nil {
		var failed *url.Error // its text contains the query
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the response is %s, and redirects are not followed", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, MaxBody+1))
	if len(text) > MaxBody {
		return nil, errors.New("the response is longer than 1 MiB")
	}
	return text, err
}
