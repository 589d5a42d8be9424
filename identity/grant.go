package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/capture"
	"extauthz/iam"
	"extauthz/oidc"
	"extauthz/sts"
)

// A grant is what a binding makes of the captures of a name, or of a token's
// claims: the caller.
type grant struct {
	principal      *capture.Template
	kind           iam.PrincipalKind
	federatedBy    string
	rolePath       string // of a role that a capture chooses, "" for one that none does
	tags           []tagTemplate
	tagClaims      []tagClaim
	sourceIdentity *capture.Template // nil for none
	session        []*iam.Policy
}

// tagTemplate is a session tag whose value is made of captures.
type tagTemplate struct {
	key   string
	value *capture.Template
}

// compileGrant reads what b grants over captures of the given names, and tries
// it, so that a principal that cannot be is found here.
func compileGrant(b *Binding, names []string, e *sts.Entities) (*grant, error) {
	principal, err := capture.CompileTemplate(b.Principal, names, capture.OfPrincipal)
	if err != nil {
		return nil, err
	}
	g := &grant{principal: principal, federatedBy: b.FederatedBy, session: b.Session}
	if g.rolePath, err = rolePath(b.Principal, b.Path); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(b.Tags)) {
		value, err := capture.CompileTemplate(b.Tags[key], names, capture.OfTag)
		if err != nil {
			return nil, fmt.Errorf("session tag %q: %w", key, err)
		}
		g.tags = append(g.tags, tagTemplate{key, value})
	}
	if g.tagClaims, err = compileTagClaims(b.TagClaims); err != nil {
		return nil, err
	}
	if b.SourceIdentity != "" {
		if g.sourceIdentity, err = capture.CompileTemplate(b.SourceIdentity, names, capture.OfName); err != nil {
			return nil, fmt.Errorf("source identity: %w", err)
		}
	}
	return g, g.try(len(names), e)
}

// rolePath is the path at which the role of a principal's template is looked
// for where a capture chooses it, "" where none does. Names of roles are unique
// in an account, so that a captured one could reach roles at every path, which
// their trust policies alone are meant to guard.
func rolePath(principal, path string) (string, error) {
	_, names, _ := strings.Cut(principal, ":assumed-role/")
	role, _, _ := strings.Cut(names, "/")
	captured := strings.Contains(role, "{")
	switch {
	case !captured && path != "":
		return "", fmt.Errorf("path %q: it is for roles that a capture chooses, and principal %q names none; leave it out", path, principal)
	case !captured:
		return "", nil
	case path == "":
		path = "/"
	case path[0] != '/' || !sts.IsPath(path[1:]) || strings.ContainsAny(path, "{}"):
		return "", fmt.Errorf("path %q: write the path of roles from slash to slash, such as /kubernetes/", path)
	}
	if path == "/" && role[0] == '{' && role[len(role)-1] == '}' {
		return "", fmt.Errorf("principal %q: whoever chooses %s chooses among all roles at path /; put those that are meant under a path of their own, and name it, such as path: /kubernetes/", principal, role)
	}
	return path, nil
}

// try expands the grant for two sets of captures. Where user or role is the same
// for both, no capture chooses it, and it has to be there.
func (g *grant) try(captures int, e *sts.Entities) error {
	first, second := g.expand(slices.Repeat(capture.Values{"xx"}, captures), nil), g.expand(slices.Repeat(capture.Values{"yy"}, captures), nil)
	p, err := sts.ParsePrincipal(first.Principal)
	if err != nil {
		return fmt.Errorf("principal %q: %w", g.principal, err)
	}
	g.kind = p.Kind
	if err := g.checkSession(); err != nil {
		return err
	}
	if owner(p.Kind, first.Principal) == owner(p.Kind, second.Principal) {
		if _, err := e.Caller(&sts.Session{Principal: first.Principal, FederatedBy: first.FederatedBy, RolePath: first.RolePath}); err != nil {
			return err
		}
	}
	for _, claim := range g.tagClaims {
		first.Tags = append(first.Tags, sts.Tag{Key: claim.key})
	}
	if err := sts.CheckTags(first.Tags); err != nil {
		return err
	}
	if g.sourceIdentity == nil {
		return nil
	}
	return sts.CheckSourceIdentity(first.SourceIdentity)
}

// owner is the ARN of what has the policies of a principal, or the part of it
// that a session's ARN has.
func owner(kind iam.PrincipalKind, arn string) string {
	if kind == iam.AssumedRole {
		return arn[:strings.LastIndexByte(arn, '/')+1]
	}
	if kind == iam.FederatedUser {
		return "" // the user who federates
	}
	return arn
}

// checkSession refuses what only sessions have to principals without one.
func (g *grant) checkSession() error {
	switch {
	case !sts.HasSession(g.kind) && len(g.tags)+len(g.tagClaims) > 0:
		return fmt.Errorf("principal %q has no session that tags could be passed to; name a role session or a federated user, or give the user its tags among the principals", g.principal)
	case !sts.HasSession(g.kind) && len(g.session) > 0:
		return fmt.Errorf("principal %q has no session that policies could limit; name a role session or a federated user", g.principal)
	case g.kind != iam.AssumedRole && g.sourceIdentity != nil:
		return fmt.Errorf("principal %q has no source identity; name a role session", g.principal)
	}
	return nil
}

// isStatic tells whether the grant is the same for all captures and claims.
func (g *grant) isStatic() bool {
	static := g.principal.Exact() && len(g.tagClaims) == 0 && (g.sourceIdentity == nil || g.sourceIdentity.Exact())
	for _, tag := range g.tags {
		static = static && tag.value.Exact()
	}
	return static
}

// expand makes the session of captures, with the tags that are made of claims.
func (g *grant) expand(c capture.Values, claimed []sts.Tag) sts.Session {
	s := sts.Session{Principal: g.principal.Expand(c), FederatedBy: g.federatedBy, RolePath: g.rolePath, Tags: claimed, Policies: g.session}
	for _, t := range g.tags {
		s.Tags = append(s.Tags, sts.Tag{Key: t.key, Value: t.value.Expand(c)})
	}
	if g.sourceIdentity != nil {
		s.SourceIdentity = g.sourceIdentity.Expand(c)
	}
	return s
}

// caller makes the caller of captures and claims. It fails for a user or role
// that is not there, and for what exceeds IAM's limits.
func (g *grant) caller(source Source, c capture.Values, claims oidc.Claims, e *sts.Entities) (*Caller, error) {
	tags, err := tagsFrom(g.tagClaims, claims)
	if err != nil {
		return nil, err
	}
	s := g.expand(c, tags)
	caller, err := e.Caller(&s)
	if err != nil {
		return nil, err
	}
	return &Caller{Caller: caller, Source: source.String()}, nil
}
