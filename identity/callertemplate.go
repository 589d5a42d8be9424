package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/nametemplate"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// A callerTemplate makes the callers of a binding from the captures of a name, or from
// the claims of a token.
type callerTemplate struct {
	principal       *nametemplate.Template
	kind            iam.PrincipalKind
	federatedBy     string
	rolePath        string // of a role whose name is captured, otherwise ""
	tags            []tagTemplate
	tagClaims       []tagClaim
	sourceIdentity  *nametemplate.Template // may be nil
	sessionPolicies []*iam.Policy
	sourceARN       *nametemplate.Template // may be nil
	sourceAccount   *nametemplate.Template // may be nil
}

// tagTemplate is a session tag whose value is made from captures.
type tagTemplate struct {
	key   string
	value *nametemplate.Template
}

// compileCaller compiles the template of b over captures of the given names, and
// expands it once, so that an impossible principal is found when the files are loaded.
func compileCaller(b *Binding, names []string, e *sts.Entities) (*callerTemplate, error) {
	t, err := compileTemplates(b, names)
	return t, errors.Join(err, t.check(len(names), e))
}

// compileTemplates compiles the templates of b. With an error it returns what is correct;
// the principal is nil if it is not.
func compileTemplates(b *Binding, names []string) (*callerTemplate, error) {
	t := &callerTemplate{federatedBy: b.FederatedBy, sessionPolicies: b.SessionPolicies}
	var faults []error
	principal, err := nametemplate.CompileTemplate(b.Principal, names, nametemplate.ForPrincipal)
	if err == nil {
		t.principal = principal
		t.rolePath, err = rolePath(principal, len(names), b.Path)
	}
	faults = append(faults, err)
	for _, key := range slices.Sorted(maps.Keys(b.Tags)) {
		value, err := nametemplate.CompileTemplate(b.Tags[key], names, nametemplate.ForTagValue)
		if err != nil {
			faults = append(faults, diag.Wrap(diag.Position{}, fmt.Sprintf("session tag %q: ", key), err))
			continue
		}
		t.tags = append(t.tags, tagTemplate{key, value})
	}
	t.tagClaims, err = compileTagClaims(b.TagClaims)
	faults = append(faults, err)
	if b.SourceIdentity != "" {
		if t.sourceIdentity, err = nametemplate.CompileTemplate(b.SourceIdentity, names, nametemplate.ForName); err != nil {
			faults = append(faults, diag.Wrap(diag.Position{}, "source identity: ", err))
		}
	}
	return t, errors.Join(append(faults, t.compileSourceResource(b, names))...)
}

