// Package session signs and verifies session tokens, the temporary credentials of callers
// who have signed in.
//
// A session token is a JSON Web Token (RFC 7519), signed with EdDSA or ES256. It says who
// the caller is: a principal, and what the session has in addition, such as session tags.
// It contains no rights: every request with the token is decided by the policies in force.
// [Session] lists its claims. A token is for one registry and one purpose, which [Use]
// names, and is never accepted for another.
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
// Removing a key ends the sessions whose tokens it signed. A folder with a fault changes
// nothing: the last good keys stay in use.
package session
