package kubernetes

import (
	"bytes"
	"regexp"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// An object is a decoded object of an API.
type object interface{ metav1.Object }

// kinds are the kinds that the manifests may have, by apiVersion and kind.
var kinds = map[metav1.TypeMeta]func() object{
	{APIVersion: "v1", Kind: "ConfigMap"}:                           func() object { return new(corev1.ConfigMap) },
	{APIVersion: "v1", Kind: "Namespace"}:                           func() object { return new(corev1.Namespace) },
	{APIVersion: "v1", Kind: "PersistentVolumeClaim"}:               func() object { return new(corev1.PersistentVolumeClaim) },
	{APIVersion: "v1", Kind: "Service"}:                             func() object { return new(corev1.Service) },
	{APIVersion: "v1", Kind: "ServiceAccount"}:                      func() object { return new(corev1.ServiceAccount) },
	{APIVersion: "apps/v1", Kind: "Deployment"}:                     func() object { return new(appsv1.Deployment) },
	{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"}: func() object { return new(autoscalingv2.HorizontalPodAutoscaler) },
	{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}:     func() object { return new(networkingv1.NetworkPolicy) },
	{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}:          func() object { return new(policyv1.PodDisruptionBudget) },
	{APIVersion: "monitoring.coreos.com/v1", Kind: "PodMonitor"}:    func() object { return new(monitoringv1.PodMonitor) },
}

// separator is the line between two documents.
var separator = regexp.MustCompile(`(?m)^---\s*$`)

// decode returns the objects of a file. An unknown kind or field, and a repeated key, fail the
// test.
func decode(t *testing.T, text []byte) (objects []object) {
	t.Helper()
	for _, document := range separator.Split(string(text), -1) {
		if len(bytes.TrimSpace([]byte(document))) == 0 {
			continue
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
		if kind == (metav1.TypeMeta{}) && onlyComments(document) {
			continue
		}
		create := kinds[kind]
		if create == nil {
			t.Fatalf("%v is not a known kind:\n%s", kind, document)
		}
		o := create()
		if err := yaml.UnmarshalStrict([]byte(document), o); err != nil {
			t.Fatalf("%s %s: %v", kind.Kind, o.GetName(), err)
		}
		objects = append(objects, o)
	}
	return objects
}

// onlyComments reports whether a document contains nothing else.
func onlyComments(document string) bool {
	var content any
	return yaml.Unmarshal([]byte(document), &content) == nil && content == nil
}

// only returns the objects of one type.
func only[T object](objects []object) (found []T) {
	for _, o := range objects {
		if o, ok := o.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

// named returns the object of a type with this name.
func named[T object](t *testing.T, objects []object, name string) T {
	t.Helper()
	for _, o := range only[T](objects) {
		if o.GetName() == name {
			return o
		}
	}
	var none T
	t.Fatalf("no %T is named %s", none, name)
	return none
}

// TestDecodeIsStrict tries what the other tests depend on.
func TestDecodeIsStrict(t *testing.T) {
	const valid = "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec:\n  ports: [ { port: 1 } ]\n"
	if n := len(decode(t, []byte(valid+"---\n# nothing\n---\n"+valid))); n != 2 {
		t.Errorf("%d objects, want 2", n)
	}
	for name, text := range map[string]string{
		"a misspelled field": "spec: { port: [] }",
		"a repeated field":   "spec: { type: ClusterIP, type: NodePort }",
		"a wrong type":       "spec: { ports: 1 }",
	} {
		if err := yaml.UnmarshalStrict([]byte(text), new(corev1.Service)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
