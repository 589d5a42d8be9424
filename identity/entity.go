package identity

import (
	"fmt"
	"strings"

	"extauthz/iam"
)

// An Entity is an IAM user or role, and what IAM attaches to it.
type Entity struct {
	ARN      string        // with its path
	ID       string        // unique id, AIDA… or AROA…; "" if unknown
	Tags     []Tag         // principal tags
	Trust    *iam.Policy   // of a role: who may assume it; nil is nobody
	Identity []*iam.Policy // identity-based policies
	Boundary []*iam.Policy // permissions boundary
}

// Entities are the users and roles that there are.
type Entities struct {
	byARN  map[string]*Entity
	byRole map[string][]*Entity // by the session ARN's beginning
}

// NewEntities returns no entities.
func NewEntities() *Entities {
	return &Entities{byARN: map[string]*Entity{}, byRole: map[string][]*Entity{}}
}

// Add adds a user or role. It refuses an ARN of anything else, and one that is
// there already.
func (e *Entities) Add(entity Entity) error {
	arn, err := iam.ParseARN(entity.ARN)
	if err != nil {
		return err
	}
	if err := checkEntity(arn); err != nil {
		return err
	}
	if e.byARN[entity.ARN] != nil {
		return fmt.Errorf("principal %q is there twice; keep one entry", entity.ARN)
	}
	e.byARN[entity.ARN] = &entity
	if strings.HasPrefix(arn.Resource, "role/") {
		key := roleKey(arn.Partition, arn.Account, lastSegment(arn.Resource))
		e.byRole[key] = append(e.byRole[key], &entity)
	}
	return nil
}

// checkEntity accepts the ARN of a user or role: what policies attach to.
func checkEntity(arn iam.ARN) error {
	kind, name, _ := strings.Cut(arn.Resource, "/")
	if arn.Service != "iam" || arn.Region != "" || name == "" || kind != "user" && kind != "role" {
		return fmt.Errorf("principal %q: policies attach to users and roles, such as arn:aws:iam::123456789012:user/alice", arn)
	}
	if arn.Account == "" || arn.Account == "aws" {
		return fmt.Errorf("principal %q: an AWS account is 12 digits", arn)
	}
	return nil
}

// Find returns the user or role of that ARN, nil if there is none.
func (e *Entities) Find(arn string) *Entity { return e.byARN[arn] }

// Role returns the role of that name, whatever its path. The error says that
// there is none, or that there are two.
func (e *Entities) Role(partition, account, name string) (*Entity, error) {
	switch found := e.byRole[roleKey(partition, account, name)]; len(found) {
	case 0:
		return nil, fmt.Errorf("role %q of account %s is not among the principals; add it there with its policies", name, account)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("role %q is among the principals under two paths; role names are unique in an account", name)
}

func roleKey(partition, account, name string) string { return partition + ":" + account + ":" + name }

// Principal returns the principal that an ARN names: a user, or a session of a
// role. Both must be among the entities, since a session's ARN lacks the path
// of its role.
func (e *Entities) Principal(arn string) (iam.Principal, error) {
	principal, err := iam.ParsePrincipal(arn)
	if err != nil {
		return iam.Principal{}, err
	}
	switch principal.Kind {
	case iam.User:
		user := e.Find(arn)
		if user == nil {
			return iam.Principal{}, fmt.Errorf("user %q is not among the principals; add it there with its policies", arn)
		}
		principal.UserID = user.ID
		return principal, nil
	case iam.AssumedRole:
		return e.session(principal)
	}
	return iam.Principal{}, fmt.Errorf("principal %q: name a user, or a role session such as arn:aws:sts::123456789012:assumed-role/ci/build", arn)
}

// session fills in what the role of a session tells: its ARN, and aws:userid,
// in which the session's name follows the role's id (IAM User Guide, "IAM policy
// elements: Variables").
func (e *Entities) session(p iam.Principal) (iam.Principal, error) {
	arn, err := iam.ParseARN(p.ARN)
	if err != nil {
		return iam.Principal{}, err
	}
	segments := strings.Split(arn.Resource, "/")
	role, err := e.Role(arn.Partition, arn.Account, segments[1])
	if err != nil {
		return iam.Principal{}, fmt.Errorf("%w (for the session %q)", err, p.ARN)
	}
	p.RoleARN = role.ARN
	if role.ID != "" {
		p.UserID = role.ID + ":" + segments[2]
	}
	return p, nil
}
