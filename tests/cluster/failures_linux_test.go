package cluster

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// restart kills extauthz while clients pull and one tries to push. The kubelet starts it again.
func restart(t *testing.T, i *installation, allowed *client) {
	token := allowed.token(t)
	pulls := i.startTraffic(token, 4)
	await(t, "20 pulls", func() bool { return pulls.count() >= 20 })

	before := i.sidecar(t)
	ctr(t, "tasks", "kill", "--signal=SIGKILL", strings.TrimPrefix(before.ContainerID, "containerd://"))
	killed := time.Now()
	denied := 0
	await(t, "extauthz to be ready again", func() bool {
		switch status := i.status(t, token, "PUT", "/v2/team/app/manifests/v2"); status {
		case 403, 503:
			denied++
		default:
			t.Errorf("the status of a push that is denied is %d", status)
		}
		now := i.sidecar(t)
		return now.RestartCount == before.RestartCount+1 && now.Ready && denied > 0
	})
	took := time.Since(killed)
	started := i.sidecar(t).State.Running
	reached := pulls.count()
	await(t, "pulls after the restart", func() bool { return pulls.count() >= reached+20 })
	t.Logf("extauthz was killed at %s, started again at %s, and ready after %s: %s; %d pushes were denied",
		killed.UTC().Format(time.TimeOnly), started.StartedAt.UTC().Format(time.TimeOnly), took.Round(100*time.Millisecond), pulls.stop(t), denied)
}

// sidecar returns the state of the container extauthz.
func (i *installation) sidecar(t *testing.T) corev1.ContainerStatus {
	t.Helper()
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(i.Kubectl(t, "get", "pod", "-n=registry", i.pod, "-o=json")), &pod); err != nil {
		t.Fatal(err)
	}
	return find(t, pod.Status.InitContainerStatuses, "extauthz")
}

// find returns the status of the container of this name.
func find(t *testing.T, all []corev1.ContainerStatus, name string) corev1.ContainerStatus {
	t.Helper()
	for _, status := range all {
		if status.Name == name {
			return status
		}
	}
	t.Fatalf("the pod has no container %s", name)
	return corev1.ContainerStatus{}
}

// end deletes the pod while clients pull. All pulls of its first 40 seconds succeed, and its
// containers end in their order.
func end(t *testing.T, i *installation, allowed *client) {
	pulls := i.startTraffic(allowed.token(t), 2)
	await(t, "5 pulls", func() bool { return pulls.count() >= 5 })
	i.Kubectl(t, "scale", "--replicas=0", "-n=registry", "deployment/registry")
	deleted := time.Now()
	await(t, "40 seconds to pass", func() bool { return time.Since(deleted) > 40*time.Second })
	t.Logf("the pod ends, and pulls for 40 seconds: %s", pulls.stop(t))

	var last corev1.Pod
	await(t, "the pod to end", func() bool {
		out, err := i.Try(t.Context(), "", "get", "pod", "-n=registry", i.pod, "-o=json")
		if err != nil {
			if !strings.Contains(err.Error(), "NotFound") {
				t.Fatal(err)
			}
			return true
		}
		if err := json.Unmarshal([]byte(out), &last); err != nil {
			t.Fatal(err)
		}
		return false
	})
	t.Logf("the pod ended after %s", time.Since(deleted).Round(time.Second))
	checkOrder(t, last.Status)
}

// checkOrder checks that the registry ended before Envoy, and Envoy before extauthz.
func checkOrder(t *testing.T, last corev1.PodStatus) {
	t.Helper()
	all := slices.Concat(last.ContainerStatuses, last.InitContainerStatuses)
	var before time.Time
	for _, name := range []string{"registry", "envoy", "extauthz"} {
		ended := find(t, all, name).State.Terminated
		if ended == nil {
			t.Errorf("the last state of %s is not its end", name)
			continue
		}
		t.Logf("%s ended at %s with the code %d", name, ended.FinishedAt.Format(time.TimeOnly), ended.ExitCode)
		if ended.FinishedAt.Time.Before(before) {
			t.Errorf("%s ended before the container that uses it", name)
		}
		before = ended.FinishedAt.Time
	}
}

// await calls done until it returns true. It fails the test after five minutes.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited five minutes for %s", what)
		}
	}
}
