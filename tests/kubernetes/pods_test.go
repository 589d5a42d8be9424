package kubernetes

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// deployment returns the pod of the only Deployment among the objects.
func deployment(t *testing.T, objects []object) *corev1.PodSpec {
	t.Helper()
	found := only[*appsv1.Deployment](objects)
	if len(found) != 1 {
		t.Fatalf("%d Deployments, want 1", len(found))
	}
	return &found[0].Spec.Template.Spec
}

// containers returns all containers of a pod: its sidecars in the order in which they start,
// and then the others.
func containers(pod *corev1.PodSpec) []corev1.Container {
	return slices.Concat(pod.InitContainers, pod.Containers)
}

// container returns the container of this name.
func container(t *testing.T, pod *corev1.PodSpec, name string) corev1.Container {
	t.Helper()
	for _, c := range containers(pod) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("the pod has no container %s", name)
	return corev1.Container{}
}

// volume returns the volume of this name.
func volume(t *testing.T, pod *corev1.PodSpec, name string) corev1.Volume {
	t.Helper()
	for _, v := range pod.Volumes {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("the pod has no volume %s", name)
	return corev1.Volume{}
}

// setting returns the value of an environment variable of a container.
func setting(c corev1.Container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// TestPods checks the pods of the manifests.
func TestPods(t *testing.T) {
	for _, folder := range []string{"sidecar", "shared"} {
		t.Run(folder, func(t *testing.T) {
			objects := customized(t, folder)
			checkPod(t, deployment(t, objects))
			for _, namespace := range only[*corev1.Namespace](objects) {
				if namespace.Labels[api.EnforceLevelLabel] != string(api.LevelRestricted) {
					t.Errorf("the namespace %s does not enforce restricted pods", namespace.Name)
				}
			}
			checkNetwork(t, objects)
		})
	}
}

// checkPod checks what is required of every pod: the pod security standard "restricted", no
// access to the API server, a read-only root file system, limited memory, and probes of
// extauthz that take a pod without policies out of its Services.
func checkPod(t *testing.T, pod *corev1.PodSpec) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(level, new(metav1.ObjectMeta), pod) {
		if !result.Allowed {
			t.Errorf("restricted: %s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("the pod has a token for the API server")
	}
	if own := pod.SecurityContext; own.RunAsGroup != nil && own.RunAsUser == nil {
		t.Error("the pod has a group without a user: containerd does not start it")
	}
	if pod.HostNetwork || pod.HostPID || pod.HostIPC || pod.ShareProcessNamespace != nil {
		t.Error("the pod shares namespaces")
	}
	for _, c := range containers(pod) {
		if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
			t.Errorf("%s: the root file system can be written", c.Name)
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s: no limit of memory, or no request of CPU", c.Name)
		}
	}
	for _, v := range pod.Volumes {
		if v.Secret != nil && (v.Secret.DefaultMode == nil || *v.Secret.DefaultMode != 0o440) {
			t.Errorf("the files of the Secret %s have the mode %v", v.Secret.SecretName, v.Secret.DefaultMode)
		}
	}
	for _, c := range pod.InitContainers {
		if c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways {
			t.Errorf("%s is not a sidecar", c.Name)
		}
	}
	checkProbes(t, container(t, pod, "extauthz"))
}

// checkProbes checks the probes of extauthz. It must start without policies, so that its log says
// what is wrong with them, and be ready only with policies.
func checkProbes(t *testing.T, c corev1.Container) {
	t.Helper()
	if setting(c, "EXTAUTHZ_WAIT_FOR_POLICIES") != "true" {
		t.Error("extauthz ends if the policies are invalid")
	}
	for _, p := range []struct {
		name, path string
		probe      *corev1.Probe
	}{{"startup", "/livez", c.StartupProbe}, {"liveness", "/livez", c.LivenessProbe}, {"readiness", "/readyz", c.ReadinessProbe}} {
		if p.probe == nil || p.probe.HTTPGet == nil || p.probe.HTTPGet.Path != p.path {
			t.Errorf("the %s probe does not request %s", p.name, p.path)
		}
	}
}

// checkNetwork checks that a NetworkPolicy limits both directions of all pods.
func checkNetwork(t *testing.T, objects []object) {
	t.Helper()
	policies := only[*networkingv1.NetworkPolicy](objects)
	if len(policies) != 1 || len(policies[0].Spec.PolicyTypes) != 2 {
		t.Fatalf("%d NetworkPolicies, want one for both directions", len(policies))
	}
	for _, rule := range policies[0].Spec.Ingress {
		for _, port := range rule.Ports {
			if len(rule.From) == 0 && port.Port.IntValue() != 8443 {
				t.Errorf("everyone can connect to the port %v", port.Port)
			}
		}
		if len(rule.Ports) == 0 {
			t.Error("a rule is for every port")
		}
	}
}

// TestSidecarOrder checks that the kubelet starts extauthz before Envoy and ends it after Envoy,
// and that the grace period contains the delay of the registry and the time for its last
// requests.
func TestSidecarOrder(t *testing.T) {
	checkSidecars(t, deployment(t, customized(t, "sidecar")), 45, 240)
}

// checkSidecars checks a pod with a registry, which continues for the delay after the pod is to
// end, and then for the drain timeout, both in seconds.
func checkSidecars(t *testing.T, pod *corev1.PodSpec, delay, drain int64) {
	t.Helper()
	names := []string{}
	for _, c := range containers(pod) {
		names = append(names, c.Name)
	}
	if !slices.IsSorted([]int{slices.Index(names, "extauthz"), slices.Index(names, "envoy"), slices.Index(names, "registry")}) {
		t.Errorf("the containers start in the order %v", names)
	}
	registry := container(t, pod, "registry")
	if registry.Lifecycle == nil || registry.Lifecycle.PreStop == nil || registry.Lifecycle.PreStop.Sleep == nil || registry.Lifecycle.PreStop.Sleep.Seconds != delay {
		t.Errorf("the registry ends before the clients have left: %v", registry.Lifecycle)
	}
	if grace := *pod.TerminationGracePeriodSeconds; grace < delay+drain+10 {
		t.Errorf("the grace period is %d seconds, want at least %d", grace, delay+drain+10)
	}
	for _, c := range containers(pod) {
		for _, m := range c.VolumeMounts {
			if m.Name == "socket" && c.Name != "envoy" && c.Name != "extauthz" {
				t.Errorf("%s can connect to extauthz", c.Name)
			}
			if m.Name == "admin" && c.Name != "envoy" {
				t.Errorf("%s can connect to the admin interface of Envoy", c.Name)
			}
		}
	}
	if len(registry.Ports) > 0 {
		t.Error("the registry has ports")
	}
}
