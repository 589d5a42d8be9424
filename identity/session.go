package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity/nametemplate"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// A sessionTemplate makes the session of a binding from the captures of a name, or
// of a token's claims.
type sessionTemplate struct {
	principal      *nametemplate.Template
	kind           iam.PrincipalKind
	federatedBy    string
	rolePath       string // of a role that a capture chooses, "" for one that none does
	tags           []tagTemplate
	tagClaims      []tagClaim
	sourceIdentity *nametemplate.Template // nil for none
	policies       []*iam.Policy          // session policies
	sourceARN      *nametemplate.Template // nil for none
	sourceAccount  *nametemplate.Template // likewise
}

// tagTemplate is a session tag whose value is made of captures.
type tagTemplate struct {
	key   string
	value *nametemplate.Template
}

// compileSession reads the session of b over captures of the given names, and tries
// it, so that a principal that cannot be is found here.
func compileSession(b *Binding, names []string, e *sts.Entities) (*sessionTemplate, error) {
	principal, err := nametemplate.CompileTemplate(b.Principal, names, nametemplate.ForPrincipal)
	if err != nil {
		return nil, err
	}
	t := &sessionTemplate{principal: principal, federatedBy: b.FederatedBy, policies: b.SessionPolicies}
	if t.rolePath, err = rolePath(principal, len(names), b.Path); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(b.Tags)) {
		value, err := nametemplate.CompileTemplate(b.Tags[key], names, nametemplate.ForTagValue)
		if err != nil {
			return nil, fmt.Errorf("session tag %q: %w", key, err)
		}
		t.tags = append(t.tags, tagTemplate{key, value})
	}
	if t.tagClaims, err = compileTagClaims(b.TagClaims); err != nil {
		return nil, err
	}
	if b.SourceIdentity != "" {
		if t.sourceIdentity, err = nametemplate.CompileTemplate(b.SourceIdentity, names, nametemplate.ForName); err != nil {
			return nil, fmt.Errorf("source identity: %w", err)
		}
	}
	if err := t.compileSource(b, names); err != nil {
		return nil, err
	}
	return t, t.try(len(names), e)
}

// compileSource reads the source of a service's calls, and tries it with an account's
// id for each capture.
func (t *sessionTemplate) compileSource(b *Binding, names []string) (err error) {
	for _, of := range []struct {
		key, text string
		to        **nametemplate.Template
	}{{"sourceArn", b.SourceARN, &t.sourceARN}, {"sourceAccount", b.SourceAccount, &t.sourceAccount}} {
		if of.text == "" {
			continue
		}
		if *of.to, err = nametemplate.CompileTemplate(of.text, names, nametemplate.ForTagValue); err != nil {
			return fmt.Errorf("%s: %w", of.key, err)
		}
	}
	source := t.source(slices.Repeat(nametemplate.Captures{"123456789012"}, len(names)))
	if t.sourceARN != nil && t.sourceAccount != nil && !(t.sourceARN.Exact() && t.sourceAccount.Exact()) {
		// Whether the account is that of the ARN depends on the captures.
		if err := (sts.SourceResource{ARN: source.ARN}).Check(); err != nil {
			return err
		}
		source.ARN = ""
	}
	return source.Check()
}

// source returns the source of a service's calls for captures.
func (t *sessionTemplate) source(c nametemplate.Captures) (s sts.SourceResource) {
	if t.sourceARN != nil {
		s.ARN = t.sourceARN.Expand(c)
	}
	if t.sourceAccount != nil {
		s.Account = t.sourceAccount.Expand(c)
	}
	return s
}

// rolePath is the path at which the role of a principal's template is looked
// for where a capture chooses it, "" where none does. Names of roles are unique
// in an account, so that a captured one could reach roles at every path, which
// their trust policies alone are meant to guard.
func rolePath(principal *nametemplate.Template, captures int, path string) (string, error) {
	role := roleIn(principal.Expand(slices.Repeat(nametemplate.Captures{"xx"}, captures)))
	captured := role != roleIn(principal.Expand(slices.Repeat(nametemplate.Captures{"yy"}, captures)))
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
	if path == "/" && role == "xx" { // all of the name is a capture
		return "", fmt.Errorf("principal %q: whoever chooses %s chooses among all roles at path /; put those that are meant under a path of their own, and name it, such as path: /kubernetes/", principal, roleIn(principal.String()))
	}
	return path, nil
}

