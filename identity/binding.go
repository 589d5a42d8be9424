package identity

import (
	"errors"
	"fmt"
	"time"

	"extauthz/iam"
	"extauthz/identity/nametemplate"
	"extauthz/identity/sts"
)

// A Binding says which principal stands behind a name in a verified credential.
type Binding struct {
	Kind NameKind // what carries the name
	Name string   // a [nametemplate.Pattern]; a [TokenClaims] has none

	Issuer string            // of a Token: the name of its issuer
	Claims map[string]string // of a Token: claim → [nametemplate.Pattern]; all must match

	Principal       string            // the [nametemplate.Template] of an ARN, or the name of a service
	Path            string            // of a role whose name is captured: where it is, "" is "/"
	FederatedBy     string            // of a federated user: the ARN of the IAM user who federates it
	Tags            map[string]string // session tag → Template of its value
	TagClaims       map[string]string // of a Token: session tag → claim that has its value
	SourceIdentity  string            // a Template
	SessionPolicies []*iam.Policy     // session policies
	SourceARN       string            // of a service: a Template of the ARN of the resource for which it calls
	SourceAccount   string            // of a service: a Template of that resource's account
}

// nameBinding binds the names that a pattern matches.
type nameBinding struct {
	pattern *nametemplate.Pattern
	session *sessionTemplate
	caller  *Caller // where it is the same for all names
}

// Bind adds a binding. The operator's word is trust enough: the trust policies
// of roles are not asked. Bind refuses a pattern or template that cannot be
// compiled, a user or role that is not there, a name that another binding
// matches too (an exact name may be an exception from a pattern), a Basic user
// without password, and what a session has for principals without one. Its
// errors have no place: who reads the file knows it.
func (t *Authenticator) Bind(b Binding) error {
	if b.Kind == TokenClaims {
		return t.bindToken(&b)
	}
	if b.Kind == NoName || b.Kind > TokenClaims || b.Name == "" {
		return errors.New("a credential needs a name; write one of basic, uri, dns, subject, header or token")
	}
	if b.Issuer != "" || len(b.Claims)+len(b.TagClaims) > 0 {
		return fmt.Errorf("%s %q: only a token has issuer and claims; leave them out", b.Kind, b.Name)
	}
	pattern, err := compileName(b.Kind, b.Name)
	if err != nil {
		return err
	}
	if b.Kind == BasicUser && pattern.Exact() && !t.users.Has(pattern.Literal()) {
		return fmt.Errorf("user %q has no line in htpasswd; add one with `htpasswd -B`", pattern.Literal())
	}
	if err := t.checkOverlap(b.Kind, pattern); err != nil {
		return err
	}
	session, err := compileSession(&b, pattern.Names(), t.entities)
	if err != nil {
		return err
	}
	return t.add(b.Kind, &nameBinding{pattern: pattern, session: session})
}

// compileName reads the pattern of names of a kind. Domain names are compared in
// lower case (RFC 4343), so that a pattern in another would match nothing.
func compileName(kind NameKind, text string) (*nametemplate.Pattern, error) {
	if kind == Subject {
		return nametemplate.CompileSubject(text)
	}
	p, err := nametemplate.CompilePattern(text)
	if err == nil && kind == DNS && p.HasUpperCase() {
		return nil, fmt.Errorf("dns %q: write it in lower case, in which domain names are compared", text)
	}
	return p, err
}

// checkOverlap refuses a pattern that leaves open who a name is.
func (t *Authenticator) checkOverlap(kind NameKind, p *nametemplate.Pattern) error {
	if p.Exact() {
		if t.exact[name{kind, p.Literal()}] != nil {
			return fmt.Errorf("%s %q is bound twice; keep one", kind, p)
		}
		return nil
	}
	for _, other := range t.patterns[kind] {
		if other.pattern.Overlaps(p) {
			return fmt.Errorf("%s %q and %q overlap: a name can match both; change one so that no name does", kind, other.pattern, p)
		}
	}
	return nil
}

func (t *Authenticator) add(kind NameKind, b *nameBinding) error {
	if b.session.isStatic() {
		caller, err := b.session.caller(kind.source(), nil, nil, t.entities)
		if err != nil {
			return err
		}
		b.caller = caller
	}
	if b.pattern.Exact() {
		t.exact[name{kind, b.pattern.Literal()}] = b
	} else {
		t.patterns[kind] = append(t.patterns[kind], b)
	}
	if kind.isCertificates() && !t.mtls {
		t.mtls, t.sources = true, append([]Source{MTLS}, t.sources...)
	}
	t.bindings++
	return nil
}

// named finds the caller that one name is bound to, in a session that begins
// then. Nobody is a failure.
func (t *Authenticator) named(n name, begin time.Time) (*Caller, *Failure) {
	caller, err := t.callerOf(n)
	switch {
	case err != nil:
		return nil, noPrincipal(n.kind.source(), err)
	case caller == nil:
		return nil, invalid(n.kind.source(), fmt.Sprintf("no principal is bound to %s %q", n.kind, n.text))
	}
	return caller.issuedAt(begin), nil
}

// callerOf finds the caller that a name is bound to; nil is nobody. An exact
// name goes before patterns. Domain names are compared without regard to case.
func (t *Authenticator) callerOf(n name) (*Caller, error) {
	if n.kind == DNS {
		n.text = lowerCase(n.text)
	}
	if b := t.exact[n]; b != nil {
		return b.of(n, nil, t.entities)
	}
	var found *Caller
	for _, b := range t.patterns[n.kind] {
		captures, matches := b.pattern.Match(n.text)
		if !matches {
			continue
		}
		caller, err := b.of(n, captures, t.entities)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", n.kind, n.text, err)
		}
		if found != nil && !found.same(caller) {
			return nil, fmt.Errorf("%s %q names two principals", n.kind, n.text)
		}
		found = caller
	}
	return found, nil
}

func (b *nameBinding) of(n name, c nametemplate.Captures, e *sts.Entities) (*Caller, error) {
	if b.caller != nil {
		return b.caller, nil
	}
	caller, err := b.session.caller(n.kind.source(), c, nil, e)
	return caller, hideWhere(err)
}
