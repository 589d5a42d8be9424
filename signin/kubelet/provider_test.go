package kubelet

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	_ "extauthz/goldentest"
)

func TestAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "AWS" || password != "pod-token" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
		fmt.Fprintf(w, `{"token":"session for %s","expires_in":3600}`, r.URL.Query().Get("service"))
	}))
	defer server.Close()
	request := func(image, token string) string {
		return `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"` + image + `","serviceAccountToken":"` + token + `","serviceAccountAnnotations":{"a":"b"}}`
	}
	const host = "registry.example.com:5000"
	for _, c := range []struct {
		name, request, service, want, fault string
	}{
		{"a tag", request(host+"/team/app:v1", "pod-token"), "", "session for " + host, ""},
		{"a digest, and a service", request(host+"/team/app@sha256:0", "pod-token"), "images", "session for images", ""},
		{"another registry", request("registry.example.com/team/app:v1", "pod-token"), "", "", "is not of a registry that this provider is for"},
		{"an image of Docker's registry", request("team:v1", "pod-token"), "", "", "is not of a registry"},
		{"a host that begins like it", request(host+".evil.example/team/app", "pod-token"), "", "", "is not of a registry"},
		{"no token", request(host+"/team/app:v1", ""), "", "", "add tokenAttributes to the provider"},
		{"another token", request(host+"/team/app:v1", "stolen-token"), "", "", "the token endpoint answered 401: authentication required"},
		{"an older version", strings.Replace(request(host+"/a", "pod-token"), "/v1", "/v1beta1", 1), "", "", "configure apiVersion: credentialprovider.kubelet.k8s.io/v1"},
		{"another kind", strings.Replace(request(host+"/a", "pod-token"), "ProviderRequest", "ProviderResponse", 1), "", "", "configure apiVersion"},
		{"no JSON", "pod-token", "", "", "is not JSON; run this command by the kubelet"},
		{"empty", "", "", "", "is not JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Provider{Registries: []string{"other.example.com", host}, URL: server.URL + "/token", Service: c.service, User: "AWS"}
			var out strings.Builder
			err := p.Answer(t.Context(), strings.NewReader(c.request), &out)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "-token\"") || out.Len() > 0 {
					t.Errorf("output %q, error %v, want %q", out.String(), err, c.fault)
				}
				return
			}
			want := `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse","cacheKeyType":"Registry","cacheDuration":"54m0s","auth":{"` + host + `":{"username":"AWS","password":"` + c.want + `"}}}` + "\n"
			if err != nil || out.String() != want {
				t.Errorf("output %q, error %v, want %q", out.String(), err, want)
			}
		})
	}
}
