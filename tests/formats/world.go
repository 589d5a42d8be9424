package formats

import (
	"extauthz/iam"
)

// A World is what some AWS accounts hold, and who asks about it. All of it can be
// written as a policy directory in several forms.
type World struct {
	Accounts     []*Account
	Registries   []*Registry
	Organization *Organization        // nil for none
	SCPs, RCPs   [][]Document         // by level, the root first, for every account
	ByID         map[string]*Controls // instead, by the id of a root, a unit or an account
	Callers      []*Caller
	Questions    []Question
}

// An Account is what IAM holds for an account.
type Account struct {
	ID       string
	Users    []*Entity
	Groups   []*Entity
	Roles    []*Entity
	Policies []*Managed // its own, and those of AWS that are attached in it
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
	Account, Path, Name string // Account is "aws" for AWS's own
	Versions            []Document
	Default             int // which of the versions is in force
}

// A Document is the text of a policy. Its name is unlike that of every other
// document of the world, and so are the Sids of its statements.
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

// A Repository is one of a registry.
type Repository struct {
	Name   string
	Policy *Document
	Tags   []Tag
}

// Controls are the control policies that are attached to a root, a unit or an account.
// Without service control policies it has FullAWSAccess.
type Controls struct{ SCPs, RCPs []Document }

// An Organization has members, and may have a management account among them.
type Organization struct {
	Management string
	Paths      map[string]string // of the members
	Outside    []string
}

// A Caller is somebody whom a credential proves.
type Caller struct {
	Credential string // the name in the credential; "" for an anonymous caller
	Principal  iam.Principal
	Entity     *Entity    // whose policies and tags count; nil for none
	Session    []*Managed // session policies
	Tags       []Tag      // of the session
}

// A Question is what a caller asks. Context has the condition keys that are neither
// the caller's nor the resource's.
type Question struct {
	Caller           *Caller
	Action, Resource string
	Context          iam.Context
}

// ARN of the user, group or role.
func (e *Entity) ARN() string {
	kind := map[string]string{"User": "user", "Group": "group", "Role": "role"}[e.Kind]
	return "arn:aws:iam::" + e.Account + ":" + kind + e.Path + e.Name
}

// ARN of the policy.
func (m *Managed) ARN() string { return "arn:aws:iam::" + m.Account + ":policy" + m.Path + m.Name }

// inForce is the document of the default version.
func (m *Managed) inForce() Document { return m.Versions[m.Default] }

func (r *Registry) arn(repository string) string {
	return "arn:aws:ecr:" + r.Region + ":" + r.Account + ":repository/" + repository
}

// documents are all that the entity has, those of its groups included.
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
