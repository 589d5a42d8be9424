package policystore

import (
	"fmt"
	"maps"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
)

// principalEntry is a user or role in principals.yaml, and what is attached to
// it.
type principalEntry struct {
	ARN      string            `yaml:"arn"`
	ID       string            `yaml:"id"`
	Policies []string          `yaml:"policies"`
	Boundary string            `yaml:"boundary"`
	Trust    string            `yaml:"trust"`
	Tags     map[string]string `yaml:"tags"`
}

// attach adds the user or role of an entry, or returns what is wrong with the
// entry and where in it.
func (p *principals) attach(entry *principalEntry, at diag.Position, from *sources) (place []any, err error) {
	arn, err := iam.ParseARN(entry.ARN)
	if err != nil {
		return []any{"arn"}, err
	}
	if entry.ID != "" && !uniqueID.MatchString(entry.ID) {
		return []any{"id"}, fmt.Errorf("id %q: write the unique id of a user or role, such as AIDACKCEVSQ6C2EXAMPLE", entry.ID)
	}
	entity := sts.Entity{ARN: entry.ARN, ID: entry.ID, Tags: tagList(entry.Tags)}
	if err := sts.CheckTags(entity.Tags); err != nil {
		return []any{"tags"}, err
	}
	if entity.Identity, entity.Boundary, place, err = attached(entry, arn, from.managed); err != nil {
		return place, err
	}
	if entity.Trust, err = from.trust.find(entry.Trust); err != nil {
		return []any{"trust"}, err
	}
	if err := p.add(entity, at); err != nil {
		return []any{"arn"}, err
	}
	return nil, nil
}

// add adds a user or role that stands at a place of the directory.
func (p *principals) add(entity sts.Entity, at diag.Position) error {
	if other, twice := p.written.places[entity.ARN]; twice && other.File != at.File {
		return fmt.Errorf("principal %q is in %s, line %d, as well; keep one of the two", entity.ARN, other.File, other.Line)
	}
	if err := p.entities.Add(entity); err != nil {
		return err
	}
	p.written.places[entity.ARN] = at
	p.identity[entity.ARN], p.ids[entity.ARN] = entity.Identity, entity.ID
	if entity.Boundary != nil {
		p.boundary[entity.ARN] = entity.Boundary
	}
	return nil
}

// attached finds the identity policies and the boundary of an entry.
func attached(entry *principalEntry, arn iam.ARN, managed managedPolicies) (policies, boundary []*iam.Policy, place []any, err error) {
	policies, wrong, err := managed.findAll(iam.IdentityPolicy, entry.Policies, arn)
	if err != nil {
		return nil, nil, []any{"policies", wrong}, err
	}
	if entry.Boundary == "" {
		return policies, nil, nil, nil
	}
	limit, err := managed.find(iam.PermissionsBoundary, entry.Boundary, arn)
	if err != nil {
		return nil, nil, []any{"boundary"}, err
	}
	return policies, []*iam.Policy{limit}, nil, nil
}

// tagList is tags in the order of their keys.
func tagList(tags map[string]string) []sts.Tag {
	var list []sts.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, sts.Tag{Key: key, Value: tags[key]})
	}
	return list
}
