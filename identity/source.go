package identity

import "fmt"

// A Source is a way of proving who calls.
type Source uint8

// The sources. The zero Source proves nothing.
const (
	NoSource      Source = iota
	MTLS                 // a client certificate that Envoy verified
	JWTAuthn             // a Bearer token that Envoy's jwt_authn verified
	Bearer               // a Bearer token that is verified here
	BasicAuth            // a user of the password file, or a token as password
	TrustedHeader        // a header that a trusted proxy sets
)

// ParseSource reads the word that registries.yaml uses for a source.
func ParseSource(word string) (Source, error) {
	for s := MTLS; s <= TrustedHeader; s++ {
		if s.String() == word {
			return s, nil
		}
	}
	return NoSource, fmt.Errorf("%q is no source of identity; write one of mtls, jwt_authn, bearer, basic or header", word)
}

// String returns the word that the operator and the log use.
func (s Source) String() string {
	switch s {
	case MTLS:
		return "mtls"
	case JWTAuthn:
		return "jwt_authn"
	case Bearer:
		return "bearer"
	case BasicAuth:
		return "basic"
	case TrustedHeader:
		return "header"
	case NoSource:
	}
	return "none"
}

// source is the source that finds names of the kind.
func (k NameKind) source() Source {
	switch {
	case k.isCertificates():
		return MTLS
	case k == BasicUser:
		return BasicAuth
	case k == HeaderValue:
		return TrustedHeader
	}
	return NoSource
}
