package decisionlog

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"extauthz/authz"
	"extauthz/iam"
)

// The lines are encoded by hand, because each check needs one. The reference in the tests
// is encoding/json, and a fuzz test compares the two byte for byte.

// maxText is the limit on fields with text of the client, in bytes.
const maxText = 512

// appendLine appends the line of a decision to b. README.md describes its fields.
func appendLine(b []byte, r *authz.Result, latency time.Duration) []byte {
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	b = append(b, `{"time":"`...)
	b = at.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"INFO","msg":"decision","version":1,"decision":`...)
	b = appendString(b, r.Decision.String())
	b = appendText(b, `,"decisionId":`, r.ID)
	if r.DryRun {
		b = append(b, `,"dryRun":true`...)
	}
	b = appendText(b, `,"reason":`, r.Reason)
	b = appendText(b, `,"requestId":`, r.RequestID)
	b = appendText(b, `,"registry":`, r.Registry)
	b = appendText(b, `,"principal":`, r.Principal)
	b = appendText(b, `,"user":`, r.User)
	b = appendText(b, `,"source":`, r.Source)
	b = appendText(b, `,"issuer":`, r.Issuer)
	b = appendText(b, `,"keyId":`, r.KeyID)
	b = appendText(b, `,"issuedTo":`, r.IssuedTo)
	b = appendText(b, `,"issuedKeyId":`, r.IssuedKeyID)
	b = appendText(b, `,"clientAddress":`, r.Client)
	b = appendText(b, `,"method":`, r.Method)
	b = appendText(b, `,"operation":`, r.Operation)
	b = appendText(b, `,"repository":`, r.Repository)
	b = appendText(b, `,"reference":`, r.Reference)
	if len(r.Evaluations) > 0 {
		b = append(b, `,"actions":`...)
		for i := range r.Evaluations {
			b = append(b, separator(i))
			b = appendEvaluation(b, &r.Evaluations[i])
		}
		b = append(b, ']')
	}
	b = appendFacts(b, r, at)
	b = append(b, `,"digest":`...)
	b = appendString(b, r.Digest)
	b = append(b, `,"latencySeconds":`...)
	b = appendNumber(b, latency.Seconds())
	return append(b, '}', '\n')
}

// appendEvaluation appends an evaluated permission.
func appendEvaluation(b []byte, e *authz.Evaluation) []byte {
	b = append(b, `{"action":`...)
	b = appendString(b, e.Action)
	b = append(b, `,"resource":`...)
	b = appendString(b, e.Resource)
	b = append(b, `,"decision":`...)
	b = appendString(b, e.Decision.String())
	if e.Optional {
		b = append(b, `,"optional":true`...)
	}
	matched := e.Matched()
	if len(matched) == 0 {
		return append(b, `,"statements":[]}`...)
	}
	b = append(b, `,"statements":`...)
	for i := range matched {
		b = append(b, separator(i))
		b = appendStatement(b, &matched[i])
	}
	return append(b, ']', '}')
}

// appendStatement appends a statement that applies.
func appendStatement(b []byte, m *iam.Match) []byte {
	b = append(b, `{"effect":`...)
	b = appendString(b, m.Statement.Effect.String())
	b = append(b, `,"policy":`...)
	b = appendString(b, m.Policy.Source.String())
	if m.Statement.Sid != "" {
		b = append(b, `,"sid":`...)
		b = appendString(b, m.Statement.Sid)
	}
	b = append(b, `,"line":`...)
	b = strconv.AppendInt(b, int64(m.Statement.Start.Line), 10)
	return append(b, '}')
}

// separator returns what precedes the i-th element of an array.
func separator(i int) byte {
	if i == 0 {
		return '['
	}
	return ','
}

// appendText appends a field with text of the client, cut if it is too long. It appends
// nothing if the text is empty. name includes the punctuation around the field's name.
func appendText(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	b = append(b, name...)
	if len(text) <= maxText {
		return appendString(b, text)
	}
	b = appendEscaped(append(b, '"'), text[:maxText])
	return append(b, `…"`...)
}

func appendString(b []byte, s string) []byte {
	return append(appendEscaped(append(b, '"'), s), '"')
}

// appendEscaped appends s as the content of a JSON string. It escapes what encoding/json
// does, except the characters of HTML. Bytes that are not UTF-8 become U+FFFD.
func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && r != '\u2028' && r != '\u2029' && (r != utf8.RuneError || width > 1) {
			i += width
			continue
		}
		b = appendEscape(append(b, s[start:i]...), r)
		i += width
		start = i
	}
	return append(b, s[start:]...)
}

// appendEscape appends the escape sequence of a character, or U+FFFD.
func appendEscape(b []byte, r rune) []byte {
	switch r {
	case utf8.RuneError:
		return utf8.AppendRune(b, r)
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// appendNumber appends a number of seconds in the form of encoding/json.
func appendNumber(b []byte, f float64) []byte {
	if f == 0 || math.Abs(f) >= 1e-6 {
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	if n := len(b); b[n-2] == '0' { // e-7 instead of e-07
		b = append(b[:n-2], b[n-1])
	}
	return b
}
