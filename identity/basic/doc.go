// Package basic proves users by HTTP Basic (RFC 7617) and a password file, as
// `htpasswd -B` writes it.
//
// [ParseCredential] reads the credential of an Authorization header, a [File] has
// the users with their bcrypt hashes, and [Verifier] compares, at a bounded cost: a
// password takes one hash, whether it is right or wrong and whether its user is known
// or not. Other packages map users to principals. No password and no hash is kept, or
// shown in an error.
package basic