// compileSourceResource compiles the templates of the resource for which a service
// calls, and expands them once with an account's id for each capture.
func (t *callerTemplate) compileSourceResource(b *Binding, names []string) error {
	var faults []error
	for _, of := range []struct {
		key, text string
		to        **nametemplate.Template
	}{{"sourceArn", b.SourceARN, &t.sourceARN}, {"sourceAccount", b.SourceAccount, &t.sourceAccount}} {
		if of.text == "" {
			continue
		}
		var err error
		if *of.to, err = nametemplate.CompileTemplate(of.text, names, nametemplate.ForTagValue); err != nil {
			faults = append(faults, diag.Wrap(diag.Position{}, of.key+": ", err))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	resource := t.sourceResource(slices.Repeat(nametemplate.Captures{"123456789012"}, len(names)))
	if t.sourceARN != nil && t.sourceAccount != nil && !(t.sourceARN.Exact() && t.sourceAccount.Exact()) {
		// Whether the account is that of the ARN depends on the captures.
		if err := (sts.SourceResource{ARN: resource.ARN}).Check(); err != nil {
			return err
		}
		resource.ARN = ""
	}
	return resource.Check()
}

// sourceResource returns the resource for which a service calls.
func (t *callerTemplate) sourceResource(c nametemplate.Captures) (s sts.SourceResource) {
	if t.sourceARN != nil {
		s.ARN = t.sourceARN.Expand(c)
	}
	if t.sourceAccount != nil {
		s.Account = t.sourceAccount.Expand(c)
	}
	return s
}

// rolePath returns the path at which a role whose name is captured must be; "" if the
// name is not captured. Names of roles are unique in an account whatever their path, so
// that without a path a captured name could refer to a role that is meant for others.
func rolePath(principal *nametemplate.Template, captures int, path string) (string, error) {
	role := roleIn(principal.Expand(slices.Repeat(nametemplate.Captures{"xx"}, captures)))
	captured := role != roleIn(principal.Expand(slices.Repeat(nametemplate.Captures{"yy"}, captures)))
	switch {
	case !captured && path != "":
		return "", diag.Problemf("path %q: only a role whose name is captured has a path, and principal %q does not have one", path, principal).WithRemedy("leave it out")
	case !captured:
		return "", nil
	case path == "":
		path = "/"
	case path[0] != '/' || !sts.IsPath(path[1:]) || strings.ContainsAny(path, "{}"):
		return "", diag.Problemf("path %q is not the path of a role", path).WithRemedy("write it from slash to slash, such as /kubernetes/")
	}
	if path == "/" && role == "xx" { // all of the name is a capture
		return "", diag.Problemf("principal %q: %s could match any role at path /", principal, roleIn(principal.String())).WithRemedy("create the roles under another path, such as /kubernetes/, and set `path: /kubernetes/` in this credential")
	}
	return path, nil
}

// roleIn returns the name of the role in the ARN of a session, "" for other ARNs.
func roleIn(session string) string {
	_, names, _ := strings.Cut(session, ":assumed-role/")
	role, _, _ := strings.Cut(names, "/")
	return role
}

// check expands the template for two sets of captures. If the user or role is the same
// for both, it does not depend on captures, and must exist.
func (t *callerTemplate) check(captures int, e *sts.Entities) error {
	var faults []error
	first := t.expand(slices.Repeat(nametemplate.Captures{"xx"}, captures), nil)
	if t.principal != nil {
		second := t.expand(slices.Repeat(nametemplate.Captures{"yy"}, captures), nil)
		faults = append(faults, t.checkPrincipal(&first, second.Principal, e))
	}
	for _, claim := range t.tagClaims {
		first.Tags = append(first.Tags, sts.Tag{Key: claim.key})
	}
	faults = append(faults, sts.CheckTags(first.Tags))
	if t.sourceIdentity != nil {
		faults = append(faults, sts.CheckSourceIdentity(first.SourceIdentity))
	}
	return errors.Join(faults...)
}

// checkPrincipal checks the principal of the template, which first was expanded from and
// which has the name second for other captures.
func (t *callerTemplate) checkPrincipal(first *sts.CallerSpec, second string, e *sts.Entities) error {
	if t.principal.Exact() && strings.HasPrefix(first.Principal, "arn:") {
		if _, err := iam.ParseARN(first.Principal); err != nil {
			return diag.Wrap(diag.Position{}, "principal ", err)
		}
	}
	p, err := sts.ParsePrincipal(first.Principal)
	if err != nil {
		return diag.Wrap(diag.Position{}, fmt.Sprintf("principal %q: ", t.principal), err)
	}
	t.kind = p.Kind
	err = t.checkKind()
	if owner(p.Kind, first.Principal) == owner(p.Kind, second) {
		_, absent := e.Caller(&sts.CallerSpec{Principal: first.Principal, FederatedBy: first.FederatedBy, RolePath: first.RolePath})
		err = errors.Join(err, absent)
	}
	return err
}

// hasSession reports whether the principal is known and has a session.
func (t *callerTemplate) hasSession(captures int) bool {
	if t.principal == nil {
		return false
	}
	p, err := sts.ParsePrincipal(t.principal.Expand(slices.Repeat(nametemplate.Captures{"xx"}, captures)))
	return err == nil && sts.HasSession(p.Kind)
}

// owner returns the ARN of the entity that has the policies of a principal; of a
// session, the part of its ARN that identifies the role.
func owner(kind iam.PrincipalKind, arn string) string {
	if kind == iam.AssumedRole {
		return arn[:strings.LastIndexByte(arn, '/')+1]
	}
	if kind == iam.FederatedUser {
		return "" // the user who federates
	}
	return arn
}

// checkKind rejects what principals of the template's kind cannot have.
func (t *callerTemplate) checkKind() error {
	var faults []error
	fault := func(remedy, format string) {
		faults = append(faults, diag.Problemf(format, t.principal).WithRemedy(remedy))
	}
	if !sts.HasSession(t.kind) && len(t.tags)+len(t.tagClaims) > 0 {
		fault("use a role session or a federated user, or add the tags to the user", "principal %q has no session that could have tags")
	}
	if !sts.HasSession(t.kind) && len(t.sessionPolicies) > 0 {
		fault("use a role session or a federated user", "principal %q has no session that policies could limit")
	}
	if t.kind != iam.Service && (t.sourceARN != nil || t.sourceAccount != nil) {
		fault("remove them", "principal %q: sourceArn and sourceAccount are allowed only for an AWS service principal")
	}
	if t.kind != iam.AssumedRole && t.sourceIdentity != nil {
		fault("use a role session", "principal %q has no source identity")
	}
	return errors.Join(faults...)
}

// isStatic reports whether the caller is the same for all captures and claims.
func (t *callerTemplate) isStatic() bool {
	static := t.principal.Exact() && len(t.tagClaims) == 0 && (t.sourceIdentity == nil || t.sourceIdentity.Exact())
	for _, tag := range t.tags {
		static = static && tag.value.Exact()
	}
	for _, source := range []*nametemplate.Template{t.sourceARN, t.sourceAccount} {
		static = static && (source == nil || source.Exact())
	}
	return static
}

// expand returns the caller of captures, with the tags that are made from claims.
func (t *callerTemplate) expand(c nametemplate.Captures, claimed []sts.Tag) sts.CallerSpec {
	s := sts.CallerSpec{
		FederatedBy: t.federatedBy, RolePath: t.rolePath,
		Tags: claimed, SessionPolicies: t.sessionPolicies, SourceResource: t.sourceResource(c),
	}
	if t.principal != nil {
		s.Principal = t.principal.Expand(c)
	}
	for _, tag := range t.tags {
		s.Tags = append(s.Tags, sts.Tag{Key: tag.key, Value: tag.value.Expand(c)})
	}
	if t.sourceIdentity != nil {
		s.SourceIdentity = t.sourceIdentity.Expand(c)
	}
	return s
}

// caller returns the caller of captures and claims. It fails if the user or role does
// not exist, or if a name exceeds IAM's limits.
func (t *callerTemplate) caller(source Source, c nametemplate.Captures, claims oidc.Claims, e *sts.Entities) (*Caller, error) {
	tags, err := tagsFrom(t.tagClaims, claims)
	if err != nil {
		return nil, err
	}
	s := t.expand(c, tags)
	caller, err := e.Caller(&s)
	if err != nil {
		return nil, err
	}
	return &Caller{CallerIdentity: caller, Source: string(source)}, nil
}

// tagClaim is a session tag whose value is a claim.
type tagClaim struct{ key, claim string }

func compileTagClaims(claims map[string]string) ([]tagClaim, error) {
	var compiled []tagClaim
	var faults diag.Faults
	for _, key := range slices.Sorted(maps.Keys(claims)) {
		if claims[key] == "" {
			faults.Add(diag.Problemf("session tag %q has no claim", key).WithRemedy("write the name of the claim that has its value"))
			continue
		}
		compiled = append(compiled, tagClaim{key, claims[key]})
	}
	return compiled, faults.Err()
}

// tagsFrom returns session tags made from claims. An absent claim makes no tag, and a
// claim that is not a string is an error.
func tagsFrom(tagClaims []tagClaim, claims oidc.Claims) ([]sts.Tag, error) {
	var tags []sts.Tag
	for _, t := range tagClaims {
		if _, found := claims[t.claim]; !found {
			continue
		}
		value, isText := claims.Text(t.claim)
		switch {
		case isList(claims, t.claim):
			return nil, diag.Problemf("session tag %q needs a string, but claim %q is a list", t.key, t.claim).WithRemedy("use another claim")
		case !isText:
			return nil, diag.Problemf("session tag %q needs a string, but claim %q is not a string", t.key, t.claim).WithRemedy("use another claim")
		}
		tags = append(tags, sts.Tag{Key: t.key, Value: value})
	}
	return tags, nil
}
