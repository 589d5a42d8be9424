package kubelet

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/signin/client"
)

// The version of the API.
const apiVersion = "credentialprovider.kubelet.k8s.io/v1"

// request is a CredentialProviderRequest. Members that are not used here are ignored, because
// releases of Kubernetes add some.
type request struct {
	APIVersion          string `json:"apiVersion"`
	Kind                string `json:"kind"`
	Image               string `json:"image"`
	ServiceAccountToken string `json:"serviceAccountToken"`
}

// response is a CredentialProviderResponse.
type response struct {
	APIVersion    string          `json:"apiVersion"`
	Kind          string          `json:"kind"`
	CacheKeyType  string          `json:"cacheKeyType"`
	CacheDuration string          `json:"cacheDuration"`
	Auth          map[string]auth `json:"auth"`
}

type auth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// A Provider answers requests of a kubelet.
type Provider struct {
	Registries []string // the hosts whose images may be pulled; tokens are sent to no other
	URL        string   // of the token endpoint; "" means /token at the image's host
	Service    string   // of the registry; "" means the image's host
	User       string   // AWS, or ACCOUNT/ROLE for a role
}

// maxRequest is the limit on a request, in bytes.
const maxRequest = 1 << 20

// Answer reads one request and writes the response. Its errors contain no token.
func (p *Provider) Answer(ctx context.Context, from io.Reader, to io.Writer) error {
	text, err := io.ReadAll(io.LimitReader(from, maxRequest))
	if err != nil {
		return err
	}
	var r request
	switch err := json.Unmarshal(text, &r); {
	case err != nil:
		return diag.Problemf("the kubelet's request is not JSON").WithRemedy("run this command by the kubelet")
	case r.APIVersion != apiVersion || r.Kind != "CredentialProviderRequest":
		return diag.Problemf("the request is a %q of %q", r.Kind, r.APIVersion).WithRemedy("configure apiVersion: " + apiVersion + " for this provider")
	}
	host, _, found := strings.Cut(r.Image, "/")
	switch {
	case !found || !slices.Contains(p.Registries, host):
		return diag.Problemf("image %q is not of a registry that this provider is for", r.Image).WithRemedy("add its host with --registry, or change matchImages in the kubelet's configuration")
	case r.ServiceAccountToken == "":
		return diag.Problemf("the request has no token of a service account").WithRemedy("add tokenAttributes to the provider in the kubelet's configuration")
	}
	token, err := p.exchange(host, r.ServiceAccountToken).Do(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(to).Encode(response{
		APIVersion: apiVersion, Kind: "CredentialProviderResponse",
		CacheKeyType: "Registry", CacheDuration: cacheFor(token.ExpiresIn).String(),
		Auth: map[string]auth{host: {"AWS", token.Text}},
	})
}

// exchange returns the request for a session token with which images of a host are pulled.
func (p *Provider) exchange(host, token string) *client.Exchange {
	e := &client.Exchange{URL: p.URL, Service: p.Service, User: p.User, Password: token}
	if e.URL == "" {
		e.URL = "https://" + host + "/token"
	}
	if e.Service == "" {
		e.Service = host
	}
	return e
}

// cacheFor returns how long the kubelet may use a token that expires then: a tenth less, so
// that a pull which begins with it can finish.
func cacheFor(expires time.Duration) time.Duration {
	return max(0, expires-expires/10).Truncate(time.Second)
}
