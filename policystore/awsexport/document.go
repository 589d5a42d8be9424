package awsexport

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"net/url"
	"strings"

	"extauthz/diag"
)

// MaxDocumentSize is the largest size of a policy document, in bytes. It is far above
// AWS's quotas.
const MaxDocumentSize = 1 << 20

// A Document is the text of a policy, and where it begins.
type Document struct {
	Source diag.Source
	Start  diag.Point
	Text   []byte
}

// File returns the document that is a whole file.
func File(path string, text []byte) Document {
	return Document{diag.File(path), diag.Point{Line: 1, Column: 1}, text}
}

// inString returns the document that is the value of a JSON string. Its positions count
// from the beginning of the string.
func inString(file, element string, start diag.Point, text string) Document {
	return Document{diag.Source{File: file, Element: element, Start: start}, diag.Point{Line: 1, Column: 1}, []byte(text)}
}

// readDocument reads the next value, a policy in an output: an object, as the AWS CLI
// prints it, or a string with the URL-encoded object, as the API returns it (IAM API
// Reference, GetAccountAuthorizationDetails).
func readDocument(r *reader, name string) (Document, error) {
	at := r.Start()
	start := r.Point(at)
	isString := r.Kind() == jsontext.KindString
	value, err := r.Raw()
	if err != nil {
		return Document{}, err
	}
	if len(value) > MaxDocumentSize {
		return Document{}, r.fault(start, fmt.Sprintf("%s is larger than %d MiB, which is more than AWS accepts for a policy", name, MaxDocumentSize>>20), "save the output again")
	}
	if !isString {
		return Document{diag.File(r.file), start, bytes.Clone(value)}, nil // a policy outlives the text of its file
	}
	decoded, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return Document{}, r.fault(start, name+" has an escape sequence that is not a character", saveAgain)
	}
	text := string(decoded)
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		if text, err = url.PathUnescape(text); err != nil {
			return Document{}, r.fault(start, name+" is neither an object nor URL-encoded", saveAgain)
		}
	}
	return inString(r.file, name, start, text), nil
}