// roleIn returns the name of the role in the ARN of a session, "" for other ARNs.
func roleIn(session string) string {
	_, names, _ := strings.Cut(session, ":assumed-role/")
	role, _, _ := strings.Cut(names, "/")
	return role
}

// try expands the template for two sets of captures. Where user or role is the same
// for both, no capture chooses it, and it has to be there.
func (t *sessionTemplate) try(captures int, e *sts.Entities) error {
	first, second := t.expand(slices.Repeat(nametemplate.Captures{"xx"}, captures), nil), t.expand(slices.Repeat(nametemplate.Captures{"yy"}, captures), nil)
	p, err := sts.ParsePrincipal(first.Principal)
	if err != nil {
		return fmt.Errorf("principal %q: %w", t.principal, err)
	}
	t.kind = p.Kind
	if err := t.checkSession(); err != nil {
		return err
	}
	if owner(p.Kind, first.Principal) == owner(p.Kind, second.Principal) {
		if _, err := e.Caller(&sts.CallerSpec{Principal: first.Principal, FederatedBy: first.FederatedBy, RolePath: first.RolePath}); err != nil {
			return err
		}
	}
	for _, claim := range t.tagClaims {
		first.Tags = append(first.Tags, sts.Tag{Key: claim.key})
	}
	if err := sts.CheckTags(first.Tags); err != nil {
		return err
	}
	if t.sourceIdentity == nil {
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
func (t *sessionTemplate) checkSession() error {
	switch {
	case !sts.HasSession(t.kind) && len(t.tags)+len(t.tagClaims) > 0:
		return fmt.Errorf("principal %q has no session that tags could be passed to; name a role session or a federated user, or give the user its tags among the principals", t.principal)
	case !sts.HasSession(t.kind) && len(t.policies) > 0:
		return fmt.Errorf("principal %q has no session that policies could limit; name a role session or a federated user", t.principal)
	case t.kind != iam.Service && (t.sourceARN != nil || t.sourceAccount != nil):
		return fmt.Errorf("principal %q is not a service of AWS, and only a service calls for a resource; leave sourceArn and sourceAccount out", t.principal)
	case t.kind != iam.AssumedRole && t.sourceIdentity != nil:
		return fmt.Errorf("principal %q has no source identity; name a role session", t.principal)
	}
	return nil
}

// isStatic tells whether the session is the same for all captures and claims.
func (t *sessionTemplate) isStatic() bool {
	static := t.principal.Exact() && len(t.tagClaims) == 0 && (t.sourceIdentity == nil || t.sourceIdentity.Exact())
	for _, tag := range t.tags {
		static = static && tag.value.Exact()
	}
	for _, source := range []*nametemplate.Template{t.sourceARN, t.sourceAccount} {
		static = static && (source == nil || source.Exact())
	}
	return static
}

// expand makes the session of captures, with the tags that are made of claims.
func (t *sessionTemplate) expand(c nametemplate.Captures, claimed []sts.Tag) sts.CallerSpec {
	s := sts.CallerSpec{Principal: t.principal.Expand(c), FederatedBy: t.federatedBy, RolePath: t.rolePath, Tags: claimed, SessionPolicies: t.policies}
	for _, tag := range t.tags {
		s.Tags = append(s.Tags, sts.Tag{Key: tag.key, Value: tag.value.Expand(c)})
	}
	if t.sourceIdentity != nil {
		s.SourceIdentity = t.sourceIdentity.Expand(c)
	}
	s.SourceResource = t.source(c)
	return s
}

// caller makes the caller of captures and claims. It fails for a user or role
// that is not there, and for what exceeds IAM's limits.
func (t *sessionTemplate) caller(source Source, c nametemplate.Captures, claims oidc.Claims, e *sts.Entities) (*Caller, error) {
	tags, err := tagsFrom(t.tagClaims, claims)
	if err != nil {
		return nil, err
	}
	s := t.expand(c, tags)
	caller, err := e.Caller(&s)
	if err != nil {
		return nil, err
	}
	return &Caller{Caller: caller, Source: source.String()}, nil
}
