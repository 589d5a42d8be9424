package mapping

import (
	"slices"
	"strings"
)

// RemoveHeaders returns the headers to remove from an allowed request before it is
// forwarded, in lower case. Registries use them in Location headers, webhooks and logs, and
// some proxies take the path or the method from them. A client must not choose any of
// these. The headers are removed and not refused, because a proxy in front of Envoy may
// add them to every request.
func RemoveHeaders() []string { return slices.Clone(removeHeaders[:]) }

var removeHeaders = [...]string{
	"forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix",
	"x-forwarded-uri", "x-forwarded-path", "x-forwarded-method", "x-real-ip",
	"x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-original-host",
	"x-host", "x-script-name", "x-artifactory-override-base-url", "x-jfrog-override-base-url",
}

// OverrideHeaders returns headers that some servers use instead of the method or the path of
// the request line, in lower case. A request with one of them is refused.
func OverrideHeaders() []string { return slices.Clone(overrideHeaders[:]) }

var overrideHeaders = [...]string{
	"x-original-url", "x-original-uri", "x-original-path", "x-original-method", "x-rewrite-url", "x-override-url",
	"x-http-path-override", "x-http-method", "x-http-method-override", "x-method-override",
}

// overrides are the names of overrideHeaders, and removed those of removeHeaders.
var (
	overrides = newNameTable(overrideHeaders[:]...)
	removed   = newNameTable(removeHeaders[:]...)
)

// nameTable contains names of headers by their length, so that few names are compared with
// each header of a request.
type nameTable [32][]string

func newNameTable(names ...string) (table nameTable) {
	for _, name := range names {
		table[len(name)] = append(table[len(name)], name)
	}
	return table
}

// lookup returns the name in the table that some servers do not distinguish from name, ""
// if the table does not contain one.
func (t *nameTable) lookup(name string) string {
	if len(name) >= len(t) {
		return ""
	}
	for _, other := range t[len(name)] {
		if sameHeader(name, other) {
			return other
		}
	}
	return ""
}

// isOverride reports whether some servers use the header of this name instead of the
// method or the path of the request line. A variant of a header to be removed is one too:
// servers may not distinguish the two, but Envoy, which ignores only case, does not remove
// the variant.
func isOverride(name string) bool {
	if overrides.lookup(name) != "" {
		return true
	}
	other := removed.lookup(name)
	return other != "" && !strings.EqualFold(name, other)
}

// sameHeader reports whether some servers do not distinguish the name of a header from
// another, which is in lower case: case does not matter, nor does an underscore instead of
// a hyphen.
func sameHeader(name, other string) bool {
	if len(name) != len(other) {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '_':
			c = '-'
		}
		if c != other[i] {
			return false
		}
	}
	return true
}

// checkHeaders refuses headers that could give the request another meaning.
func checkHeaders(headers []Header, o Operation) *Refusal {
	form := o.describe().form
	for _, h := range headers {
		if isOverride(h.Name) {
			return refuseOverride(h.Name)
		}
		if form && sameHeader(h.Name, "content-type") && mayBeForm(h.Value) {
			return refuseForm(h.Value)
		}
	}
	return nil
}

// mayBeForm reports whether a server could read a body of this Content-Type as a form.
// Registries written in Go read mount, from and digest from a form too, and prefer it to
// the query. Servers differ in how they split a list, trim it and fold case (Go's lower
// case of U+0130 begins with an i). The type of a form anywhere in the value is therefore
// enough, and so is a byte outside printable ASCII, or the exclamation mark that Envoy may
// write instead of such a byte.
func mayBeForm(contentType string) bool {
	for i := 0; i < len(contentType); i++ {
		if contentType[i] < ' ' || contentType[i] > '~' || contentType[i] == '!' {
			return true
		}
	}
	lower := strings.ToLower(contentType)
	return strings.Contains(lower, "form-urlencoded") || strings.Contains(lower, "multipart/")
}

// declaresNoBody reports whether the headers leave no doubt that the request has no body:
// one Content-Length of exactly 0, and no Transfer-Encoding. An absent header proves
// nothing, because HTTP/2 requires neither.
func declaresNoBody(headers []Header) bool {
	zeros := 0
	for _, h := range headers {
		switch {
		case sameHeader(h.Name, "transfer-encoding"):
			return false
		case strings.EqualFold(h.Name, "content-length") && h.Value == "0":
			zeros++
		case sameHeader(h.Name, "content-length"):
			return false
		}
	}
	return zeros == 1
}
