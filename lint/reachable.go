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

// standIns are the credentials of a directory by whom they stand for.
type standIns struct {
	exact     map[string]bool // ARNs of users, those who federate too, and of sessions up to the role's name
	capturing []policystore.Credential
	byIssuer  map[string][]policystore.Credential // those for tokens
}

func standInsOf(credentials []policystore.Credential) *standIns {
	in := &standIns{exact: map[string]bool{}, byIssuer: map[string][]policystore.Credential{}}
	for _, c := range credentials {
		in.exact[c.FederatedBy] = true
		if c.Issuer != "" {
			in.byIssuer[c.Issuer] = append(in.byIssuer[c.Issuer], c)
		}
		who := c.Principal
		if strings.Contains(who, ":assumed-role/") { // a session's name is at the end
			who = who[:strings.LastIndexByte(who, '/')]
		}
		switch pattern, err := nametemplate.CompilePattern(who); {
		case err == nil && pattern.Exact():
			in.exact[pattern.Literal()] = true
		default:
			in.capturing = append(in.capturing, c)
		}
	}
	return in
}

// has tells whether a credential's principal can be the user, a user federated by
// it, or a session of the role.
func (in *standIns) has(arn string) bool {
	parsed, err := iam.ParseARN(arn)
	name, isRole := strings.CutPrefix(parsed.Resource, "role/")
	if err != nil || !isRole {
		return in.exact[arn] || slices.ContainsFunc(in.capturing, func(c policystore.Credential) bool { return describes(c.Principal, arn) })
	}
	sessions := "arn:" + parsed.Partition + ":sts::" + parsed.Account + ":assumed-role/"
	if in.exact[sessions+lastSegment(name)] {
		return true
	}
	// A role whose name is captured is looked for at one path.
	return slices.ContainsFunc(in.capturing, func(c policystore.Credential) bool {
		rest, isSession := strings.CutPrefix(c.Principal, sessions)
		role, _, _ := strings.Cut(rest, "/")
		return isSession && "/"+name == cmp.Or(c.Path, "/")+lastSegment(name) && describes(role, lastSegment(name))
	})
}

// reachable tells whether somebody can call as the user, or as a session of the
// role: a credential stands for it, or a token's holder can assume it. Where it
// cannot tell, somebody can.
func (l *linter) reachable(p principal) bool { return l.credentialed.has(p.ARN) || l.assumable(p) }

// describes tells whether a template can make a text. Of one that uses a capture
// twice it cannot tell.
func describes(template, text string) bool {
	pattern, err := nametemplate.CompilePattern(template)
	if err != nil {
		return true
	}
	_, matches := pattern.Match(text)
	return matches
}

// assumable tells whether tokens can assume the role: one that proves who calls by
// itself with sts:AssumeRoleWithWebIdentity, one that is bound to a principal with
// sts:AssumeRole by that principal.
func (l *linter) assumable(role principal) bool {
	return role.Trust != nil && slices.ContainsFunc(l.contents.Issuers, func(i policystore.TrustedIssuer) bool {
		if i.Role != role.ARN && !l.canName(role, i) {
			return false
		}
		bound := l.credentialed.byIssuer[i.Name]
		return l.grants([]*iam.Policy{role.Trust}, func(s *statement) bool {
			if len(bound) == 0 {
				return s.Statement.Covers("sts:AssumeRoleWithWebIdentity") && trustsProvider(s, providerFor(role, i.Provider))
			}
			return s.Statement.Covers("sts:AssumeRole") && slices.ContainsFunc(bound, func(c policystore.Credential) bool { return trustsBound(s, &c) })
		})
	})
}

// canName tells whether the client can name the role beside a token of the issuer:
// as user name of HTTP Basic, where a registry takes that and the token is verified
// here.
func (l *linter) canName(role principal, i policystore.TrustedIssuer) bool {
	return l.verified[i.Name] && slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool {
		return l.callersOf.Accepts(&r.Authentication, identity.BasicAuth) && strings.HasPrefix(role.ARN, "arn:"+r.Partition+":")
	})
}

// providerFor is what the trust policy of a role calls a provider: an ARN in the
// role's own account, but for those that AWS knows by their domain (IAM User Guide,
// "AWS JSON policy elements: Principal").
func providerFor(role principal, provider string) string {
	switch provider {
	case "accounts.google.com", "cognito-identity.amazonaws.com":
		return provider
	}
	before, _, _ := strings.Cut(role.ARN, ":role/")
	return before + ":oidc-provider/" + provider
}

func trustsProvider(s *statement, provider string) bool {
	return slices.ContainsFunc(s.Principals, func(p iam.WrittenPrincipal) bool { return p.Type == "Federated" && p.Text == provider })
}

// trustsBound tells whether a statement of a trust policy is about the principal that
// a token is bound to, as far as account and kind tell: users and sessions of roles
// assume roles, and nobody else does.
func trustsBound(s *statement, c *policystore.Credential) bool {
	by, err := iam.ParseARN(c.Principal)
	kind, _, _ := strings.Cut(by.Resource, "/")
	if err != nil || kind != "user" && kind != "assumed-role" {
		return false
	}
	return slices.ContainsFunc(s.Principals, func(p iam.WrittenPrincipal) bool {
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
