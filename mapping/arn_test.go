package mapping

import (
	"strings"
	"testing"
)

func TestValidRepository(t *testing.T) {
	for name, want := range map[string]bool{
		strings.Repeat("a", 255): true, strings.Repeat("a", 256): true, strings.Repeat("a", 257): false,
		strings.Repeat("a", 253) + "__a": false, "a": true, "team/app__x": true, "": false, "Team": false, "a/_policy": false, "a..b": false, "*": false,
	} {
		if got := ValidRepository(name); got != want {
			t.Errorf("%q: got %v; want %v", name, got, want)
		}
	}
}

// TestRepositoryARN holds that policies are filed under the very ARN that
// permissions ask.
func TestRepositoryARN(t *testing.T) {
	g := testRegistry()
	m, refusal := g.Map(request("GET", "/v2/team/app/manifests/v1"))
	if refusal != nil {
		t.Fatal(refusal.Message)
	}
	if got := g.RepositoryARN("team/app"); got != m.Permissions[0].Resource || got != prefix+"team/app" {
		t.Errorf("got %q; the mapping asks %q", got, m.Permissions[0].Resource)
	}
}
