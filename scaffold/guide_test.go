package scaffold

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// granted returns the effect and the sorted actions of each statement of a document. It
// omits the permission to log in, which is a separate policy in the templates.
func granted(t *testing.T, text string) (statements []string) {
	t.Helper()
	var document struct {
		Statement []struct {
			Sid, Effect string
			Action      any
		}
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	for _, s := range document.Statement {
		var actions []string
		switch a := s.Action.(type) {
		case string:
			actions = []string{a}
		case []any:
			for _, item := range a {
				actions = append(actions, item.(string))
			}
		}
		slices.Sort(actions)
		if !slices.Equal(actions, []string{"ecr:GetAuthorizationToken"}) {
			statements = append(statements, s.Effect+" "+strings.Join(actions, " "))
		}
	}
	if len(statements) == 0 {
		t.Fatalf("no statements in %s", text)
	}
	return statements
}

// TestPoliciesMatchGuide checks that the policies have the actions of the examples in the
// Amazon ECR User Guide.
func TestPoliciesMatchGuide(t *testing.T) {
	files := render(t, options())
	const folder = "accounts/123456789012/eu-central-1/repositories/team/"
	for file, guide := range map[string]string{
		folder + "app/_policy.json":     "repository-push-pull",
		folder + "base/_policy.json":    "repository-pull-and-admin",
		folder + "inbox/_policy.json":   "repository-cross-account-push",
		folder + "shared/_policy.json":  "repository-pull-all-accounts",
		folder + "retired/_policy.json": "repository-deny-pull",
		"managed/contents.json":         "identity-list-token-contents",
	} {
		text, err := os.ReadFile(filepath.Join("..", "iam", "testdata", "ecr-guide", guide+".json"))
		if err != nil {
			t.Fatal(err)
		}
		want := granted(t, string(text))
		if guide == "identity-list-token-contents" { // which allows ecr:ListImages twice
			want[1] = strings.Replace(want[1], "ecr:ListImages ", "", 1)
		}
		if got := granted(t, files[file]); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q as in %s", file, got, want, guide)
		}
	}
}
