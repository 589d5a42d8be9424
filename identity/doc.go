// Package identity tells which IAM principal a request comes from.
//
// An [Authenticator] holds the operator's word on who is who: it binds the names that
// verified credentials carry (a Basic user, the names of a client certificate,
// a trusted proxy's header, the claims of a token) to IAM principals, whom
// [extauthz/sts] knows, and says which issuers' tokens may assume roles there.
// [Authenticator.Authenticate] takes the [Credentials] of one request and the [Config] of its
// registry, and answers with a [Caller] or with a [Failure]; it never guesses,
// and it never takes a client's word for a name:
//
//   - The first source in order that finds a credential decides. One that is
//     there and does not hold is a failure, never a reason to try the next
//     source. An Authorization header that no source takes, or that is repeated,
//     is a failure too, and no anonymous request.
//   - A user name counts only with its password, which [extauthz/identity/basic] verifies.
//   - A certificate's names count only because Envoy verified the certificate,
//     and their kinds are read from the certificate itself: a DNS name may
//     spell "spiffe://…", and a common name may spell anything. All its URI and
//     DNS names count, up to 100; those that are bound must be one principal.
//   - A token counts only after [extauthz/oidc] has verified it, or has found
//     it to be the one whose claims Envoy's jwt_authn verified.
//   - A header counts only where the operator named it.
//
// # Which principal
//
// A [Binding] is the operator's word, and asks no trust policy. Its pattern may
// capture parts of a name, of which its template makes a principal; a capture
// leads to no other account or kind, as [extauthz/identity/nametemplate] says.
// A user's path is in its ARN. A session's ARN lacks the path of its role, so that
// a role whose name is captured is looked for at one path only, which the binding
// says. Two bindings that can match one name are refused, but for an exact name
// that is an exception from a pattern.
//
// A token whose client names a role, or whose [Issuer] has one, assumes that role
// as by AWS STS: with sts:AssumeRoleWithWebIdentity where the issuer's tokens are
// not bound, with sts:AssumeRole by the bound principal where they are. One way
// is tried, never both. A role that the client does not name is never searched
// for. What an issuer says of sessions holds for those of its bound tokens too.
//
// A session from a certificate, a password or a header begins with the request
// (aws:TokenIssueTime), one from a token when the token was issued: its iat, else
// its nbf, else 1970. A token with a claim that is not a string in a tag's place is
// refused.
//
// A claim that is a list matches a pattern by one of its elements. A token whose
// lists leave open who the caller is, because two elements match the captures of one
// pattern or the bindings of two principals, is refused.
package identity
