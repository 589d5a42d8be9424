package identity

// A NameKind is a kind of name that a credential carries.
type NameKind uint8

// The zero NameKind names nothing and is refused by [Authenticator.Bind].
const (
	NoName      NameKind = iota
	BasicUser            // a user of the password file
	URI                  // a URI subject alternative name of a client certificate
	DNS                  // a DNS subject alternative name of a client certificate
	Subject              // its subject in RFC 2253 form, where it has neither
	HeaderValue          // the value of a trusted proxy's header
	TokenClaims          // claims of an issuer's token
)

// String returns the word that principals.yaml uses for the kind.
func (k NameKind) String() string {
	switch k {
	case BasicUser:
		return "basic"
	case URI:
		return "uri"
	case DNS:
		return "dns"
	case Subject:
		return "subject"
	case HeaderValue:
		return "header"
	case TokenClaims:
		return "token"
	case NoName:
	}
	return "none"
}

// isCertificates tells whether names of the kind are those of certificates.
func (k NameKind) isCertificates() bool { return k == URI || k == DNS || k == Subject }

// name is a name that a credential carries.
type name struct {
	kind NameKind
	text string
}
