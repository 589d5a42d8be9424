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
	"extauthz/identity/sts"
)

// A Binding maps a name in a verified credential to a principal.
type Binding struct {
	Kind NameKind // of the name
	Name string   // a [nametemplate.Pattern]; empty for [TokenClaims]

	Issuer string // of TokenClaims: the name of the token's issuer
	// MissesIssuer reports that a fault may keep the issuer out. Bind then checks the rest.
	MissesIssuer bool
	Claims       map[string]string // of TokenClaims: claim → [nametemplate.Pattern]; all must match

	Principal       string            // the [nametemplate.Template] of an ARN, or the name of a service
	Path            string            // of a role whose name is captured: its path, "" means "/"
	FederatedBy     string            // of a federated user: the ARN of the IAM user who federates it
	Tags            map[string]string // session tag → Template of its value
	TagClaims       map[string]string // of TokenClaims: session tag → claim that has its value
	SourceIdentity  string            // a Template
	SessionPolicies []*iam.Policy
	SourceARN       string // of a service: a Template of the ARN of the resource for which it calls
	SourceAccount   string // of a service: a Template of that resource's account
}

// nameBinding maps the names that a pattern matches to callers.
type nameBinding struct {
	source   Source
	pattern  *nametemplate.Pattern
	template *callerTemplate
	caller   *Caller // if it is the same for all names
}

// Bind adds a binding. It does not evaluate the trust policies of roles: the
// operator's configuration is enough. Bind rejects
//
//   - a pattern or template that does not compile,
//   - a user or role that does not exist, and a Basic user without a password,
//   - a name that another binding matches too, unless one of the two is exact and so an
//     exception from the other's pattern,
//   - for a principal without a session, what only sessions have.
//
// The error joins all faults that do not follow from others. They have no position, which
// the caller adds.
func (auth *Authenticator) Bind(b Binding) error {
	kind := auth.kind(b.Kind)
	if kind == nil {
		return diag.Problemf("a credential needs a name").WithRemedy("write one of " + NameKindList())
	}
	if err := kind.bind(auth, &b); err != nil {
		return err
	}
	auth.callers.clear()
	if auth.bindings[b.Kind]++; auth.bindings[b.Kind] == 1 {
		auth.setDefaults()
	}
	return nil
}

// bindName adds a binding of names that match a pattern.
func (auth *Authenticator) bindName(b *Binding) error {
	kind := auth.kind(b.Kind)
	switch {
	case b.Name == "":
		return diag.Problemf("a credential needs a name").WithRemedy("write one of " + NameKindList())
	case b.Issuer != "" || len(b.Claims)+len(b.TagClaims) > 0:
		return diag.Problemf("%s %q: only a token has an issuer and claims", b.Kind, b.Name).WithRemedy("leave them out")
	}
	pattern, err := kind.compile(auth, b.Name)
	var template *callerTemplate
	if pattern != nil {
		var errCaller error
		template, errCaller = compileCaller(b, pattern.Names(), auth.entities)
		err = errors.Join(err, auth.checkOverlap(b.Kind, pattern), errCaller)
	} else if !b.usesCaptures() {
		_, errCaller := compileCaller(b, nil, auth.entities)
		err = errors.Join(err, errCaller)
	}
	if err != nil {
		return err
	}
	binding := &nameBinding{source: kind.source, pattern: pattern, template: template}
	if template.isStatic() {
		if binding.caller, err = binding.newCaller(nil, auth.entities); err != nil {
			return err
		}
	}
	if pattern.Exact() {
		auth.exact[name{b.Kind, pattern.Literal()}] = binding
	} else {
		auth.patterns[b.Kind] = append(auth.patterns[b.Kind], binding)
	}
	return nil
}

// usesCaptures reports whether a template of the binding refers to captures.
func (b *Binding) usesCaptures() bool {
	templates := slices.AppendSeq([]string{b.Principal, b.SourceIdentity, b.SourceARN, b.SourceAccount}, maps.Values(b.Tags))
	return slices.ContainsFunc(templates, func(text string) bool { return strings.ContainsAny(text, "{}") })
}

func compilePattern(_ *Authenticator, text string) (*nametemplate.Pattern, error) {
	return nametemplate.CompilePattern(text)
}

func compileSubject(_ *Authenticator, text string) (*nametemplate.Pattern, error) {
	return nametemplate.CompileSubject(text)
}

// compileDomain compiles a pattern of domain names. They are compared in lower case (RFC
// 4343), so that a pattern with an upper-case letter would match no name. It returns that pattern with the
// error.
func compileDomain(_ *Authenticator, text string) (*nametemplate.Pattern, error) {
	p, err := nametemplate.CompilePattern(text)
	if err == nil && p.HasUpperCase() {
		err = diag.Problemf("dns %q: domain names are compared in lower case", text).WithRemedy("write it in lower case")
	}
	return p, err
}

// checkOverlap rejects a pattern that matches a name of another binding.
func (auth *Authenticator) checkOverlap(kind NameKind, p *nametemplate.Pattern) error {
	if p.Exact() {
		if auth.exact[name{kind, p.Literal()}] != nil {
			return diag.Problemf("%s %q is bound twice", kind, p).WithRemedy("keep one")
		}
		return nil
	}
	for _, other := range auth.patterns[kind] {
		if other.pattern.Overlaps(p) {
			return diag.Problemf("%s %q and %q overlap: a name can match both", kind, other.pattern, p).WithRemedy("change one so that no name does")
		}
	}
	return nil
}

// named returns the caller that a name is bound to. It follows from the name alone.
func (a attempt) named(source Source, n name) (authentication, *Failure) {
	caller, err := a.auth.callerOf(n)
	switch {
	case err != nil:
		return authentication{}, noPrincipal(source, err)
	case caller == nil:
		return authentication{}, invalid(source, fmt.Sprintf("no principal is bound to %s %q", n.kind, n.text))
	}
	return authentication{caller, inEveryRequest}, nil
}

// callerOf returns the caller that a name is bound to, nil if it is not bound. An exact
// name takes precedence over patterns. Domain names are compared without regard to case.
func (auth *Authenticator) callerOf(n name) (*Caller, error) {
	if n.kind == DNS {
		n.text = lowerCase(n.text)
	}
	if b := auth.exact[n]; b != nil {
		return b.callerOf(nil, auth.entities)
	}
	var found *Caller
	for _, b := range auth.patterns[n.kind] {
		captures, matches := b.pattern.Match(n.text)
		if !matches {
			continue
		}
		caller, err := b.callerOf(captures, auth.entities)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", n.kind, n.text, err)
		}
		if found != nil && !found.equal(caller) {
			return nil, fmt.Errorf("%s %q names two principals", n.kind, n.text)
		}
		found = caller
	}
	return found, nil
}

func (b *nameBinding) callerOf(c nametemplate.Captures, e *sts.Entities) (*Caller, error) {
	if b.caller != nil {
		return b.caller, nil
	}
	caller, err := b.newCaller(c, e)
	return caller, hideEntity(err)
}

// newCaller returns the caller of captures, in a session that begins with the request.
func (b *nameBinding) newCaller(c nametemplate.Captures, e *sts.Entities) (*Caller, error) {
	caller, err := b.template.caller(b.source, c, nil, e)
	if err != nil {
		return nil, err
	}
	caller.beginsWithRequest = sts.HasSession(caller.Principal.Kind)
	return caller, nil
}
