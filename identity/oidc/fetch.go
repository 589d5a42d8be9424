package oidc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"extauthz/diag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	fetchTimeout = 10 * time.Second
	maxBody      = 1 << 20 // bytes of a key set; issuers publish a few KiB
)

// fetcher gets the text of the key set at a URL.
type fetcher struct {
	url    string
	client *http.Client
}

// newFetcher returns the fetcher of a URL. It verifies the server's certificate against ca,
// in PEM, or against the system's roots if ca is nil.
func newFetcher(address string, ca []byte) (*fetcher, error) {
	if err := checkURL(address); err != nil {
		return nil, err
	}
	encryption := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != nil {
		encryption.RootCAs = x509.NewCertPool()
		if !encryption.RootCAs.AppendCertsFromPEM(ca) {
			return nil, diag.Problemf("the CA file for %q contains no certificate", address).WithRemedy("write it in PEM, from -----BEGIN CERTIFICATE-----")
		}
	}
	return &fetcher{address, &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        encryption,
			DisableKeepAlives:      true, // one request in several minutes
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// checkURL requires https, so that only the issuer can publish its keys, except on the
// machine itself.
func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return diag.Problemf("%q is not the URL of a key set", address).WithRemedy("write https://HOST/PATH, without user and fragment")
	}
	host := u.Hostname()
	loopback := host == "localhost" || net.ParseIP(host).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return diag.Problemf("%q does not use https, so an attacker on the network could replace the keys", address).WithRemedy("use https, except for this machine (127.0.0.1, [::1], localhost)")
	}
	return nil
}

// get fetches the text once. It does not follow redirects.
func (f *fetcher) get() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the response is %s, and redirects are not followed", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if len(text) > maxBody {
		return nil, errors.New("the response is longer than 1 MiB")
	}
	return text, err
}
