package lint

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"extauthz/goldentest"
)

// account is a directory of the outputs of AWS's commands for a whole account:
// people, bots, services and what belongs to them, most of which has no part in ECR.
const account = "testdata/account"

// TestAccount wants of an account's outputs the mistakes that are in them, and
// nothing about what has no part in ECR.
func TestAccount(t *testing.T) {
	findings, err := Directory(account)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := WriteText(&got, findings); err != nil {
		t.Fatal(err)
	}
	if len(findings) < 8 {
		t.Errorf("%d findings, want at least 8", len(findings))
	}
	goldentest.Compare(t, account+".golden", got.String())
	inStrings := 0
	for _, f := range findings {
		inStrings += checkPlace(t, f)
	}
	if inStrings < 3 {
		t.Errorf("%d findings in documents that stand as strings, want at least 3", inStrings)
	}
}

// inString is the message of a finding in a document that stands in a file as a
// string: the member, and the place in the document.
var inString = regexp.MustCompile(`^in (\w+): (\d+):(\d+): (.*)$`)

// quotedFirst is a message that begins with the word that the finding is about.
var quotedFirst = regexp.MustCompile(`^(?:action|no registry in registries.yaml has the account and region of) ("[^"]*")`)

// checkPlace wants the word that a finding is about where the finding says it
// stands, and returns 1 for one in a string.
func checkPlace(t *testing.T, f Finding) (inStrings int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(account, f.Source))
	if err != nil {
		t.Fatal(err)
	}
	there, message := behind(t, string(text), f.Line, f.Column), f.Message
	if m := inString.FindStringSubmatch(f.Message); m != nil {
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		there, message = behind(t, documentIn(t, there), line, column), m[4]
		inStrings = 1
	}
	word := `"`
	if m := quotedFirst.FindStringSubmatch(message); m != nil {
		word = m[1]
	}
	if len(there) < len(word) || there[:len(word)] != word && (there[0] != '{' || word != `"`) {
		t.Errorf("%s\nstands at %.40q", f, there)
	}
	return inStrings
}

// behind is what follows a place of a text.
func behind(t *testing.T, text string, line, column int) string {
	t.Helper()
	for range line - 1 {
		_, text, _ = strings.Cut(text, "\n")
	}
	for range column - 1 {
		_, width := utf8.DecodeRuneInString(text)
		text = text[width:]
	}
	return text
}

// documentIn is the document that the string at the beginning of a text holds.
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
