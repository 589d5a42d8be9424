package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// verboseLog is the example with the most verbose process log.
func verboseLog(t *testing.T) setup {
	t.Helper()
	spec := tokens(t)
	spec.Flags = []string{"--log-level", "debug"}
	return spec
}

// secretsStaySecret sends valid, invalid and misplaced tokens and passwords, and checks that no
// log contains any of them, whole or in part. To show that the test can fail, the logs must
// have a line for each request.
func secretsStaySecret(t *testing.T, sys *system) {
	good := sys.issuers.workflow(t, mainBranch, nil)
	expired := sys.issuers.workflow(t, mainBranch, issuer.Claims{"exp": time.Now().Add(-time.Hour).Unix()})
	forged := unsigned(good) + "c2lnbmF0dXJl"
	shown := [][][2]string{
		{bearer(good)}, {bearer(expired)}, {bearer(forged)}, {bearer(good + "x")},
		{basic("AWS", good)}, {basic("AWS", expired)}, {basic("123456789012/team/ci", good)},
		{basic("robot", "robot-secret")}, {basic("robot", "wrong-password")}, {basic("someone-unknown", "wrong-password")},
		{basic("wrong-password", "robot")}, {basic("robot-secret", "someone-unknown")}, {basic("robot ", "wrong-password")},
		{bearer(good), bearer(expired)}, {{"Authorization", "Basic x,Bearer " + good}}, {{"Authorization", good}},
		{{"Authorization", "Basic " + good}}, {{"Authorization", "Bearer robot-secret"}},
	}
	for _, headers := range shown {
		sys.getWith(t, "/v2/team/app/manifests/v1", headers...)
	}
	sys.getWith(t, "/v2/team/app/manifests/v1?access_token="+good)
	sys.decidesAll(t, len(shown)+1)

	secrets := []string{"robot-secret", "wrong-password", "c2lnbmF0dXJl", "someone-unknown"}
	for _, headers := range shown {
		for _, h := range headers {
			_, credential, _ := strings.Cut(h[1], " ")
			secrets = append(secrets, credential)
		}
	}
	for _, token := range []string{good, expired} {
		parts := strings.Split(token, ".")
		secrets = append(secrets, parts[1][20:60], parts[2][:40], parts[2])
	}
	metrics := send(t, sys.Address(stack.Extauthz), "", http.MethodGet, "/metrics", nil).hasStatus(t, http.StatusOK).body
	for place, text := range map[string]string{"the sidecar's log": sys.Log(stack.Extauthz), "Envoy's log": sys.Log(stack.Envoy), "the metrics": metrics} {
		for _, secret := range secrets {
			if len(secret) > 10 && strings.Contains(text, secret) {
				t.Errorf("%s: holds %.30q", place, secret)
			}
		}
	}
	// A failed login names its user if that user exists.
	if log := sys.Log(stack.Extauthz); strings.Count(log, `"user":"`) != 1 || !strings.Contains(log, `"user":"robot"`) {
		t.Error("the log does not name the one known user of a failed login")
	}
	if strings.Contains(metrics, "robot") {
		t.Error("the metrics name a user")
	}
}

// decidesAll waits until both logs have a line for each of the requests.
func (sys *system) decidesAll(t *testing.T, requests int) {
	t.Helper()
	for deadline := time.Now().Add(busy); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if strings.Count(sys.Log(stack.Extauthz), `"msg":"decision"`) >= requests &&
			strings.Count(sys.Log(stack.Envoy), `"method":"`+http.MethodGet) >= requests {
			return
		}
	}
	t.Errorf("the logs have not a line for each of %d requests", requests)
}
