package rules

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// forbidden lists paths of one machine or another repository, and hosts of package
// registries, which clients have as defaults. Each is written in two pieces, so that this
// file does not contain it.
var forbidden = []string{
	"/wor" + "k/", "../shar" + "ed", "/tmp/pl" + "an",
	"pypi" + ".org", "pythonhosted" + ".org", "proxy.golang" + ".org", "sum.golang" + ".org",
	"registry.npmjs" + ".org", "crates" + ".io", "repo.maven" + ".apache.org", "deb.debian" + ".org",
}

// replaced maps words that this project does not use to plain ones.
var replaced = map[string]string{
	"me" + "nd": "fix", "me" + "nds": "fixes", "me" + "nded": "fixed", "me" + "nding": "fixing",
	"am" + "iss": "invalid", "gr" + "eet": "answer", "un" + "taken": "unsupported", "in" + "habited": "used",
	"no" + "body": "no principal", "some" + "body": "a caller", "who" + "ever": "every caller that",
	"to" + "ld": "reported", "te" + "lls": "reports", "st" + "ands": "is", "as" + "ks": "requires",
	"be" + "side": "next to", "te" + "ll": "report", "wh" + "om": "that", "in pl" + "ace of": "instead of", "but f" + "or": "except", "le" + "st": "so that not",
}

// TestPlainWords checks that no file uses a word that readers have to read twice.
func TestPlainWords(t *testing.T) {
	var words []string
	for word := range replaced {
		words = append(words, word)
	}
	pattern := regexp.MustCompile(`(?i)\b(` + strings.Join(words, "|") + `)\b`)
	for _, name := range files(t) {
		if name == "LICENSE" || strings.Contains(name, "testdata/") && path.Ext(name) != ".txt" {
			continue // texts of others, and names in policies
		}
		text, err := os.ReadFile(filepath.Join(stack.Root(), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range pattern.FindAllIndex(text, -1) {
			word := strings.ToLower(string(text[at[0]:at[1]]))
			t.Errorf("%s:%d: write %q instead of %q", name, 1+bytes.Count(text[:at[0]], []byte("\n")), replaced[word], word)
		}
	}
}

func TestWords(t *testing.T) {
	names := files(t)
	if len(names) < 80 {
		t.Fatalf("%d files, want at least 80", len(names))
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(stack.Root(), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range forbidden {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s mentions %s", name, word)
			}
		}
	}
}
