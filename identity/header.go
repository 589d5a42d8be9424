package identity

import (
	"fmt"
	"strings"
)

// maxHeaderName bounds the name that a trusted proxy's header gives, in bytes.
const maxHeaderName = 1024

// byHeader finds the caller by the header that the operator named, which Envoy
// or a proxy before it overwrites. That Envoy does so for this very header, its
// configuration must say: elsewhere, or where it guards a header of another name,
// the value is the client's own. Two values, or one that could be two, are what a
// client adds to the proxy's.
func (a *attempt) byHeader() (*Caller, *Failure) {
	values := a.evidence.HeaderValues
	if a.rules.Header == "" || len(values) == 0 {
		return nil, nil
	}
	switch value := values[0]; {
	case a.evidence.TrustedHeader != a.rules.Header:
		return nil, a.untrustedHeader()
	case len(values) > 1:
		return nil, a.badHeader("is repeated")
	case value == "":
		return nil, a.badHeader("is empty")
	case len(value) > maxHeaderName:
		return nil, a.badHeader(fmt.Sprintf("is longer than %d bytes", maxHeaderName))
	case strings.Contains(value, ","):
		return nil, a.badHeader("holds a comma, as two values in one line do")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
		return nil, a.badHeader("holds a control character, or one that is not ASCII")
	}
	return a.table.named(name{HeaderValue, values[0]}, a.evidence.Time)
}

// untrustedHeader tells the client no more than it said itself.
func (a *attempt) untrustedHeader() *Failure {
	f := invalid(TrustedHeader, fmt.Sprintf("the header %s does not count here", a.rules.Header))
	f.Detail = fmt.Sprintf("Envoy's configuration does not say that none but the trusted proxy can have set it; write header: %s in the context_extensions of the route where that is so, and remove the header from requests on the others", a.rules.Header)
	return f
}

func (a *attempt) badHeader(wrong string) *Failure {
	return invalid(TrustedHeader, fmt.Sprintf("the header %s %s; have the proxy overwrite it with one name", a.rules.Header, wrong))
}
