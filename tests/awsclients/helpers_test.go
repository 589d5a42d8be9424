package awsclients

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubelet "k8s.io/kubelet/pkg/apis/credentialprovider/v1"

	"extauthz/tests/clientbin"
	"extauthz/tests/stack"
)

// TestECRLogin lets docker-credential-ecr-login find the credential of a host of Amazon ECR's form, at
// an endpoint with another name.
func TestECRLogin(t *testing.T) {
	sys := start(t, "hosts: [registry.example.com, localhost, 127.0.0.1]", "hosts: ["+ecrLikeHost+", registry.example.com, 127.0.0.1]")
	_, port, _ := strings.Cut(sys.Address(stack.Envoy), ":")
	environment := sys.environment(append(sys.webIdentity(), "AWS_ENDPOINT_URL_ECR=https://localhost:"+port, "AWS_ECR_DISABLE_CACHE=true")...)
	out := sys.run(environment, "https://"+ecrLikeHost, clientbin.ECRLogin.Program(), "get")
	var login struct{ ServerURL, Username, Secret string }
	if err := json.Unmarshal([]byte(out), &login); err != nil || login.ServerURL != "https://"+ecrLikeHost || login.Username != "AWS" {
		t.Fatalf("the helper prints %q: %v", out, err)
	}
	sys.pull(login.Username, login.Secret)
	if strings.Contains(sys.Log(stack.Extauthz), login.Secret) {
		t.Error("the log has the password")
	}
}

// pull pulls an image with a login.
func (sys *system) pull(user, password string) {
	sys.t.Helper()
	tag, err := name.NewTag(sys.Address(stack.Envoy) + "/team/app:v1")
	must(sys.t, err)
	if _, err := remote.Get(tag, remote.WithTransport(sys.transport()), remote.WithAuth(&authn.Basic{Username: user, Password: password})); err != nil {
		sys.t.Errorf("a pull: %v", err)
	}
}

// TestCredentialProvider sends the request of a kubelet to ecr-credential-provider, with the token of
// a pod's service account and the role in its annotation, and pulls with its response. Both have the
// types of Kubernetes.
func TestCredentialProvider(t *testing.T) {
	sys := start(t)
	request := func(subject, role string) string {
		t.Helper()
		text, err := json.Marshal(kubelet.CredentialProviderRequest{
			TypeMeta: metav1.TypeMeta{APIVersion: kubelet.SchemeGroupVersion.String(), Kind: "CredentialProviderRequest"},
			Image:    sys.Address(stack.Envoy) + "/team/app:v1", ServiceAccountToken: sys.token(subject),
			ServiceAccountAnnotations: map[string]string{"eks.amazonaws.com/ecr-role-arn": role},
		})
		must(t, err)
		return string(text)
	}
	out := sys.run(sys.environment(), request(builderPod, builder), clientbin.ECRProvider.Program())
	var response kubelet.CredentialProviderResponse
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	must(t, decoder.Decode(&response))
	if response.Kind != "CredentialProviderResponse" || response.CacheDuration == nil || response.CacheDuration.Duration < 20*time.Minute || len(response.Auth) != 1 {
		t.Fatalf("the response is %s", out)
	}
	for _, login := range response.Auth {
		sys.pull(login.Username, login.Password)
	}
	if _, err := sys.try(sys.environment(), request("system:serviceaccount:ci:other", builder), clientbin.ECRProvider.Program()); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("another pod: %v", err)
	}
	sys.until(func() bool { // the log is written soon after an answer
		return strings.Contains(sys.Log(stack.Extauthz), `"operation":"sts:AssumeRoleWithWebIdentity"`)
	})
}
