// Package basicauth proves users by HTTP Basic (RFC 7617) and a password file, as
// `htpasswd -B` writes it.
//
// [ParseCredential] reads the credential of an Authorization header, a [File] has
// the users with their bcrypt hashes, and [Passwords] compares, at a cost that
// nobody can drive up: a wrong password takes no other request's time, and as long
// as any other, whether its user is known or not. Who a user is, is for others to
// say. No password and no hash is kept, nor told in an error.
//
// The map of the package:
//
//	credential.go  the credential of a request
//	htpasswd.go    File: the users and their hashes
//	password.go    Passwords: verifying passwords at a bounded cost
package basicauth
