// Package session signs and verifies session tokens, the temporary credentials of callers
// who have signed in.
//
// A session token is a JSON Web Token (RFC 7519), signed with EdDSA or ES256. It says who
// the caller is: a principal, and what the session has in addition, such as session tags.
// It contains no rights: every request with the token is decided by the policies in force.
// [Session] lists its claims. A token is for one registry and one purpose, which [Use]
// names, and is never accepted for another.
//
// # Temporary credentials
//
// [Credentials] are for clients of AWS, which sign requests with a secret. Their session token
// contains a session too, but is encrypted (RFC 7516) and is not accepted alone: the request must
// be signed with the secret, which is derived from the token. So credentials need no storage, and
// a text that differs from the token which was issued has no known secret.
//
// # Keys
//
// The keys are PKCS #8 files in a folder, read by a [Store]. They are not in the policy
// directory, which belongs into git, where no private key should be. All replicas of a
// sidecar have the same files, so that each accepts what another signed.
//
// The name of a file is the time from which its key signs, such as 20261129T120000Z.pem.
// Of the keys whose time has come, the latest signs. All keys verify, also before their
// time, so that a new key can reach every replica before the first of them signs with it.
// The time is in the name because copies of a file have other dates. The id of a key (kid)
// is the thumbprint of its public key (RFC 7638), so that two keys never have one id.
//
// The keys that encrypt tokens and derive secrets are derived from these keys, each for one
// purpose.
//
// Removing a key ends the sessions whose tokens it signed or encrypted. A folder with a fault changes
// nothing: the last good keys stay in use.
package session
