package lint

import (
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/policystore"
)

// login finds users, roles, sessions and credentials that cannot log in. It ignores
// exported users and roles that no credential or token can use, because an account's
// authorization-details.json contains all users and roles of the account.
func (l *linter) login() {
	for _, p := range l.contents.Principals {
		if l.isReachable(p) || !isExported(p) {
			l.principalLogin(p)
		}
	}
	for _, c := range l.contents.Credentials {
		l.sessionLogin(c.Position, c.SessionPolicies)
		l.federatedLogin(&c)
	}
	for _, i := range l.contents.Issuers {
		l.sessionLogin(i.Position, i.SessionPolicies)
	}
}

// principalLogin finds a user or role that has rights in repositories and cannot log in.
func (l *linter) principalLogin(p principal) {
	switch {
	case !l.hasRights(p):
	case !l.anyAllow(p.Identity, allowsLogin):
		l.missingLogin(p.Position, messagef("%q has rights in repositories, but none of its identity policies allows ecr:GetAuthorizationToken on \"*\"", p.ARN))
	case len(p.Boundary) > 0 && !l.anyAllow(p.Boundary, allowsLogin):
		l.missingLogin(p.Position, messagef("%q has rights in repositories, but its permissions boundary %s does not allow ecr:GetAuthorizationToken on \"*\"", p.ARN, l.onDisk(p.Boundary[0].Source.File)))
	}
}

// sessionLogin finds sessions whose session policies do not allow them to log in.
func (l *linter) sessionLogin(at diag.Position, session []*iam.Policy) {
	if len(session) > 0 && !l.anyAllow(session, allowsLogin) {
		l.missingLogin(at, messagef("session policies limit these sessions, and none of them allows ecr:GetAuthorizationToken on \"*\""))
	}
}

// federatedLogin finds credentials of federated users without a session policy, which
// no policy can allow to log in.
func (l *linter) federatedLogin(c *policystore.BoundCredential) {
	limited := len(c.SessionPolicies) > 0 || slices.ContainsFunc(l.contents.Issuers, func(i policystore.TrustedIssuer) bool {
		return c.Issuer == i.Name && len(i.SessionPolicies) > 0
	})
	if principalKind(c) == "federated-user" && !limited {
		l.report(c.Position, "missing-login",
			messagef("a federated user has only the rights that its session policies allow, and this one has no session policies, so nothing allows it ecr:GetAuthorizationToken"),
			messagef("add sessionPolicies"))
	}
}

func (l *linter) missingLogin(at diag.Position, problem message) {
	remedy := messagef("allow it, because clients such as docker log in first")
	if slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool { return !r.AuthorizationTokenOnlyAtLogin }) {
		remedy = messagef("allow it, because every request needs it")
	}
	l.report(at, "missing-login", problem, remedy)
}

func allowsLogin(s *statement) bool {
	return s.covered.has(getToken) && (s.NotResource || hasStar(s.Resources))
}

// credentials finds credentials that give more than they were probably meant to.
func (l *linter) credentials() {
	for _, c := range l.contents.Credentials {
		l.rootCredential(&c)
	}
	l.sharedCredentials()
}

// rootCredential finds credentials for the root user of an account. It has every right
// in its own account: only an explicit Deny or a service control policy limits it (IAM
// User Guide, "AWS account root user").
func (l *linter) rootCredential(c *policystore.BoundCredential) {
	if principalKind(c) == "root" {
		l.report(c.Position, "root-credential",
			messagef("this credential is for the root user %q, which may do everything in the registries of its account", c.Principal),
			messagef("bind it to a user or role that has only the rights it needs"))
	}
}

// principalKind returns the kind of a credential's principal, as it is in the ARN: user,
// assumed-role, federated-user or root.
func principalKind(c *policystore.BoundCredential) string {
	kind, _, _ := strings.Cut(c.Principal[strings.LastIndexByte(c.Principal, ':')+1:], "/")
	return kind
}

// passwords checks the password file.
func (c *configLinter) passwords() {
	for _, user := range c.callers.UnboundUsers() {
		c.report(lineOf("htpasswd", user.Line), "unbound-user",
			messagef("no principal is bound to user %q, so that its password is useless", user.Name),
			messagef("add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line"))
	}
	for _, user := range c.callers.Users() {
		if user.Cost > basic.RecommendedMaxCost {
			c.report(lineOf("htpasswd", user.Line), "costly-hash",
				messagef("the bcrypt hash of user %q has cost %d, which a busy machine cannot verify within Envoy's timeout of 0.5 s", user.Name, user.Cost),
				messagef("use a cost of at most %d: create the line again with htpasswd -nB -C %[1]d", basic.RecommendedMaxCost))
		}
	}
}

// accessKeys checks the file of access keys.
func (c *configLinter) accessKeys() {
	for _, key := range c.callers.UnboundAccessKeys() {
		c.report(lineOf(policystore.AccessKeysPath, key.Number), "unbound-access-key",
			messagef("no user is bound to access key %s, so that it is useless", key.ID),
			messagef("add a credential with accessKey to principals.yaml, or remove the line"))
	}
}

// lineOf returns the position of a line of a file.
func lineOf(file string, number int) diag.Position {
	return diag.File(file).At(diag.Point{Line: int32(number), Column: 1})
}
