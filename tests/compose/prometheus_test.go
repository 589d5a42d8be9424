package compose

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"extauthz/tests/dockercli"
)

// scraped checks that Prometheus has read both targets, and has the decisions about the commands.
func (p *project) scraped(t *testing.T) {
	for _, query := range []string{
		`up{job="extauthz"} == 1`,
		`up{job="envoy"} == 1`,
		`sum(extauthz_decisions_total{decision="allowed"}) > 0`,
		`sum(extauthz_decisions_total{decision="implicitDeny"}) > 0`,
		`sum(envoy_http_ext_authz_ok) > 0`,
		`extauthz_policy_last_reload_success == 1`,
	} {
		dockercli.Soon(t, "true in Prometheus: "+query, func() bool { return p.value(t, query) > 0 })
	}
}

// value returns the value of a query with at most one result, and 0 without a result.
func (p *project) value(t *testing.T, query string) float64 {
	t.Helper()
	answer, err := http.Get("http://" + p.prometheus + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct {
		Status string
		Data   struct{ Result []struct{ Value [2]any } }
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Status != "success" {
		t.Fatalf("%s: %+v, %v", query, body, err)
	}
	if len(body.Data.Result) == 0 {
		return 0
	}
	text, _ := body.Data.Result[0].Value[1].(string)
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
