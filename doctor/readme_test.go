package doctor

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// TestReadme compares the table in README.md with the rules.
func TestReadme(t *testing.T) {
	const begin, end = "<!-- begin table -->\n", "<!-- end table -->"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("README.md has no table")
	}
	var table strings.Builder
	table.WriteString("| code | severity | finding | what it leads to |\n| --- | --- | --- | --- |\n")
	for _, r := range rules() {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", r.code, r.severity, r.summary, r.why)
	}
	goldentest.Compare(t, "README.md", head+begin+table.String()+end+tail)
}
