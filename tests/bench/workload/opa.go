package workload

import (
	"encoding/json"
	"fmt"
)

// A regoStatement is a statement in the form that opa.rego reads.
type regoStatement struct {
	Effect   string   `json:"effect"`
	Actions  []string `json:"actions,omitempty"`
	Prefix   string   `json:"prefix"`
	Unless   string   `json:"unless,omitempty"`
	Team     string   `json:"team,omitempty"`
	Networks []string `json:"networks,omitempty"`
}

// RegoData returns the statements of policies of the shape Spread as data for OPA. They decide
// the checks as the policies do.
func (p *Policies) RegoData() ([]byte, error) {
	teams, repositories := map[string][]regoStatement{}, map[string][]regoStatement{}
	for i := range p.Teams {
		teams[fmt.Sprintf("team-%d", i)] = p.regoTeam(i)
	}
	pull := actionsOf(pullActions)
	for i := range p.Repositories {
		repositories[p.Repository(i)] = []regoStatement{
			{Effect: "Allow", Team: fmt.Sprintf("team-%d", (i+1)%p.Teams), Actions: pull},
			{Effect: "Deny", Networks: []string{"10.0.0.0/8", "127.0.0.0/8"}},
		}
	}
	return json.Marshal(map[string]any{"teams": teams, "repositories": repositories})
}

// regoTeam returns the statements of teamPolicy.
func (p *Policies) regoTeam(team int) []regoStatement {
	pull, push, list := actionsOf(pullActions), actionsOf(pushActions), actionsOf(listActions)
	own, shared := fmt.Sprintf("team-%d/", team), fmt.Sprintf("shared/team-%d/", team)
	return []regoStatement{
		{Effect: "Allow", Actions: []string{"ecr:GetAuthorizationToken"}},
		{Effect: "Allow", Actions: pull, Prefix: own},
		{Effect: "Allow", Actions: push, Prefix: own},
		{Effect: "Allow", Actions: list, Prefix: own},
		{Effect: "Allow", Actions: pull, Prefix: "base/"},
		{Effect: "Allow", Actions: pull, Prefix: shared},
		{Effect: "Allow", Actions: push, Prefix: shared},
		{Effect: "Allow", Actions: list, Prefix: "shared/"},
		{Effect: "Deny", Actions: push, Prefix: own + "release-", Unless: "release-"},
		{Effect: "Deny", Actions: []string{"ecr:BatchDeleteImage"}, Prefix: own, Unless: "nothing"},
	}
}

// actionsOf returns the elements of a list in a policy.
func actionsOf(list string) (actions []string) {
	if err := json.Unmarshal([]byte(list), &actions); err != nil {
		panic(err) // a constant
	}
	return actions
}
