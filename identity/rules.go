package identity

import (
	"time"

	"extauthz/iam"
)

// Config are what one registry takes as proof of who calls.
type Config struct {
	// Sources are asked in order. Empty means mtls, if some binding is for a
	// certificate's name, jwt_authn, bearer and basic.
	Sources []Source
	// Audiences: a token must be made for one of these.
	Audiences []string
	// Header is the lower-case name of the header that a trusted proxy sets; ""
	// is none. It counts only where Sources has [TrustedHeader].
	Header string
	// PrincipalKind is what the name that Envoy gives is taken for where Envoy
	// sends no certificate; NoName refuses it there.
	PrincipalKind NameKind
	// Partition is that of roles that a user name names, such as aws.
	Partition string
	// Anonymous lets who shows no credential be the anonymous principal.
	Anonymous bool
}

// Credentials is what one request carries that may prove who calls.
type Credentials struct {
	Authorization []string       // every value of the Authorization header
	Principal     string         // the name that Envoy took from the verified client certificate
	Certificate   string         // that certificate, URL-encoded PEM
	HeaderValues  []string       // every value of the header that Rules.Header names
	TrustedHeader string         // the header that Envoy's configuration says only a trusted proxy sets; "" is none
	Metadata      map[string]any // jwt_authn's claims by its payload_in_metadata
	Context       iam.Context    // condition keys of the request itself, none of its resource's; trust policies see them
	Time          time.Time      // when the request came in
	ClientAddress string         // the address of the client, by which wrong passwords are counted
}
