package identity

import (
	"fmt"
	"strings"
)

// maxHeaderName bounds the name that a trusted proxy's header gives, in bytes.
const maxHeaderName = 1024

// byHeader finds the caller by the header that the operator named, which Envoy
// or a proxy before it overwrites. Two values, or one that could be two, are
// what a client adds to the proxy's.
func (a *attempt) byHeader() (*Caller, *Failure) {
	values := a.evidence.Header
	if a.rules.Header == "" || len(values) == 0 {
		return nil, nil
	}
	switch value := values[0]; {
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
	return a.table.named(name{HeaderName, values[0]}, a.evidence.Time)
}

func (a *attempt) badHeader(wrong string) *Failure {
	return invalid(TrustedHeader, fmt.Sprintf("the header %s %s; have the proxy overwrite it with one name", a.rules.Header, wrong))
}
