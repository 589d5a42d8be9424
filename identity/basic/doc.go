// Package basic authenticates users by HTTP Basic (RFC 7617) and a password file, as
// `htpasswd -B` writes it.
//
// [ParseCredential] parses the credential of an Authorization header, and a [File]
// contains the users with their bcrypt hashes. A [Verifier] checks passwords at a bounded
// cost: checking a password computes one hash, whether it is right or wrong and whether its user
// exists or not. Other packages map users to principals. Passwords are not stored, and
// errors contain neither passwords nor hashes.
package basic
