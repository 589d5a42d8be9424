package sts

import (
	"fmt"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/iam"
)

// An Entity is an IAM user or role with what is attached to it.
type Entity struct {
	ARN      string        // with its path
	ID       string        // unique id, AIDA… or AROA…; "" if unknown
	Tags     []Tag         // principal tags
	Trust    *iam.Policy   // of a role: who may assume it; nil if it cannot be assumed
	Identity []*iam.Policy // identity-based policies
	Boundary []*iam.Policy // permissions boundary

	// MaxSessionDuration is how long a session of a role lasts at most; 0 means IAM's
	// default.
	MaxSessionDuration time.Duration

	// MissesTrust reports that a fault keeps the trust policy out, so that it is unknown
	// whether the role can be assumed.
	MissesTrust bool

	parsed iam.ARN // ARN; set by Add
}

// ParsedARN returns the ARN of an entity that [Entities.Add] has accepted.
func (e *Entity) ParsedARN() iam.ARN { return e.parsed }

// Entities are the users and roles that exist. They are filled by [Entities.Add], and
// then only read, by any number of goroutines.
type Entities struct {
	byARN      map[string]*Entity
	byName     map[string]*Entity // by the ARN without path, in lower case
	byID       map[string]*Entity
	accounts   map[string]bool
	membership Membership
	controls   *iam.OrganizationPolicies
}

// Membership returns the id of the AWS organization that an account is a member of, and
// the account's paths in it, as condition keys contain them; false if the account is not
// a member. A nil Membership has no members.
type Membership func(account string) (id string, paths []string, member bool)

// keys returns the two condition keys of an account's organization.
func (m Membership) keys(account, idKey, pathsKey string) iam.Context {
	if m == nil || account == "" {
		return nil
	}
	id, paths, member := m(account)
	if !member {
		return nil
	}
	return iam.Context{{Key: idKey, Value: id}, {Key: pathsKey, Values: paths, Multi: true}}
}

// NewEntities returns an empty set of entities. The control policies apply to sessions
// that assume roles; nil has none.
func NewEntities(membership Membership, controls *iam.OrganizationPolicies) *Entities {
	return &Entities{byARN: map[string]*Entity{}, byName: map[string]*Entity{}, byID: map[string]*Entity{}, accounts: map[string]bool{}, membership: membership, controls: controls}
}

// Add adds a user or role. It rejects the ARN of anything else, names, ids, tags and
// attachments that IAM does not allow, and a second entity with a name or id: the names
// of an account's users and of its roles are unique whatever their path and case (IAM
// User Guide, "IAM and AWS STS quotas"), and so are ids ("IAM identifiers").
func (e *Entities) Add(entity Entity) error {
	arn, err := iam.ParseARN(entity.ARN)
	if err != nil {
		return err
	}
	if err := checkEntity(arn, &entity); err != nil {
		return err
	}
	entity.parsed = arn
	key := pathless(arn, iam.LastSegment(arn.Resource))
	switch other := e.byName[key]; {
	case e.byARN[entity.ARN] != nil:
		return diag.Problemf("principal %q is listed twice", entity.ARN).WithRemedy("keep one entry")
	case other != nil:
		return diag.Problemf("principal %q has the name of %q with another path or spelling, and names are unique in an account", entity.ARN, other.ARN).WithRemedy("keep the one that AWS has")
	}
	if entity.ID != "" {
		if other := e.byID[entity.ID]; other != nil {
			return diag.Problemf("principal %q has the id %s of %q", entity.ARN, entity.ID, other.ARN).WithRemedy("give each user and role its own id")
		}
		e.byID[entity.ID] = &entity
	}
	e.byARN[entity.ARN], e.byName[key] = &entity, &entity
	e.accounts[arn.Account] = true
	return nil
}

// checkEntity accepts a user or role, to which policies can be attached. It returns all faults
// of an entity whose ARN is that of a user or role.
func checkEntity(arn iam.ARN, entity *Entity) error {
	kind, name, _ := strings.Cut(arn.Resource, "/")
	if arn.Service != "iam" || arn.Region != "" || name == "" || kind != "user" && kind != "role" {
		return diag.Problemf("principal %q is not a user or role", arn).WithRemedy("write an ARN such as arn:aws:iam::123456789012:user/alice")
	}
	if arn.Account == "" || arn.Account == "aws" {
		return diag.Problemf("principal %q has no account", arn).WithRemedy("write the 12 digits of an AWS account")
	}
	if !IsPath(strings.TrimSuffix(name, iam.LastSegment(name))) {
		return diag.Problemf("principal %q has an invalid path", arn).WithRemedy("write segments of printable ASCII without wildcards, each followed by a slash")
	}
	var faults diag.Faults
	checkNameOf, id := checkIAMUserName, "AIDA"
	if kind == "role" {
		checkNameOf, id = CheckRoleName, "AROA"
	}
	if entity.ID != "" && !strings.HasPrefix(entity.ID, id) {
		faults.Add(diag.Problemf("principal %q: the id of a %s begins with %s, and %q does not", arn, kind, id, entity.ID).WithRemedy("copy it from AWS"))
	}
	if err := checkNameOf(iam.LastSegment(name)); err != nil {
		faults.Add(diag.Wrap(diag.Position{}, fmt.Sprintf("principal %q: ", arn), err))
	}
	switch trust := entity.Trust; {
	case trust != nil && kind != "role":
		faults.Add(diag.Problemf("principal %q: only a role has a trust policy", arn).WithRemedy("remove it"))
	case trust != nil && trust.Kind != iam.TrustPolicy:
		faults.Add(diag.Problemf("principal %q: %s is a %s and not a trust policy", arn, trust.Source, trust.Kind).WithRemedy("use a policy in trust/"))
	}
	faults.Add(checkEntityTags(entity.Tags))
	return faults.Err()
}

// IsPath reports whether path is empty or consists of segments such as "division/team/".
func IsPath(path string) bool {
	for path != "" {
		segment, rest, found := strings.Cut(path, "/")
		if !found || segment == "" || strings.ContainsFunc(segment, func(r rune) bool {
			return r <= ' ' || r > '~' || r == '*' || r == '?' || r == ':'
		}) {
			return false
		}
		path = rest
	}
	return true
}

// pathless returns the ARN of a user or role without its path, in lower case.
func pathless(arn iam.ARN, name string) string {
	kind, _, _ := strings.Cut(arn.Resource, "/")
	arn.Resource = kind + "/" + name
	return strings.ToLower(arn.String())
}

// Find returns the user or role of that ARN, nil if it does not exist.
func (e *Entities) Find(arn string) *Entity { return e.byARN[arn] }

// FindByID returns the user or role with that unique id, nil if it does not exist.
func (e *Entities) FindByID(id string) *Entity { return e.byID[id] }

// HasAccount reports whether an account has any user or role.
func (e *Entities) HasAccount(account string) bool { return e.accounts[account] }

// Role returns the role of that name, whatever its path, nil if it does not exist.
func (e *Entities) Role(partition, account, name string) *Entity {
	role := e.byName[pathless(iam.ARN{Partition: partition, Service: "iam", Account: account, Resource: "role/"}, name)]
	if role == nil || iam.LastSegment(role.ARN) != name {
		return nil
	}
	return role
}

// IsRole reports whether the entity is a role and not a user.
func (e *Entity) IsRole() bool { return strings.Contains(e.ARN, ":role/") }

// HasTrustPolicy reports whether any role has a trust policy.
func (e *Entities) HasTrustPolicy() bool {
	for _, entity := range e.byARN {
		if entity.Trust != nil || entity.MissesTrust {
			return true
		}
	}
	return false
}
