package denialmessage

import (
	"bytes"
	"compress/flate"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"extauthz/diag"
)

// Sentence is what precedes a message in an error, as in AWS's errors.
const Sentence = "Encoded authorization failure message: "

// Sizes in bytes: of an age file for X25519 recipients without them, and of each of them.
const (
	ageSize       = len(ageVersion) + 48 + 16 + contentSize + 16 // version, MAC, nonce, content, tag
	recipientSize = 98
)

// ageVersion is the first line of an age file.
const ageVersion = "age-encryption.org/v1\n"

// maxInput is more than any message and the error around it, in bytes.
const maxInput = 64 << 10

// Decode reads a message with secret keys. Text may be the message alone, which may contain line
// breaks and spaces, or a client's output with the sentence that precedes the message.
func Decode(text string, keys Keys) (*Message, error) {
	sealed, err := extract(text)
	if err != nil {
		return nil, err
	}
	content, err := decrypt(sealed, keys)
	if err != nil {
		return nil, err
	}
	return parse(content)
}

// extract returns the age file in a text.
func extract(text string) ([]byte, error) {
	if len(text) > maxInput {
		return nil, notMessage("the text is too long for a message")
	}
	if _, after, found := strings.Cut(text, strings.TrimSpace(Sentence)); found {
		text = strings.TrimSpace(after)
		if end := strings.IndexFunc(text, isNoDigit); end >= 0 {
			text = text[:end]
		}
	} else {
		text = strings.Join(strings.Fields(text), "")
	}
	if text == "" {
		return nil, notMessage("the text has no message")
	}
	sealed, err := encoding.DecodeString(text)
	if strings.IndexFunc(text, isNoDigit) >= 0 || !strings.HasPrefix(ageVersion, string(sealed[:min(len(sealed), len(ageVersion))])) {
		return nil, notMessage("the text is not an encoded authorization message")
	}
	if n := len(sealed) - ageSize; err != nil || n < recipientSize || n%recipientSize != 0 {
		return nil, diag.Problemf("the message is truncated or has additional characters: it has %d, and a whole one has %d for one recipient", len(text), encoding.EncodedLen(ageSize+recipientSize)).
			WithRemedy("copy the whole message")
	}
	return sealed, nil
}

func notMessage(problem string) error {
	return diag.Problemf("%s", problem).WithRemedy(fmt.Sprintf("give what follows %q in the answer", Sentence))
}

// isNoDigit reports whether a character is not one of the encoding.
func isNoDigit(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// decrypt returns the content of an age file.
func decrypt(sealed []byte, keys Keys) ([]byte, error) {
	altered := diag.Problemf("the message was altered").WithRemedy("copy it again from the answer")
	r, err := age.Decrypt(bytes.NewReader(sealed), keys...)
	var mismatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &mismatch):
		return nil, diag.Problemf("no key in the file can read the message").WithRemedy("give the secret key of a recipient in --message-recipients of the sidecar that wrote it")
	case err != nil:
		return nil, altered
	}
	content, err := io.ReadAll(io.LimitReader(r, contentSize+1))
	if err != nil || len(content) != contentSize {
		return nil, altered
	}
	return content, nil
}

// maxJSON limits the JSON of a message, in bytes.
const maxJSON = 1 << 20

// parse returns the message in a content.
func parse(content []byte) (*Message, error) {
	if content[0] != contentVersion {
		return nil, diag.Problemf("the message has version %d, and this program reads version %d", content[0], contentVersion).WithRemedy("use the version of extauthz that wrote it")
	}
	foreign := diag.Problemf("the content is not that of a message").WithRemedy("give a message that extauthz wrote")
	end := contentStart + int(content[1])<<8 + int(content[2])
	if end > contentSize {
		return nil, foreign
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(bytes.NewReader(content[contentStart:end]), []byte(dictionary)), maxJSON))
	if err != nil {
		return nil, foreign
	}
	m := new(Message)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, foreign
	}
	return m, nil
}
