package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
	"uuid"
)

// decisionHeader is the header with the ID of a decision.
const decisionHeader = "X-Ecr-Authz-Decision-Id"

func (a answer) decisionID() string { return a.header.Get(decisionHeader) }

// answeredIDs are requests that extauthz answers itself, and the status of the answer.
var answeredIDs = []struct {
	user, method, path string
	status             int
}{
	{"bob", http.MethodGet, "/v2/secret/app/manifests/id-explicit", http.StatusForbidden},
	{"bob", http.MethodPut, "/v2/team/app/manifests/id-implicit", http.StatusForbidden},
	{"bob", http.MethodHead, "/v2/secret/app/manifests/id-head", http.StatusForbidden},
	{"", http.MethodGet, "/v2/team/app/manifests/id-anonymous", http.StatusUnauthorized},
	{"bob", http.MethodGet, "/v2/team/app/unknown/id-refused", http.StatusNotFound},
}

// decisionIDs checks that the ID of a decision is the same in the answer's detail and header, in
// the decision log, and in Envoy's access log, whose source is the dynamic metadata.
func decisionIDs(t *testing.T, sys *system) {
	seen := map[string]bool{}
	for _, c := range answeredIDs {
		a := sys.request(t, c.user, c.method, c.path).hasStatus(t, c.status)
		id := a.decisionID()
		if parsed, err := uuid.Parse(id); err != nil || parsed[6]>>4 != 7 || seen[id] {
			t.Errorf("%s %s: %q is not a new UUID of version 7 (%v)", c.method, c.path, id, err)
		}
		seen[id] = true
		if c.method != http.MethodHead && a.detailID(t) != id {
			t.Errorf("%s %s: the body has the ID %s, and the header %s", c.method, c.path, a.detailID(t), id)
		}
		if got := sys.logged(t, c.path).DecisionID; got != id {
			t.Errorf("%s %s: the access log has the ID %s, and the answer %s", c.method, c.path, got, id)
		}
		sys.hasDecision(t, id)
	}
}

// allowedDecisionID checks that the ID of the decision on an allowed request is the same in both
// logs, and that the answer, which is the registry's, does not have it.
func allowedDecisionID(t *testing.T, sys *system) {
	const path = "/v2/team/app/manifests/id-allowed"
	a := sys.request(t, "bob", http.MethodGet, path).hasStatus(t, http.StatusNotFound)
	if a.decisionID() != "" {
		t.Errorf("the registry's answer has the ID %s", a.decisionID())
	}
	sys.hasDecision(t, sys.logged(t, path).DecisionID)
}

// withIDs is the safe Envoy with the ID of the decision in every response, as authz/README.md
// describes it.
func withIDs(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		routes := connectionManager(listener)["route_config"].(map[string]any)
		routes["response_headers_to_add"] = []any{map[string]any{
			"header":        map[string]any{"key": "x-ecr-authz-decision-id", "value": "%DYNAMIC_METADATA(envoy.filters.http.ext_authz:decision_id)%"},
			"append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
		}}
	})
	return spec
}

// idInEveryAnswer checks that the metadata that Envoy received has the ID, for requests that are
// allowed and for those that extauthz answers.
func idInEveryAnswer(t *testing.T, sys *system) {
	a := sys.request(t, "bob", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusOK)
	sys.hasDecision(t, a.decisionID())
	for _, c := range answeredIDs {
		a := sys.request(t, c.user, c.method, c.path).hasStatus(t, c.status)
		if values := a.header.Values(decisionHeader); len(values) != 1 || c.method != http.MethodHead && values[0] != a.detailID(t) {
			t.Errorf("%s %s: IDs %q, body %s", c.method, c.path, values, a.body)
		}
		sys.hasDecision(t, a.decisionID())
	}
}

// detailID returns the ID in the detail of the only error.
func (a answer) detailID(t *testing.T) string {
	t.Helper()
	var body struct {
		Errors []struct{ Detail struct{ DecisionID string } }
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || len(body.Errors) != 1 {
		t.Fatalf("body %q is not one OCI error (%v)", a.body, err)
	}
	return body.Errors[0].Detail.DecisionID
}

// hasDecision checks that the decision log has one line with the ID.
func (sys *system) hasDecision(t *testing.T, id string) {
	t.Helper()
	soon(t, "the decision log has a line with the ID "+id, func() bool {
		lines := 0
		for _, d := range sys.decisions(t) {
			if d.DecisionID == id && id != "" {
				lines++
			}
		}
		return lines == 1
	})
}
