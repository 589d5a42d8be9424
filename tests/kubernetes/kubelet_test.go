package kubernetes

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	kubelet "k8s.io/kubelet/config/v1"
	credentialprovider "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
	"sigs.k8s.io/yaml"

	"extauthz/tests/stack"
)

// TestKubeletConfiguration checks the example's configuration of a kubelet, which lets it pull
// with the token of a pod's service account.
func TestKubeletConfiguration(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(stack.Root(), "examples", "signin", "kubelet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config kubelet.CredentialProviderConfig
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		t.Fatal(err)
	}
	if config.APIVersion != kubelet.SchemeGroupVersion.String() || config.Kind != "CredentialProviderConfig" || len(config.Providers) != 1 {
		t.Fatalf("the configuration is %+v", config)
	}
	p := config.Providers[0]
	if p.Name != "extauthz" || p.APIVersion != credentialprovider.SchemeGroupVersion.String() || p.DefaultCacheDuration == nil ||
		!slices.Equal(p.MatchImages, []string{"registry.example.com"}) || !slices.Equal(p.Args, []string{"credential-provider", "--registry", "registry.example.com"}) {
		t.Errorf("the provider is %+v", p)
	}
	if a := p.TokenAttributes; a == nil || a.ServiceAccountTokenAudience != "registry.example.com" || a.CacheType != kubelet.ServiceAccountServiceAccountTokenCacheType ||
		a.RequireServiceAccount == nil || !*a.RequireServiceAccount {
		t.Errorf("the token's attributes are %+v", a)
	}
}
