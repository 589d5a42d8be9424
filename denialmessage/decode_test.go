package denialmessage

import (
	"bytes"
	"strings"
	"testing"

	"filippo.io/age"
)

// TestDecodeText checks the texts in which a message is found.
func TestDecodeText(t *testing.T) {
	e, keys := newEncoder(t, 1)
	text := e.Encode(sample())
	wrapped := text[:80] + "\n" + text[80:160] + "\r\n  " + text[160:]
	for name, given := range map[string]string{
		"the message": text, "with a line feed": text + "\n", "wrapped": wrapped, "with the sentence": Sentence + text,
		"docker":        "denied: User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:PutImage on resource: x. " + Sentence + text + "\n",
		"with a detail": "Error: response status code 403: denied: not authorized. " + Sentence + text + ": map[action:ecr:PutImage]\n",
		"JSON":          `{"errors":[{"code":"DENIED","message":"not authorized. ` + Sentence + text + `","detail":{}}]}`,
	} {
		if m, err := Decode(given, keys); err != nil || m.DecisionID != sample().DecisionID {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// TestDecodeFaults checks that each fault has one error with a remedy, and that no altered or
// truncated message is read.
func TestDecodeFaults(t *testing.T) {
	e, keys := newEncoder(t, 1)
	text := e.Encode(sample())
	foreign := func(content []byte, to ...age.Recipient) string {
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, to...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return encoding.EncodeToString(sealed.Bytes())
	}
	mine := keys[0].(*age.X25519Identity).Recipient()
	content := func(start ...byte) []byte { return append(start, make([]byte, contentSize-len(start))...) }
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " \n", "the text has no message"},
		{"the sentence alone", Sentence, "the text has no message"},
		{"other text", "an error without a message", "the text is not an encoded authorization message"},
		{"another encoding", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo", "the text is not an encoded authorization message"},
		{"the beginning", text[:900], "the message is truncated or has additional characters: it has 900, and a whole one has 1632"},
		{"a few bytes", text[:3], "the message is truncated"},
		{"without the last character", text[:len(text)-1], "the message is truncated"},
		{"twice", text + text, "the message is truncated or has additional characters"},
		{"too long", strings.Repeat("a", maxInput+1), "the text is too long for a message"},
		{"another key", foreign(content(), newKey(t).Recipient()), "no key in the file can read the message"},
		{"a later version", foreign(content(2), mine), "the message has version 2, and this program reads version 1"},
		{"a length that is too large", foreign(content(1, 0xff, 0xff), mine), "the content is not that of a message"},
		{"zeros", foreign(content(1, 0, 0), mine), "the content is not that of a message"},
		{"no JSON", foreign(content(1, 0, 5, 1, 0, 0, 0xff, 0xff), mine), "the content is not that of a message"},
	} {
		m, err := Decode(c.text, keys)
		if m != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "; ") {
			t.Errorf("%s: %+v, %v; want %q with a remedy", c.name, m, err, c.want)
		}
	}
	for i := 0; i < len(text); i += 7 {
		altered := []byte(text)
		if altered[i]++; isNoDigit(rune(altered[i])) {
			altered[i] = 'A'
		}
		m, err := Decode(string(altered), keys)
		if m != nil || err == nil || strings.Count(err.Error(), ";") != 1 {
			t.Fatalf("altered at %d: %+v, %v", i, m, err)
		}
	}
}

// FuzzDecode checks that no text makes Decode panic, and that no one can make a message without the
// public key.
func FuzzDecode(f *testing.F) {
	e, keys := newEncoder(f, 1)
	f.Add(e.Encode(sample()))
	f.Add("a " + Sentence + " b")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Decode(text, keys); err != nil && strings.Count(err.Error(), ";") != 1 {
			t.Errorf("error %q", err)
		}
	})
}

// TestKeys checks the faults of files with keys. No error repeats a key.
func TestKeys(t *testing.T) {
	key := newKey(t)
	public, secret := key.Recipient().String(), key.String()
	other := func() string { return newKey(t).Recipient().String() + "\n" }
	for _, c := range []struct{ name, text, recipients, keys string }{
		{"public", "# created: 2026\n\n" + public + "\r\n", "", "f:3:1: the line is a public key, which cannot read messages"},
		{"secret", "# created: 2026\n# public key: " + public + "\n" + secret + "\n", "f:3:1: the line is a secret key", ""},
		{"empty", "# nothing\n", "f: the file has no public key; ", "f: the file has no secret key; "},
		{"twice", public + "\n" + public + "\n", "f:2:1: the public key is in the file twice", "f:1:1: the line is a public key"},
		{"four", other() + other() + other() + other(), "", "f:1:1: "},
		{"five", other() + other() + other() + other() + other(), "f:5:1: the file has more than 4 public keys", "f:1:1: "},
		{"post-quantum", "age1pq1xyz\n", "f:1:1: messages for a post-quantum key do not fit in a header", "f:1:1: "},
		{"another text", "ssh-ed25519 AAAA\n", "f:1:1: the line is not a public key of age", "f:1:1: the line is not a secret key of age"},
		{"a typing error", public[:20] + "q" + public[21:] + "x\n", "f:1:1: the line is not a public key of age", "f:1:1: "},
		{"a broken secret", secret[:30] + "\n", "f:1:1: the line is a secret key", "f:1:1: the line is not a secret key of age"},
	} {
		_, err := ParseRecipients("f", []byte(c.text))
		checkKeyError(t, c.name+" as recipients", err, c.recipients, secret)
		_, err = ParseKeys("f", []byte(c.text))
		checkKeyError(t, c.name+" as keys", err, c.keys, secret)
	}
}

func checkKeyError(t *testing.T, name string, err error, want, secret string) {
	t.Helper()
	switch {
	case (err == nil) != (want == ""):
		t.Errorf("%s: %v, want %q", name, err, want)
	case err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret[:30])):
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}

// TestExplain checks that text of a client cannot control a terminal.
func TestExplain(t *testing.T) {
	m := sample()
	m.DryRun, m.Truncated, m.Failures.Items = true, []string{"reason"}, []Failure{{"too many steps"}}
	m.Context.Conditions.Items[5].Values.Items[0].Value = "a\x1b[31m\r\nb"
	m.MatchedStatements.Items[0].Policy = "managed/\x1b.json"
	text := m.Explain()
	if strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("%q contains control characters", text)
	}
	for _, want := range []string{"dry run", "Cut: reason", "too many steps", "aws:UserAgent = a?[31m??b"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
