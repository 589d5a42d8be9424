// Package identity authenticates the callers of requests: it maps verified credentials to
// IAM principals.
//
// [Authenticator.Authenticate] takes the [Credentials] of one request and the [Config] of
// its registry, and returns a [Caller] or a [Failure].
//
// The first [Source] in order that finds a credential decides. A credential that is not
// valid is a failure, and no other source is tried. An Authorization header that no source
// supports, or that is repeated, is a failure too, and never an anonymous request. A name
// counts only if it is verified:
//
//   - A user name counts with its password, which [extauthz/identity/basic] verifies.
//   - The names of a certificate count because Envoy verified it. Their kinds are read from
//     the certificate itself: a DNS name can look like "spiffe://…", and a common name like
//     anything. All its URI and DNS names count, up to 100, and those that are bound must
//     map to one principal.
//   - A token counts after [extauthz/identity/oidc] has verified it, or has found that it
//     is the token whose claims Envoy's jwt_authn verified.
//   - A session token counts if [extauthz/identity/session] has signed it for the registry. Its
//     caller is the principal as the files describe it now.
//   - An access key counts if the request is signed with its secret, which the file of access
//     keys has, or which follows from a session token that [extauthz/identity/session] sealed.
//     The caller is looked up only after the signature was verified.
//   - A header counts if the registry's configuration names it and Envoy's configuration
//     says that only a trusted proxy sets it.
//
// # From names to principals
//
// A [Binding] maps a name, or the claims of a token, to a principal, without a trust
// policy. Its pattern can capture parts of the name, from which its template makes the
// principal. A capture never determines the account or the kind of the principal, as
// [extauthz/identity/nametemplate] ensures. The ARN of a session does not contain the path
// of its role, so that the binding gives the path of a role whose name is captured. Two
// bindings must not match the same name, except that an exact name may override a pattern.
//
// If the client names a role, or the [Issuer] of its token has one, the token assumes that
// role as in AWS STS: with sts:AssumeRoleWithWebIdentity if the issuer's tokens are not
// bound, and with sts:AssumeRole by the bound principal if they are. Only one of the two is
// tried. The tags and session policies of an issuer also apply to the sessions of its bound
// tokens.
//
// A session from a certificate, a password or a header begins with the request
// (aws:TokenIssueTime); one from a token begins at its iat claim, or its
// nbf claim, or in 1970 if it has neither. A
// token is refused if a claim for a session tag is not a string.
//
// A claim that is a list matches a pattern by one of its elements. A token is refused if its
// lists make the caller ambiguous: two elements match one pattern with captures, or the
// bindings of two principals.
//
// # Repeated credentials
//
// The caller of a valid credential is cached, so that a credential that is sent again takes
// a lookup by a digest. The cache belongs to one Authenticator, which contains everything in the
// policy directory that determines a caller. Each time, the Authenticator checks what can end
// before the policies change: the times of a token, the keys of its issuer, the claims that Envoy
// verified, and the limits on passwords. A session is not cached if a policy that allows it
// mentions a key of the request, such as aws:SourceIp. Failures are not cached.
//
// # Sources
//
// Each source is defined in a file of its own and listed in one function, sources, from
// which everything that depends on the set of sources follows.
package identity
