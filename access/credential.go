package access

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/policystore/config"
)

// A Credential is a way to authenticate as a principal.
type Credential struct {
	// Kind is the kind of the name in the credential, as in principals.yaml; "none" for
	// requests without a credential.
	Kind string `json:"kind"`
	// Name is the name or its pattern; of a token the name of its issuer, and of "none" the
	// registry that accepts such requests.
	Name  string `json:"name"`
	Place string `json:"place"` // of the entry
	// Claims are the patterns of a token's claims.
	Claims map[string]string `json:"claims,omitempty"`
	// Through is the principal that assumes the role with sts:AssumeRole, "" if none does.
	Through string `json:"through,omitempty"`
	// By are the statements by which the role can be assumed.
	By []Statement `json:"by,omitempty"`

	principal string // as the entry has it, perhaps with captures; the ARN of a role that is assumed
}

// String returns the credential in one line.
func (c Credential) String() string {
	text := fmt.Sprintf("%s %q", c.Kind, c.Name)
	for _, claim := range slices.Sorted(maps.Keys(c.Claims)) {
		text += fmt.Sprintf(" %s=%q", claim, c.Claims[claim])
	}
	text += " (" + c.Place + ")"
	if c.Through != "" {
		text += " as " + c.Through
	}
	for _, s := range c.By {
		text += ", assuming the role by " + s.String()
	}
	return text
}

func (c Credential) compare(other Credential) int {
	return cmp.Or(cmp.Compare(c.Place, other.Place), cmp.Compare(c.Kind, other.Kind), cmp.Compare(c.Name, other.Name), cmp.Compare(c.Through, other.Through))
}

// A boundToken is a principal that tokens of an issuer are bound to.
type boundToken struct {
	*caller
	Credential
}

// addCredentials adds the principals that the credentials of principals.yaml map to.
func (l *callerList) addCredentials() error {
	session := map[diag.Position][]*iam.Policy{}
	for i := range l.contents.Credentials {
		session[l.contents.Credentials[i].Position] = l.contents.Credentials[i].SessionPolicies
	}
	for i := range l.contents.Configured.Credentials {
		entry := &l.contents.Configured.Credentials[i]
		b := binding{callerList: l, entry: entry, session: session[config.InPrincipals(entry.At)]}
		if entry.Token != "" {
			b.addIssuer()
		}
		if err := b.add(); err != nil {
			return err
		}
	}
	return nil
}

// A binding is an entry of principals.yaml that maps a credential to principals.
type binding struct {
	*callerList
	entry       *config.CredentialEntry
	session     []*iam.Policy
	hasOpenTags bool // some tags of the session are made from the credential
}

// addIssuer adds what the issuer of a token gives to its sessions.
func (b *binding) addIssuer() {
	for _, issuer := range b.contents.Issuers {
		if issuer.Name == b.entry.Token && len(b.session) == 0 {
			b.session = issuer.SessionPolicies
		}
	}
	for i := range b.contents.Configured.Issuers {
		if issuer := &b.contents.Configured.Issuers[i]; issuer.Name.Text == b.entry.Token && len(issuer.Tags) > 0 {
			b.hasOpenTags = true
		}
	}
}

// add adds the principals.
func (b *binding) add() error {
	e := b.entry
	b.hasOpenTags = b.hasOpenTags || len(e.ClaimTags) > 0
	for _, value := range e.Tags {
		b.hasOpenTags = b.hasOpenTags || hasCaptures(value)
	}
	p, err := sts.ParsePrincipal(captures.ReplaceAllString(e.Principal, "xx"))
	if err != nil {
		return err
	}
	switch p.Kind {
	case iam.AssumedRole:
		return b.addSessions(&p)
	case iam.FederatedUser:
		return b.addFederatedUser()
	case iam.User:
		return b.addUsers()
	case iam.RootUser:
		return b.addPrincipal(RootUser, iam.KeySet{})
	case iam.Service:
		var unknown iam.KeySet
		if hasCaptures(e.SourceARN) || hasCaptures(e.SourceAccount) {
			unknown.Prefixes = []string{"aws:Source"} // SourceArn, SourceAccount, SourceOrgID and SourceOrgPaths
		}
		return b.addPrincipal(Service, unknown)
	case iam.UnknownPrincipal, iam.Anonymous, iam.FederatedProvider, iam.UnnamedPrincipal:
	}
	return nil
}

