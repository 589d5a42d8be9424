package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"extauthz/tests/stack"
)

// forbidden are paths of one machine or another repository, and the hosts of
// package registries: clients know these by themselves. Each is written in two
// pieces, so that this file does not hold it.
var forbidden = []string{
	"/wor" + "k/", "../shar" + "ed", "/tmp/pl" + "an",
	"pypi" + ".org", "pythonhosted" + ".org", "proxy.golang" + ".org", "sum.golang" + ".org",
	"registry.npmjs" + ".org", "crates" + ".io", "repo.maven" + ".apache.org", "deb.debian" + ".org",
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
