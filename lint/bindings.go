package lint

import (
	"cmp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/nametemplate"
	"extauthz/policystore"
)

// isReachable reports whether a caller can be the user or a session of the role: a
// credential is bound to it, or a token can assume it. If that cannot be determined, it
// returns true.
func (l *linter) isReachable(p principal) bool { return l.bindings.include(p.ARN) || l.isAssumable(p) }

// bindings are the credentials of a directory by the principals that they are bound to.
type bindings struct {
	exact     map[string]bool // ARNs of users and federating users, and of sessions without the session's name
	templates []policystore.BoundCredential
	byIssuer  map[string][]policystore.BoundCredential // credentials for tokens
}

func newBindings(credentials []policystore.BoundCredential) *bindings {
	b := &bindings{exact: map[string]bool{}, byIssuer: map[string][]policystore.BoundCredential{}}
	for _, c := range credentials {
		b.exact[c.FederatedBy] = true
		if c.Issuer != "" {
			b.byIssuer[c.Issuer] = append(b.byIssuer[c.Issuer], c)
		}
		arn := c.Principal
		if strings.Contains(arn, ":assumed-role/") { // the last segment is the session's name
			arn = arn[:strings.LastIndexByte(arn, '/')]
		}
		switch pattern, err := nametemplate.CompilePattern(arn); {
		case err == nil && pattern.Exact():
			b.exact[pattern.Literal()] = true
		default:
			b.templates = append(b.templates, c)
		}
	}
	return b
}

// include reports whether a credential's principal can be the user, a user federated by
// it, or a session of the role.
func (b *bindings) include(arn string) bool {
	parsed, err := iam.ParseARN(arn)
	name, isRole := strings.CutPrefix(parsed.Resource, "role/")
	if err != nil || !isRole {
		return b.exact[arn] || slices.ContainsFunc(b.templates, func(c policystore.BoundCredential) bool { return mayProduce(c.Principal, arn) })
	}
	sessions := "arn:" + parsed.Partition + ":sts::" + parsed.Account + ":assumed-role/"
	if b.exact[sessions+iam.LastSegment(name)] {
		return true
	}
	// A role whose name is captured has the path that the credential gives.
	return slices.ContainsFunc(b.templates, func(c policystore.BoundCredential) bool {
		rest, isSession := strings.CutPrefix(c.Principal, sessions)
		role, _, _ := strings.Cut(rest, "/")
		return isSession && "/"+name == cmp.Or(c.Path, "/")+iam.LastSegment(name) && mayProduce(role, iam.LastSegment(name))
	})
}

// mayProduce reports whether a template can produce a text. If the template uses a
// capture twice, it returns true.
func mayProduce(template, text string) bool {
	pattern, err := nametemplate.CompilePattern(template)
	if err != nil {
		return true
	}
	_, matches := pattern.Match(text)
	return matches
}

// isAssumable reports whether a token can assume the role. A token that no credential
// binds does so with sts:AssumeRoleWithWebIdentity, and the principal that a token is
// bound to does so with sts:AssumeRole.
func (l *linter) isAssumable(role principal) bool {
	return role.Trust != nil && slices.ContainsFunc(l.contents.Issuers, func(i policystore.TrustedIssuer) bool {
		if i.Role != role.ARN && !l.canRequest(role, i) {
			return false
		}
		bound := l.bindings.byIssuer[i.Name]
		return l.anyAllow([]*iam.Policy{role.Trust}, func(s *statement) bool {
			if len(bound) == 0 {
				return s.Statement.Covers("sts:AssumeRoleWithWebIdentity") && trustsProvider(s, providerFor(role, i.Provider))
			}
			return s.Statement.Covers("sts:AssumeRole") && slices.ContainsFunc(bound, func(c policystore.BoundCredential) bool { return trustsBound(s, &c) })
		})
	})
}

// canRequest reports whether a client can request the role with a token of the issuer:
// as user name of HTTP Basic, if a registry accepts that and extauthz verifies the
// token.
func (l *linter) canRequest(role principal, i policystore.TrustedIssuer) bool {
	return l.verifiesTokens[i.Name] && slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool {
		return l.callers.Accepts(&r.Authentication, identity.BasicAuth) && strings.HasPrefix(role.ARN, "arn:"+r.Partition+":")
	})
}

// providerFor returns the name of a provider in the trust policy of a role: an ARN in
// the role's own account, except for those that AWS identifies by their domain (IAM User
// Guide, "AWS JSON policy elements: Principal").
func providerFor(role principal, provider string) string {
	switch provider {
	case "accounts.google.com", "cognito-identity.amazonaws.com":
		return provider
	}
	before, _, _ := strings.Cut(role.ARN, ":role/")
	return before + ":oidc-provider/" + provider
}

func trustsProvider(s *statement, provider string) bool {
	return slices.ContainsFunc(s.Principals, func(p iam.PrincipalSyntax) bool { return p.Type == "Federated" && p.Text == provider })
}

// trustsBound reports whether a statement of a trust policy may apply to the principal
// that a token is bound to, judging by account and kind. Only users and sessions of
// roles can assume roles.
func trustsBound(s *statement, c *policystore.BoundCredential) bool {
	by, err := iam.ParseARN(c.Principal)
	kind, _, _ := strings.Cut(by.Resource, "/")
	if err != nil || kind != "user" && kind != "assumed-role" {
		return false
	}
	return slices.ContainsFunc(s.Principals, func(p iam.PrincipalSyntax) bool {
		arn, err := iam.ParseARN(p.Text)
		entry, _, _ := strings.Cut(arn.Resource, "/")
		switch {
		case p.Type != "AWS":
			return false
		case err != nil: // everyone, or an account's id
			return p.Text == "*" || p.Text == by.Account
		case arn.Account != by.Account:
			return false
		}
		return entry == "root" || (entry == "user") == (kind == "user")
	})
}
