package identity

import (
	"fmt"
	"slices"
	"strings"
)

// TrustedHeader authenticates by a header that a trusted proxy sets.
const TrustedHeader Source = "header"

// HeaderValue is the value of that header.
const HeaderValue NameKind = "header"

func headerSource() source {
	return source{
		name: TrustedHeader, authenticate: attempt.byHeader,
		kinds: []nameKind{{
			name: HeaderValue, source: TrustedHeader, bind: (*Authenticator).bindName,
			compile: compilePattern, offline: attempt.offlineHeader,
		}},
		isUsable: func(auth *Authenticator) bool { return auth.binds(HeaderValue) },
		missing:  "no credential with header", notVerified: "the header is taken as one that the trusted proxy set",
	}
}

// maxHeaderValue bounds the name in a trusted proxy's header, in bytes.
const maxHeaderValue = 1024

// byHeader finds the caller by the header that the registry's configuration names.
// Envoy's configuration must say that only a trusted proxy sets this very header;
// otherwise its value is the client's own. A client that adds a value to the proxy's
// makes two values, or one that could be two, which is refused.
func (a attempt) byHeader() (*Caller, *Failure) {
	values := a.credentials.HeaderValues
	if a.config.Header == "" || len(values) == 0 {
		return nil, nil
	}
	switch value := values[0]; {
	case a.credentials.TrustedHeader != a.config.Header:
		return nil, a.untrustedHeader()
	case len(values) > 1:
		return nil, a.badHeader("is repeated")
	case value == "":
		return nil, a.badHeader("is empty")
	case len(value) > maxHeaderValue:
		return nil, a.badHeader(fmt.Sprintf("is longer than %d bytes", maxHeaderValue))
	case strings.Contains(value, ","):
		return nil, a.badHeader("contains a comma, as two values in one line do")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
		return nil, a.badHeader("contains a control character, or one that is not ASCII")
	}
	return a.cached(TrustedHeader, values[0], nil, func() (authentication, *Failure) {
		return a.named(TrustedHeader, name{HeaderValue, values[0]})
	})
}

// untrustedHeader returns the failure of a header that the client may have set. Its
// reason contains nothing that the client did not send.
func (a attempt) untrustedHeader() *Failure {
	f := invalid(TrustedHeader, fmt.Sprintf("the header %s does not count here", a.config.Header))
	f.Detail = fmt.Sprintf("Envoy's configuration does not say that only the trusted proxy can have set it; write header: %s in the context_extensions of the routes where that is so, and remove the header from requests on the others", a.config.Header)
	return f
}

func (a attempt) badHeader(problem string) *Failure {
	return invalid(TrustedHeader, fmt.Sprintf("the header %s %s; configure the proxy to overwrite it with one name", a.config.Header, problem))
}

// offlineHeader authenticates a caller by the header that a credential describes.
func (a attempt) offlineHeader(c *OfflineCredential) (*Caller, error) {
	if a.config.Header == "" {
		return nil, errNoHeader
	}
	a.credentials.HeaderValues = append(slices.Clip(a.credentials.HeaderValues), c.Name)
	a.credentials.TrustedHeader = a.config.Header
	return result(a.authenticate())
}
