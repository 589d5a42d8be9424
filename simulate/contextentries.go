package simulate

import (
	"encoding/base64"
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// entries reads ContextEntries.
func (in *inputReader) entries(name string) error {
	return in.reader.Array(name, func(int) error {
		at := in.reader.Start()
		e, err := in.entry()
		if err != nil {
			return err
		}
		if err := e.add(&in.context); err != nil {
			return in.reader.Wrap(at, "", err)
		}
		return nil
	})
}

// contextEntry is an entry of ContextEntries.
type contextEntry struct {
	name, kind string
	values     []string
}

func (in *inputReader) entry() (e contextEntry, err error) {
	err = in.reader.Object("a context entry", func(name string, at int) (err error) {
		switch name {
		case "ContextKeyName":
			e.name, _, err = in.reader.String(name)
		case "ContextKeyType":
			e.kind, _, err = in.reader.String(name)
		case "ContextKeyValues":
			err = in.texts(name, &e.values, nil)
		default:
			err = in.reader.ErrorAt(at, fmt.Sprintf("unknown field %q", name), "a context entry has ContextKeyName, ContextKeyType and ContextKeyValues")
		}
		return err
	})
	return e, err
}

// add checks the entry and adds it to the context.
func (e *contextEntry) add(c *iam.Context) error {
	if e.name == "" {
		return fmt.Errorf("a context entry needs a ContextKeyName, such as aws:SourceIp")
	}
	if _, twice := c.Lookup(e.name); twice {
		return diag.Problemf("context key %q occurs twice", e.name).WithRemedy("keep one, because case does not matter")
	}
	if e.kind == "" { // optional in the API: the values are strings
		if e.kind = "string"; len(e.values) != 1 {
			e.kind = "stringList"
		}
	}
	base, list := strings.CutSuffix(e.kind, "List")
	for i, value := range e.values {
		var err error
		if e.values[i], err = valueOf(base, value); err != nil {
			return fmt.Errorf("context key %q of type %q: %w", e.name, e.kind, err)
		}
	}
	entry := iam.ContextEntry{Key: e.name, Values: e.values, Multi: list}
	switch {
	case !isType(base):
		return diag.Problemf("context key %q: %q is not a ContextKeyType", e.name, e.kind).WithRemedy("write string, numeric, boolean, ip, binary, date, or one of them with List")
	case !list && len(e.values) != 1:
		return diag.Problemf("context key %q of type %q has %d values instead of one", e.name, e.kind, len(e.values)).WithRemedy(fmt.Sprintf("for a multivalued key write %sList, for a missing key leave the entry out", base))
	case !list:
		entry.Value, entry.Values = e.values[0], nil
	}
	*c = append(*c, entry)
	return nil
}

// isType reports whether base is a ContextKeyType, without List (IAM API Reference,
// ContextEntry).
func isType(base string) bool {
	switch base {
	case "string", "numeric", "boolean", "ip", "binary", "date":
		return true
	}
	return false
}

// valueOf returns a value for the request context: the bytes of a binary value, and
// otherwise the text, which must be of the type.
func valueOf(base, text string) (string, error) {
	switch {
	case base == "numeric" && !iam.IsNumber(text):
		return "", fmt.Errorf("%q is not a decimal number", text)
	case base == "boolean" && !iam.IsBool(text):
		return "", diag.Problemf("%q is not a boolean", text).WithRemedy("write true or false")
	case base == "ip" && !iam.IsAddress(text):
		return "", diag.Problemf("%q is not an IP address", text).WithRemedy("write one address, such as 192.0.2.7")
	case base == "date" && !iam.IsDate(text):
		return "", diag.Problemf("%q is not a date", text).WithRemedy("write 2026-11-22T06:00:00Z or seconds since 1970")
	case base == "binary":
		bytes, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			return "", fmt.Errorf("%q is not base64", text)
		}
		return string(bytes), nil
	}
	return text, nil
}
