package access

import (
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// Kind is the kind of the principals that a [Grant] is about.
type Kind string

// The kinds of principals.
const (
	User          Kind = "user"
	Role          Kind = "role"          // the sessions of a role
	Session       Kind = "session"       // one session of a role
	FederatedUser Kind = "federatedUser" // one or, if a credential determines the name, any
	RootUser      Kind = "rootUser"
	Service       Kind = "service"
	Anonymous     Kind = "anonymous"
	Account       Kind = "account" // any principal of an account that is not in the directory
)

// A caller is a principal, or many principals between which the policies make no difference.
type caller struct {
	name   string // its ARN, or that of its role
	kind   Kind
	except []string // names of principals that name includes and that are callers of their own

	*identity.Caller            // a principal to evaluate with
	unknown          iam.KeySet // the keys that are not the same for all of them
	isOutside        bool       // it is not in the directory, so that its own policies are not known
	credentials      []Credential
}

// sessionKeys are the keys of a session that its credential determines.
var sessionKeys = []string{"aws:userid", "aws:SourceIdentity", "aws:FederatedProvider", "aws:TokenIssueTime"}

// temporaryKeys returns the keys that a principal without a session has with a session token,
// which the sidecar exchanges for its credential, and lacks without one.
func (d *Directory) temporaryKeys() []string {
	if !d.snapshot.AcceptsSessions() {
		return nil
	}
	return []string{"aws:TokenIssueTime", "aws:MultiFactorAuthPresent"}
}

// tagKeys is the prefix of the keys of a principal's tags.
const tagKeys = "aws:PrincipalTag/"

// requestKeys returns the keys of requests to a registry that are not known in advance. All
// other keys of requests have the values of the registry's configuration, or are absent.
func requestKeys(r *policystore.Registry) []string {
	keys := []string{"aws:CurrentTime", "aws:EpochTime", "aws:UserAgent", "aws:referer", iam.KeyReference, iam.KeyReferenceType}
	if r.VPCEndpoint != nil {
		keys = append(keys, "aws:VpcSourceIp")
	} else {
		keys = append(keys, "aws:SourceIp")
	}
	if !r.TLS || r.TrustedHops > 0 {
		keys = append(keys, "aws:SecureTransport")
	}
	return keys
}
