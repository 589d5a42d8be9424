package identity

import (
	"errors"
	"fmt"
	"strings"

	"extauthz/iam"
)

// A Binding says which principal stands behind a name in a verified credential.
type Binding struct {
	Kind NameKind // what carries the name
	Name string   // a pattern; of a [Token] none

	Issuer string            // of a Token: the name of its issuer
	Claims map[string]string // of a Token: claim → pattern; all must match

	Principal      string            // the template of an ARN, or the name of a service
	FederatedBy    string            // of a federated user: the ARN of the IAM user who federates it
	Tags           map[string]string // session tag → template of its value
	TagClaims      map[string]string // of a Token: session tag → claim that has its value
	SourceIdentity string            // a template
	Session        []*iam.Policy     // session policies
}

// Bind adds a binding. Its error has no place: who reads the file knows it.
func (t *Table) Bind(b Binding) error {
	source := MTLS
	switch {
	case b.Kind == NoName || b.Name == "":
		return errors.New("a credential needs a name; write one of basic, uri, dns or subject")
	case b.Kind == Token || b.Kind == HeaderName || strings.ContainsAny(b.Name+b.Principal, "{}"):
		return errors.New("captures, tokens and headers are not bound yet")
	case b.Kind == Basic && !t.users.Has(b.Name):
		return fmt.Errorf("user %q has no line in htpasswd; add one with `htpasswd -B`", b.Name)
	case t.bindings[name{b.Kind, b.Name}] != nil:
		return fmt.Errorf("%s %q is bound twice; keep one", b.Kind, b.Name)
	case b.Kind == Basic:
		source = BasicAuth
	default:
		t.mtls = true
	}
	principal, err := t.entities.Principal(b.Principal)
	if err != nil {
		return err
	}
	t.bindings[name{b.Kind, b.Name}] = NewCaller(source.String(), principal)
	return nil
}
