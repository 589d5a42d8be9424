package workload

import (
	"encoding/json"
	"testing"
)

// TestRegoData checks that the data for OPA has as many statements as the policies.
func TestRegoData(t *testing.T) {
	p := NewPolicies(Spread, 1000)
	text, err := p.RegoData()
	if err != nil {
		t.Fatal(err)
	}
	var data struct{ Teams, Repositories map[string][]regoStatement }
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, statements := range data.Teams {
		n += len(statements)
	}
	for _, statements := range data.Repositories {
		n += len(statements)
	}
	if want := p.Teams*teamStatements + p.Repositories*repositoryStatements; n != want || len(data.Teams) != p.Teams {
		t.Errorf("%d statements of %d teams, want %d of %d", n, len(data.Teams), want, p.Teams)
	}
}
