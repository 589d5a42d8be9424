package mapping

import "strings"

// RemoveHeaders lists the request headers that an allowed request loses before
// it is forwarded: registries build Location, webhook and log text from them,
// some proxies decide by them which path or method was asked, and a client must
// not choose any of that. They are removed rather than refused because a proxy
// in front of Envoy may write them into every request. The names are in lower
// case.
func RemoveHeaders() []string {
	names := removed()
	return names[:]
}

func removed() [16]string {
	return [...]string{
		"forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix",
		"x-forwarded-uri", "x-forwarded-path", "x-forwarded-method", "x-real-ip",
		"x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-original-host",
		"x-host", "x-script-name", "x-artifactory-override-base-url", "x-jfrog-override-base-url",
	}
}

// overrides says whether a header of this name makes some servers act on another
// method or path than the request line's: by its meaning, or because a server
// may take it for one to be removed that Envoy, which compares names but for
// case, does not remove.
func overrides(name string) bool {
	for _, override := range [...]string{
		"x-original-url", "x-original-uri", "x-original-path", "x-original-method", "x-rewrite-url", "x-override-url",
		"x-http-path-override", "x-http-method", "x-http-method-override", "x-method-override",
	} {
		if names(name, override) {
			return true
		}
	}
	for _, other := range removed() {
		if names(name, other) && !strings.EqualFold(name, other) {
			return true
		}
	}
	return false
}

// names says whether a header's name may be taken for another, which is in lower
// case.
func names(name, other string) bool {
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

// judgeHeaders refuses headers that would give the request another meaning.
func judgeHeaders(headers []Header, o Operation) *Refusal {
	for _, h := range headers {
		if overrides(h.Name) {
			return refuseOverride(h.Name)
		}
		if o.formDecides() && names(h.Name, "content-type") && maybeForm(h.Value) {
			return refuseForm(h.Value)
		}
	}
	return nil
}

// maybeForm says whether a server might take a body of this Content-Type for a
// form. Registries written in Go read mount, from and digest from a form body
// too, and prefer it to the query. Servers differ in how they split a list, trim
// and fold case (Go's lower case of U+0130 begins with an i), so it is enough
// that a form's type occurs anywhere, and a byte outside printable ASCII makes
// every reading doubtful, as does the exclamation mark that Envoy may write for
// it.
func maybeForm(contentType string) bool {
	for i := 0; i < len(contentType); i++ {
		if contentType[i] < ' ' || contentType[i] > '~' || contentType[i] == '!' {
			return true
		}
	}
	lower := strings.ToLower(contentType)
	return strings.Contains(lower, "form-urlencoded") || strings.Contains(lower, "multipart/")
}

// certainlyEmpty says whether the request declares beyond doubt that it has no
// body: one Content-Length of exactly 0, and no Transfer-Encoding. A header that
// is absent proves nothing, as HTTP/2 needs neither.
func certainlyEmpty(headers []Header) bool {
	zeros := 0
	for _, h := range headers {
		switch {
		case names(h.Name, "transfer-encoding"):
			return false
		case strings.EqualFold(h.Name, "content-length") && h.Value == "0":
			zeros++
		case names(h.Name, "content-length"):
			return false
		}
	}
	return zeros == 1
}
