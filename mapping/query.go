package mapping

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxParameters is the limit on the parameters of a query, and also on its tags. Clients
// send fewer. Up to this number, comparing each pair of names and deciding about each tag
// is fast.
const maxParameters = 32

// query contains the parameters that the mapping depends on.
type query struct {
	mount, from, digest parameter
	tags                []string
}

// parameter is a query parameter that may occur once.
type parameter struct {
	value   string // decoded
	present bool
}

// parseQuery parses the part of a request target after its first question mark, or refuses
// it. Every pair must have a plain name, only tag may occur twice, and every value must
// decode to UTF-8 text without control characters. The same rules apply to parameters that
// the mapping ignores, because a server that skips a pair that it cannot decode continues
// with the next one. An empty pair, such as a trailing &, has no name and is refused.
//
// Decoded values are appended to text.
func parseQuery(raw string, text *strings.Builder) (query, *Refusal) {
	var q query
	if raw == "" {
		return q, nil
	}
	if i := inQuery.prefixLen(raw); i < len(raw) {
		return q, refuseQueryByte(raw, i)
	}
	var names [maxParameters]string
	count := 0
	for pair := range strings.SplitSeq(raw, "&") {
		name, escaped, _ := strings.Cut(pair, "=")
		if name != "tag" {
			if refusal := checkParameterName(name, names[:count]); refusal != nil {
				return query{}, refusal
			}
			names[count] = name
			count++
		}
		value, ok := unescape(text, escaped, len(raw))
		if !ok || len(value) < len(escaped) && !isText(value) { // without %XX it is printable, as raw is
			return query{}, refuseParameterValue(name)
		}
		q.set(name, value)
	}
	return q, nil
}

// knownParameters are the parameters that registries distinguish.
var knownParameters = [...]string{"mount", "from", "digest", "digest-algorithm", "tag"}

// checkParameterName refuses a name that some server could confuse with another, or that
// has occurred before.
func checkParameterName(name string, before []string) *Refusal {
	switch {
	case !inParameterName.matches(name):
		return refuseParameterName()
	case slices.Contains(before, name):
		return refuseRepeated(name)
	case len(before) == maxParameters:
		return refuseParameterCount()
	}
	for _, known := range &knownParameters {
		if len(name) == len(known) && name != known && strings.EqualFold(name, known) {
			return refuseParameterCase(known)
		}
	}
	if strings.EqualFold(name, "access_token") {
		return refuseAccessToken()
	}
	return nil
}

// set sets a parameter that the mapping depends on.
func (q *query) set(name, value string) {
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

// unescape decodes a value as forms are decoded: %XX is a byte and + is a space. It
// appends decoded values to text, so that a query of the given size needs one allocation.
func unescape(text *strings.Builder, value string, size int) (string, bool) {
	if unescaped.prefixLen(value) == len(value) {
		return value, true
	}
	if text.Cap() == 0 {
		text.Grow(size)
	}
	start := text.Len()
	for value != "" {
		n := unescaped.prefixLen(value)
		text.WriteString(value[:n])
		if value = value[n:]; value == "" {
			break
		}
		c, width := ' ', len("+")
		if value[0] == '%' {
			if c, width = hexByte(value[1:]), len("%XX"); c < 0 {
				return "", false
			}
		}
		text.WriteByte(byte(c))
		value = value[width:]
	}
	return text.String()[start:], true
}

// hexByte returns the byte that two hexadecimal digits at the beginning of s mean, -1 if s
// does not begin with two.
func hexByte(s string) rune {
	if len(s) < 2 {
		return -1
	}
	high, low := hexDigit(s[0]), hexDigit(s[1])
	if high < 0 || low < 0 {
		return -1
	}
	return high<<4 | low
}

// hexDigit returns the value of a hexadecimal digit, -1 for another character.
func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// isText reports whether a decoded value is UTF-8 without control characters. A NUL in a
// pagination parameter has made a registry return its storage path.
func isText(value string) bool {
	n := printable.prefixLen(value)
	if n == len(value) {
		return true
	}
	for i := n; i < len(value); i++ {
		if value[i] < ' ' || value[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(value)
}

// checkQuery refuses parameters that do not belong to an operation. It returns the
// operation, which the query determines for a POST that starts an upload.
func (g *Settings) checkQuery(o Operation, q *query) (Operation, *Refusal) {
	if o == StartUpload {
		var refusal *Refusal
		if o, refusal = g.checkUploadQuery(q); refusal != nil {
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
	case q.digest.present && o.describe().upload && !validReference(q.digest.value):
		return o, refuseDigest("digest", q.digest.value)
	}
	for _, tag := range q.tags {
		if o == PutManifest && !validReference(tag) {
			return o, refuseReference(endpointManifest, tag)
		}
	}
	return o, nil
}

// checkUploadQuery returns the operation of a POST that starts an upload. It is a mount only
// if mount is not empty and from can be the name of a repository. Clients also send an empty
// name, a name with a host or in upper case, and a from without a mount. Registries then
// start an upload, as the specification requires if a mount is not possible. The mapping
// does the same and removes the parameters.
//
// A digest in addition to mount is refused: without mount, the request would be a monolithic
// upload.
func (g *Settings) checkUploadQuery(q *query) (Operation, *Refusal) {
	mounts := q.mount.value != "" // registries ignore an empty mount
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

// mountParameters returns the parameters of a mount that the query contains. They are
// removed from a request that is not a mount: a registry could find the blob in any
// repository if from is not a repository, or accept a name that the mapping does not.
func (q *query) mountParameters() []string {
	switch {
	case q.from.present:
		return []string{"mount", "from"}
	case q.mount.present:
		return []string{"mount"}
	}
	return nil
}
