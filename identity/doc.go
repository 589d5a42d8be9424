// Package identity tells which IAM principal a request comes from.
//
// A [Table] holds the operator's word on who is who: it binds the names that
// verified credentials carry (a Basic user, the URI, DNS name or subject of a
// client certificate) to IAM principals. [Table.Identify] takes the [Evidence]
// of one request and answers with a [Caller] or with a [Failure]; it never
// guesses, and it never takes a client's word for a name:
//
//   - A user name counts only with its password, checked against bcrypt hashes.
//   - A certificate's name counts only because Envoy verified the certificate,
//     and the kind of name is read from the certificate itself: a DNS name may
//     spell "spiffe://…", and a common name may spell anything.
//   - The first source that finds a credential decides. A credential that is
//     there and does not hold is a failure, never a reason to try the next
//     source. Client certificates come before passwords, and a source that no
//     binding uses is not asked.
//
// The map of the package:
//
//	table.go     Table: Identify over the sources
//	rules.go     Rules of a registry, and the Evidence of a request
//	source.go    the sources, by name
//	binding.go   Binding: which name is which principal
//	issuer.go    Issuer: whose tokens prove who calls
//	entity.go    Entities: the users and roles that there are
//	pattern.go   Pattern: names with captures
//	syntax.go    the {name}s in patterns and templates
//	template.go  Template: a text made of captures
//	limits.go    IAM's limits on names
//	tags.go      Tag: AWS's limits on tags, and which tag wins
//	caller.go    Caller: the principal and the condition keys that AWS derives from it
//	failure.go   Failure: why there is no caller
//	basic.go     the Basic credential of an Authorization header
//	htpasswd.go  the password file
//	password.go  Passwords: verifying passwords at a bounded cost
//	mtls.go      the name and kind in a client certificate
package identity
