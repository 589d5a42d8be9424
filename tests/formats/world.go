package formats

import (
	"extauthz/iam"
)

// A World is some AWS accounts with registries, callers and questions. It can be written as a
// policy directory in several forms.
type World struct {
	Accounts     []*Account
	Registries   []*Registry
	Organization *Organization        // may be nil
	SCPs, RCPs   [][]Document         // by level, the root first, for every account
	ByID         map[string]*Controls // instead, by the id of a root, a unit or an account
	Callers      []*Caller
	Questions    []Question
}

// An Account is an account in IAM.
type Account struct {
	ID       string
	Users    []*Entity
	Groups   []*Entity
	Roles    []*Entity
	Policies []*Managed // customer managed, and those of AWS that are attached
}

// An Entity is a user, a group or a role.
type Entity struct {
	Kind, Account, Path, Name, ID string // Kind is User, Group or Role
	Inline                        []Document
	Attached                      []*Managed
	Groups                        []*Entity // of a user
	Boundary                      *Managed
	Trust                         *Document // of a role
	Tags                          []Tag
}

// A Tag is a key and a value.
type Tag struct{ Key, Value string }

// A Managed is a managed policy.
type Managed struct {
	Account, Path, Name string // Account is "aws" for AWS managed policies
	Versions            []Document
	Default             int // index of the default version
}

// A Document is the text of a policy. Its name and the Sids of its statements are unique in the
// world.
type Document struct {
	Name string
	Kind iam.Kind
	Text string
}

// A Registry is the private registry of an account in a region.
type Registry struct {
	Account, Region string
	Policy          *Document
	Repositories    []*Repository
}

// A Repository is a repository of a registry.
type Repository struct {
	Name   string
	Policy *Document
	Tags   []Tag
}

// Controls are the control policies that are attached to a root, a unit or an account.
// Without service control policies it has FullAWSAccess.
type Controls struct{ SCPs, RCPs []Document }

// An Organization has members, one of which may be the management account.
type Organization struct {
	Management string
	Paths      map[string]string // of the members
	Outside    []string
}

// A Caller is the caller that a credential identifies.
type Caller struct {
	Credential string // the name in the credential; "" for an anonymous caller
	Principal  iam.Principal
	Entity     *Entity    // has the policies and tags; nil if the caller has none
	Session    []*Managed // session policies
	Tags       []Tag      // of the session
}

// A Question is a request of a caller. Context has the condition keys that depend on neither the
// caller nor the resource.
type Question struct {
	Caller           *Caller
	Action, Resource string
	Context          iam.Context
}

// ARN returns the ARN of the user, group or role.
func (e *Entity) ARN() string {
	kind := map[string]string{"User": "user", "Group": "group", "Role": "role"}[e.Kind]
	return "arn:aws:iam::" + e.Account + ":" + kind + e.Path + e.Name
}

// ARN returns the ARN of the policy.
func (m *Managed) ARN() string { return "arn:aws:iam::" + m.Account + ":policy" + m.Path + m.Name }

// inForce returns the document of the default version.
func (m *Managed) inForce() Document { return m.Versions[m.Default] }

func (r *Registry) arn(repository string) string {
	return "arn:aws:ecr:" + r.Region + ":" + r.Account + ":repository/" + repository
}

// documents returns all documents of the entity, including those of its groups.
func (e *Entity) documents() []Document {
	all := append([]Document(nil), e.Inline...)
	for _, m := range e.Attached {
		all = append(all, m.inForce())
	}
	for _, group := range e.Groups {
		all = append(all, group.documents()...)
	}
	return all
}
