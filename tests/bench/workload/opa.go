package workload

import (
	"encoding/json"
	"fmt"
)

// RegoData returns the statements of policies of the shape Spread as data for opa.rego. As OPA
// recommends for speed, they are objects whose keys are what a rule looks them up by.
func (p *Policies) RegoData() ([]byte, error) {
	teams, repositories := map[string]regoTeam{}, map[string]regoRepository{}
	for i := range p.Teams {
		teams[teamName(i)] = newRegoTeam(i)
	}
	for i := range p.Repositories {
		repositories[p.Repository(i)] = p.regoRepository(i)
	}
	return json.Marshal(map[string]any{"teams": teams, "repositories": repositories})
}

// A regoTeam is a team's policy: the statements of each action.
type regoTeam struct {
	Allow map[string][]string   `json:"allow"` // prefixes of repositories
	Deny  map[string][]regoDeny `json:"deny"`
}

// A regoDeny denies workloads whose names do not begin with Unless what they do with repositories
// whose names begin with Prefix. It denies all workloads if Unless is empty.
type regoDeny struct {
	Prefix string `json:"prefix"`
	Unless string `json:"unless,omitempty"`
}

// newRegoTeam returns the statements of teamPolicy.
func newRegoTeam(team int) regoTeam {
	pull, push, list := actionsOf(pullActions), actionsOf(pushActions), actionsOf(listActions)
	own, shared := teamName(team)+"/", "shared/"+teamName(team)+"/"
	t := regoTeam{map[string][]string{"ecr:GetAuthorizationToken": {""}}, map[string][]regoDeny{}}
	for _, s := range []struct {
		actions []string
		prefix  string
	}{
		{pull, own}, {push, own}, {list, own}, {pull, "base/"}, {pull, shared}, {push, shared}, {list, "shared/"},
	} {
		for _, action := range s.actions {
			t.Allow[action] = append(t.Allow[action], s.prefix)
		}
	}
	for _, action := range push {
		t.Deny[action] = []regoDeny{{own + "release-", "release-"}}
	}
	t.Deny["ecr:BatchDeleteImage"] = []regoDeny{{Prefix: own}}
	return t
}

// A regoRepository is a repository's policy: which teams each action is allowed to, and the
// networks outside which everything is denied.
type regoRepository struct {
	Allow    map[string]map[string]bool `json:"allow"`
	Networks []string                   `json:"networks"`
}

// regoRepository returns the statements of repositoryPolicy.
func (p *Policies) regoRepository(i int) regoRepository {
	r := regoRepository{map[string]map[string]bool{}, []string{"10.0.0.0/8", "127.0.0.0/8"}}
	for _, action := range actionsOf(pullActions) {
		r.Allow[action] = map[string]bool{teamName((i + 1) % p.Teams): true}
	}
	return r
}

func teamName(team int) string { return fmt.Sprintf("team-%d", team) }

// actionsOf returns the elements of a list in a policy.
func actionsOf(list string) (actions []string) {
	if err := json.Unmarshal([]byte(list), &actions); err != nil {
		panic(err) // a constant
	}
	return actions
}
