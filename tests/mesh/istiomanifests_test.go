package mesh

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	meshapi "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1"
	security "istio.io/api/security/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// istioManifests are the files of the example for kubectl, in the order of its README.
var istioManifests = []string{"namespace.yaml", "services.yaml", "authorization.yaml", "gateway.yaml", "routes.yaml"}

// istioKinds are the kinds that they may have: a message of Istio for the spec, or the whole object.
var istioKinds = map[metav1.TypeMeta]func() any{
	{APIVersion: "networking.istio.io/v1", Kind: "Gateway"}:           func() any { return new(networking.Gateway) },
	{APIVersion: "networking.istio.io/v1", Kind: "VirtualService"}:    func() any { return new(networking.VirtualService) },
	{APIVersion: "security.istio.io/v1", Kind: "AuthorizationPolicy"}: func() any { return new(security.AuthorizationPolicy) },
	{APIVersion: "security.istio.io/v1", Kind: "PeerAuthentication"}:  func() any { return new(security.PeerAuthentication) },
	{APIVersion: "v1", Kind: "Namespace"}:                             func() any { return new(corev1.Namespace) },
	{APIVersion: "v1", Kind: "Service"}:                               func() any { return new(corev1.Service) },
	{APIVersion: "v1", Kind: "ServiceAccount"}:                        func() any { return new(corev1.ServiceAccount) },
	{APIVersion: "apps/v1", Kind: "Deployment"}:                       func() any { return new(appsv1.Deployment) },
	{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"}:        func() any { return new(rbacv1.Role) },
	{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"}: func() any { return new(rbacv1.RoleBinding) },
}

// istioObjects returns the specs of Istio's objects, and the other objects, by "KIND NAME". An
// unknown kind or field, and a repeated key, fail the test.
func istioObjects(t *testing.T) map[string]any {
	t.Helper()
	objects := map[string]any{}
	for _, file := range istioManifests {
		for document := range strings.SplitSeq(example(t, "istio", file), "\n---\n") {
			var object struct {
				metav1.TypeMeta
				Metadata metav1.ObjectMeta `json:"metadata"`
				Spec     json.RawMessage   `json:"spec"`
			}
			if err := yaml.Unmarshal([]byte(document), &object); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			create := istioKinds[object.TypeMeta]
			if create == nil {
				t.Fatalf("%s: %v is not a known kind", file, object.TypeMeta)
			}
			decoded := create()
			var err error
			if spec, ok := decoded.(proto.Message); ok && strings.Contains(object.APIVersion, "istio.io") {
				if err = yaml.UnmarshalStrict([]byte(document), &object); err == nil {
					err = protojson.Unmarshal(object.Spec, spec)
				}
			} else {
				err = yaml.UnmarshalStrict([]byte(document), decoded)
			}
			if err != nil {
				t.Fatalf("%s: %s %s: %v", file, object.Kind, object.Metadata.Name, err)
			}
			objects[object.Kind+" "+object.Metadata.Name] = decoded
		}
	}
	return objects
}

// istioObject returns the object of a name.
func istioObject[T any](t *testing.T, name string) T {
	t.Helper()
	object, ok := istioObjects(t)[name].(T)
	if !ok {
		t.Fatalf("the example has no %s", name)
	}
	return object
}

// gatewayDeployment returns the Deployment of the gateway.
func gatewayDeployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	return istioObject[*appsv1.Deployment](t, "Deployment registries-gateway")
}

// settings returns the proxy's configuration in the annotation of the gateway's pods.
func settings(t *testing.T) any {
	t.Helper()
	var config any
	if err := yaml.UnmarshalStrict([]byte(gatewayDeployment(t).Spec.Template.Annotations["proxy.istio.io/config"]), &config); err != nil {
		t.Fatal(err)
	}
	return config
}

// meshConfig returns the mesh configuration in the values of the example.
func meshConfig(t *testing.T) map[string]any {
	t.Helper()
	var values struct {
		MeshConfig map[string]any `json:"meshConfig"`
	}
	if err := yaml.UnmarshalStrict([]byte(example(t, "istio", "mesh.yaml")), &values); err != nil {
		t.Fatal(err)
	}
	return values.MeshConfig
}

// message decodes a value strictly.
func message[T proto.Message](t *testing.T, value any, into T) T {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := protojson.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
	return into
}

// TestIstioManifests decodes the manifests of the example strictly, and checks that they agree.
func TestIstioManifests(t *testing.T) {
	objects := istioObjects(t)
	if len(objects) < 15 {
		t.Errorf("%d objects, want at least 15: %v", len(objects), slices.Sorted(maps.Keys(objects)))
	}
	labels := gatewayDeployment(t).Spec.Template.Labels
	gateway := istioObject[*networking.Gateway](t, "Gateway registries")
	policy := istioObject[*security.AuthorizationPolicy](t, "AuthorizationPolicy registries")
	for name, selector := range map[string]map[string]string{"Gateway": gateway.GetSelector(), "AuthorizationPolicy": policy.GetSelector().GetMatchLabels()} {
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("the %s selects %s: %s, which the pods of the gateway do not have", name, key, value)
			}
		}
	}
	// A request that no rule matches is not checked.
	if rules := policy.GetRules(); policy.GetAction() != security.AuthorizationPolicy_CUSTOM || len(rules) != 1 || !proto.Equal(rules[0], &security.Rule{}) {
		t.Errorf("the policy is %v, want CUSTOM with one rule without conditions", policy)
	}
	for name, o := range objects {
		service, ok := o.(*networking.VirtualService)
		if !ok {
			continue
		}
		for _, route := range service.GetHttp() {
			if route.GetRewrite() != nil || route.GetTimeout() != nil {
				t.Errorf("%s: rewrites the path, or limits the time of a transfer", name)
			}
		}
		for _, host := range service.GetHosts() {
			if !slices.Contains(gateway.GetServers()[0].GetHosts(), "./"+host) {
				t.Errorf("%s: the gateway does not have the host %s of its namespace only", name, host)
			}
		}
	}
}

