package mapping

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxParameters bounds the parameters of a query, and once more its tags: more
// than any client sends, few enough to look for repetitions one by one, and to
// decide on every tag.
const maxParameters = 32

// query holds the parameters of a query that the mapping judges by.
type query struct {
	mount, from, digest parameter
	tags                []string
}

// parameter is one that may occur once.
type parameter struct {
	value   string // decoded
	present bool
}

// parseQuery reads the part of a request target after its first question mark,
// or refuses it: every pair must have a plain name, no name but tag may occur
// twice, every value must decode, and what it decodes to must be UTF-8 text
// without control characters. Names and values of no interest here are held to
// the same rules, because a reader that drops what it cannot read goes on with
// the next pair. An empty pair has no name: a trailing & is refused too.
func parseQuery(raw string) (query, *Refusal) {
	var q query
	if raw == "" {
		return q, nil
	}
	if i := strings.IndexFunc(raw, notPlainInQuery); i >= 0 {
		return q, refuseQueryByte(raw, i)
	}
	var names [maxParameters]string
	var values strings.Builder
	count := 0
	for pair := range strings.SplitSeq(raw, "&") {
		name, escaped, _ := strings.Cut(pair, "=")
		if name != "tag" {
			if refusal := judgeParameterName(name, names[:count]); refusal != nil {
				return query{}, refusal
			}
			names[count] = name
			count++
		}
		value, ok := unescape(&values, escaped, len(raw))
		if !ok || !isText(value) {
			return query{}, refuseParameterValue(name)
		}
		q.take(name, value)
	}
	return q, nil
}

// notPlainInQuery says whether a character of a query is outside printable
// ASCII, or one at which some servers end or split a query and others do not. An
// exclamation mark may stand for any byte: Envoy, whose messages hold UTF-8 only,
// writes one for each byte that is none, which HTTP/2 lets through, and forwards
// the byte.
func notPlainInQuery(c rune) bool {
	return c <= ' ' || c >= 0x7f || c == ';' || c == '#' || c == '!'
}

// judgeParameterName refuses a name that some reader might take for another, or
// that has occurred before.
func judgeParameterName(name string, before []string) *Refusal {
	switch {
	case !consistsOf(name, isParameterName):
		return refuseParameterName()
	case slices.Contains(before, name):
		return refuseRepeated(name)
	case len(before) == maxParameters:
		return refuseParameterCount()
	}
	for _, known := range [...]string{"mount", "from", "digest", "digest-algorithm", "tag"} {
		if name != known && strings.EqualFold(name, known) {
			return refuseParameterCase(known)
		}
	}
	if strings.EqualFold(name, "access_token") {
		return refuseAccessToken()
	}
	return nil
}

// isParameterName says whether a byte may stand in a parameter's name. Envoy
// removes parameters by their raw names, so a name that another reader would
// decode to "mount" must not pass.
func isParameterName(c byte) bool {
	return isAlphanumeric(c) || c == '.' || c == '_' || c == '~' || c == '-'
}

// take keeps a value that the mapping judges by.
func (q *query) take(name, value string) {
	switch name {
	case "mount":
		q.mount = parameter{value, true}
	case "from":
		q.from = parameter{value, true}
	case "digest":
		q.digest = parameter{value, true}
	case "tag":
		q.tags = append(q.tags, value)
	}
}

// unescape decodes a value as forms are decoded: %XX is a byte and + a space.
// What it decodes is written to text, one value after the other, so that a
// query of the given size costs one allocation.
func unescape(text *strings.Builder, value string, size int) (string, bool) {
	if !strings.ContainsAny(value, "%+") {
		return value, true
	}
	if text.Cap() == 0 {
		text.Grow(size)
	}
	start := text.Len()
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '+':
			text.WriteByte(' ')
		case '%':
			if i+2 >= len(value) {
				return "", false
			}
			high, low := hexDigit(value[i+1]), hexDigit(value[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			text.WriteByte(byte(high<<4 | low))
			i += 2
		default:
			text.WriteByte(value[i])
		}
	}
	return text.String()[start:], true
}

// hexDigit is the value of a hexadecimal digit, -1 if c is none.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isText says whether a decoded value is UTF-8 without control characters. A
// NUL in a pagination parameter has made a registry print its storage path.
func isText(value string) bool {
	for i := 0; i < len(value); i++ {
		if value[i] < ' ' || value[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(value)
}

// judgeQuery refuses parameters that do not belong to an operation, and returns
// the operation that a POST which opens an upload really is.
func (g *Registry) judgeQuery(o Operation, q *query) (Operation, *Refusal) {
	if o == StartUpload {
		var refusal *Refusal
		if o, refusal = g.judgeOpening(q); refusal != nil {
			return o, refusal
		}
	} else if q.mount.present || q.from.present {
		return o, refuseMisplacedMount()
	}
	if o != PutManifest && len(q.tags) > 1 {
		return o, refuseRepeated("tag")
	}
	switch {
	case len(q.tags) > maxParameters:
		return o, refuseParameterCount()
	case q.digest.present && o.isUpload() && !validReference(q.digest.value):
		return o, refuseDigest("digest", q.digest.value)
	}
	for _, tag := range q.tags {
		if o == PutManifest && !validReference(tag) {
			return o, refuseReference(endpointManifest, tag)
		}
	}
	return o, nil
}

// judgeOpening returns the operation of a POST that opens an upload. A mount is
// one only if it names a blob and a repository that can exist. Clients also send
// an empty name, a name with a host or one in upper case, and a from without a
// mount; registries then start an upload, as the specification demands of a mount
// that is not possible, and so does the mapping, which removes the parameters.
//
// A digest in addition to mount is refused: it would make a monolithic upload of
// the request once mount is removed.
func (g *Registry) judgeOpening(q *query) (Operation, *Refusal) {
	mounts := q.mount.value != "" // registries take an empty mount for none
	switch {
	case q.mount.present && q.digest.present:
		return Unsupported, refuseMountWithDigest()
	case mounts && !validReference(q.mount.value):
		return Unsupported, refuseDigest("mount", q.mount.value)
	case q.from.present && !looksLikeName(q.from.value):
		return Unsupported, refuseSource(q.from.value)
	case q.digest.present:
		return MonolithicUpload, nil
	case mounts && validName(q.from.value, g.ECRNames):
		return MountBlob, nil
	}
	return StartUpload, nil
}

// removed returns the parameters to remove where they do not make a mount: a
// registry might find the blob in any repository if from does not name one, or
// accept a name that the mapping does not.
func (q *query) removed() []string {
	switch {
	case q.from.present:
		return []string{"mount", "from"}
	case q.mount.present:
		return []string{"mount"}
	}
	return nil
}