// credential returns the credential of the binding.
func (b *binding) credential() Credential {
	return Credential{Kind: string(b.entry.Kind), Name: b.entry.Name, Place: config.InPrincipals(b.entry.At).String(), Claims: b.entry.Claims, principal: b.entry.Principal}
}

// attach adds the credential to callers that it authenticates.
func (b *binding) attach(callers ...*caller) {
	for _, c := range callers {
		c.credentials = append(c.credentials, b.credential())
		if b.entry.Token != "" {
			b.bound = append(b.bound, boundToken{c, b.credential()})
		}
	}
}

// addUsers adds the credential to the users that it authenticates.
func (b *binding) addUsers() error {
	if c := b.byKey[b.entry.Principal]; c != nil {
		b.attach(c)
		return nil
	}
	matches := matcher(b.entry.Principal)
	for _, p := range b.contents.Principals {
		if !p.IsRole() && matches.MatchString(p.ARN) {
			b.attach(b.byKey[p.ARN])
		}
	}
	return nil
}

// addPrincipal adds the principal of the entry, which has no captures.
func (b *binding) addPrincipal(kind Kind, unknown iam.KeySet) error {
	e, spec := b.entry, b.spec()
	key := e.Principal
	unknown.Names = append(unknown.Names, b.temporaryKeys()...)
	if kind == Service {
		key += " " + e.SourceARN + " " + e.SourceAccount
		if len(unknown.Prefixes) > 0 {
			spec.SourceResource = sts.SourceResource{}
		}
	}
	c, err := b.callerList.add(key, &spec, func(*identity.Caller) *caller { return &caller{name: e.Principal, kind: kind, unknown: unknown} })
	if err != nil {
		return err
	}
	b.attach(c)
	return nil
}

// addSessions adds the sessions of roles that the credential authenticates. p is the
// principal with some captures.
func (b *binding) addSessions(p *iam.Principal) error {
	if !hasCaptures(b.entry.Principal) && !hasCaptures(b.entry.SourceIdentity) && !b.hasOpenTags {
		return b.addSession(iam.KeySet{Names: []string{"aws:TokenIssueTime"}})
	}
	if !hasCaptures(b.entry.Principal) {
		unknown := iam.KeySet{Names: sessionKeys}
		if b.hasOpenTags {
			unknown.Prefixes = []string{tagKeys}
		}
		return b.addSession(unknown)
	}
	role := b.entry.Principal[:strings.LastIndexByte(b.entry.Principal, '/')]
	matches := matcher(strings.Replace(role, ":assumed-role/", ":role/", 1))
	arn, err := iam.ParseARN(p.ARN)
	if err != nil {
		return err
	}
	for _, entity := range b.contents.Principals {
		own := entity.ParsedARN()
		if own.Account != arn.Account || own.Partition != arn.Partition || !entity.IsRole() || !b.isAtPath(entity.Entity, role) {
			continue
		}
		if own.Service, own.Resource = "sts", "role/"+iam.LastSegment(own.Resource); !matches.MatchString(own.String()) {
			continue
		}
		callers, err := b.addRole(entity.Entity, b.session, b.hasOpenTags || len(b.entry.Tags) > 0)
		if err != nil {
			return err
		}
		b.attach(callers...)
	}
	return nil
}

// isAtPath reports whether a role whose name is captured is at the path of the entry.
func (b *binding) isAtPath(role *sts.Entity, template string) bool {
	path := cmp.Or(b.entry.Path, "/")
	return !hasCaptures(template) || strings.HasSuffix(role.ARN, ":role"+path+iam.LastSegment(role.ARN))
}