// TestIstioMesh checks the settings of the mesh and of the gateway.
func TestIstioMesh(t *testing.T) {
	mesh := message(t, meshConfig(t), new(meshapi.MeshConfig))
	if got := mesh.GetPathNormalization().GetNormalization(); got != meshapi.MeshConfig_ProxyPathNormalization_NONE {
		t.Errorf("path normalization %v, want NONE", got)
	}
	policy := istioObject[*security.AuthorizationPolicy](t, "AuthorizationPolicy registries")
	service := istioObject[*corev1.Service](t, "Service extauthz")
	providers := mesh.GetExtensionProviders()
	if len(providers) != 1 || providers[0].GetName() != policy.GetProvider().GetName() {
		t.Fatalf("providers %v, want one named %s", providers, policy.GetProvider().GetName())
	}
	provider := providers[0].GetEnvoyExtAuthzGrpc()
	if provider.GetService() != service.Name+"."+service.Namespace+".svc.cluster.local" || int32(provider.GetPort()) != service.Spec.Ports[0].Port || service.Spec.Ports[0].Name != "grpc" {
		t.Errorf("the provider is %s:%d, and the Service has %v", provider.GetService(), provider.GetPort(), service.Spec.Ports)
	}
	if provider.GetFailOpen() || provider.GetStatusOnError() != "503" || provider.GetTimeout().AsDuration() != 500*time.Millisecond || provider.GetIncludeRequestBodyInCheck() != nil {
		t.Errorf("the provider is %v, want one that fails closed, in time, and does not send bodies", provider)
	}
	connections := message(t, settings(t), new(meshapi.ProxyConfig)).GetConnectionSettings()
	if connections.GetHttpPathWithEscapedSlashesAction() != meshapi.ProxyConfig_ConnectionSettings_REJECT_REQUEST || connections.GetHttpRequestTimeout() == nil || connections.GetHttpRequestTimeout().AsDuration() != 0 {
		t.Errorf("the gateway's settings are %v", connections)
	}
}
