package lint

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"extauthz/diag"
	"extauthz/goldentest"
)

// account is a directory with the outputs of the AWS CLI for a whole account. Most of
// its users, roles and policies do not use ECR.
const account = "testdata/account"

// TestAccount checks that the mistakes in an account's outputs are found, and that
// nothing is reported about other services.
func TestAccount(t *testing.T) {
	findings, err := Directory(account)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := diag.WriteText(&got, findings); err != nil {
		t.Fatal(err)
	}
	if len(findings) < 8 {
		t.Errorf("%d findings, want at least 8", len(findings))
	}
	goldentest.Compare(t, account+".golden", got.String())
	inStrings := 0
	for _, f := range findings {
		inStrings += checkPosition(t, f)
	}
	if inStrings < 3 {
		t.Errorf("%d findings in JSON strings, want at least 3", inStrings)
	}
}

// quotedFirst matches a message that begins with the text that the finding is about.
var quotedFirst = regexp.MustCompile(`^(?:action|no registry in registries.yaml has the account and region of) ("[^"]*")`)

// checkPosition checks that the text which a finding is about is at its position. It
// returns 1 for a finding in a JSON string.
func checkPosition(t *testing.T, f diag.Diagnostic) (inStrings int) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(account, f.File))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	if f.Element != "" {
		text = documentIn(t, textAt(t, text, f.Start))
		inStrings = 1
	}
	there := textAt(t, text, f.Point)
	word := `"`
	if m := quotedFirst.FindStringSubmatch(f.Problem); m != nil {
		word = m[1]
	}
	if len(there) < len(word) || there[:len(word)] != word && (there[0] != '{' || word != `"`) {
		t.Errorf("%s\nthe text there is %.40q", f.Text(), there)
	}
	return inStrings
}

// textAt returns the text that begins at a point.
func textAt(t *testing.T, text string, at diag.Point) string {
	t.Helper()
	for range at.Line - 1 {
		_, text, _ = strings.Cut(text, "\n")
	}
	for range at.Column - 1 {
		_, width := utf8.DecodeRuneInString(text)
		text = text[width:]
	}
	return text
}

// documentIn returns the document that the string at the beginning of a text contains.
func documentIn(t *testing.T, text string) string {
	t.Helper()
	var document string
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document, "{") {
		plain, err := url.PathUnescape(document)
		if err != nil {
			t.Fatal(err)
		}
		document = plain
	}
	return document
}