// addSession adds the session of the entry, whose ARN has no captures.
func (b *binding) addSession(unknown iam.KeySet) error {
	spec := b.spec()
	key := fmt.Sprintf("%s %p %v %q %q %v", b.entry.Principal, b.session, unknown, spec.SourceIdentity, b.entry.FederatedBy, spec.Tags)
	kind := Session
	if b.entry.FederatedBy != "" {
		kind = FederatedUser
	}
	c, err := b.callerList.add(key, &spec, func(*identity.Caller) *caller {
		return &caller{name: b.entry.Principal, kind: kind, unknown: unknown}
	})
	if err != nil {
		return err
	}
	b.attach(c)
	return nil
}

// addFederatedUser adds the federated users of the entry: with a captured name, each that a
// policy of a resource names, and all others as one caller.
func (b *binding) addFederatedUser() error {
	unknown := iam.KeySet{Names: []string{"aws:TokenIssueTime"}}
	if b.hasOpenTags || hasCaptures(b.entry.Principal) {
		unknown.Prefixes = []string{tagKeys}
	}
	if !hasCaptures(b.entry.Principal) {
		return b.addSession(unknown)
	}
	prefix := b.entry.Principal[:strings.IndexByte(b.entry.Principal, '/')+1]
	named := withPrefix(b.sessions, prefix)
	for _, name := range append([]string{b.otherSession(prefix)}, named...) {
		spec := sts.CallerSpec{Principal: name, FederatedBy: b.entry.FederatedBy, SessionPolicies: b.session}
		key := fmt.Sprintf("%s %s %s %p", b.entry.Principal, name, b.entry.FederatedBy, b.session)
		c, err := b.callerList.add(key, &spec, func(*identity.Caller) *caller {
			if slices.Contains(named, name) {
				return &caller{name: name, kind: FederatedUser, unknown: unknown}
			}
			open := iam.KeySet{Names: append([]string{"aws:userid", "aws:PrincipalArn"}, unknown.Names...), Prefixes: unknown.Prefixes}
			return &caller{name: b.entry.Principal, kind: FederatedUser, unknown: open, except: named}
		})
		if err != nil {
			return err
		}
		b.attach(c)
	}
	return nil
}

// spec returns the caller of the entry, without what is made from the credential.
func (b *binding) spec() sts.CallerSpec {
	e := b.entry
	spec := sts.CallerSpec{Principal: e.Principal, FederatedBy: e.FederatedBy, SessionPolicies: b.session}
	if !hasCaptures(e.SourceIdentity) {
		spec.SourceIdentity = e.SourceIdentity
	}
	for _, key := range slices.Sorted(maps.Keys(e.Tags)) {
		if !hasCaptures(e.Tags[key]) {
			spec.Tags = append(spec.Tags, sts.Tag{Key: key, Value: e.Tags[key]})
		}
	}
	if !hasCaptures(e.SourceARN) && !hasCaptures(e.SourceAccount) {
		spec.SourceResource = sts.SourceResource{ARN: e.SourceARN, Account: e.SourceAccount}
	}
	return spec
}

// captures matches the captures in a template of package nametemplate.
var captures = regexp.MustCompile(`\{[^{}]*\}`)

// hasCaptures reports whether a template may depend on captures. One with literal braces
// counts too.
func hasCaptures(template string) bool { return strings.ContainsAny(template, "{}") }

// matcher returns an expression that matches the texts that a template can make. A capture
// matches the characters of IAM's names.
func matcher(template string) *regexp.Regexp {
	text := "^"
	for {
		at := captures.FindStringIndex(template)
		if at == nil {
			return regexp.MustCompile(text + regexp.QuoteMeta(template) + "$")
		}
		text += regexp.QuoteMeta(template[:at[0]]) + `[A-Za-z0-9+=,.@_-]+`
		template = template[at[1]:]
	}
}
