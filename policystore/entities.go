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

// attach adds the user or role of an entry. It calls report for each fault of the entry,
// with the path of the value in it. It returns false if the user or role cannot be added.
func (p *principals) attach(entry *principalEntry, at diag.Position, from *sources, report func(err error, path ...any)) bool {
	arn, err := iam.ParseARN(entry.ARN)
	if err != nil {
		report(err, "arn")
		return false
	}
	entity := sts.Entity{ARN: entry.ARN, ID: entry.ID, Tags: tagList(entry.Tags)}
	if entry.ID != "" && !uniqueID.MatchString(entry.ID) {
		report(fmt.Errorf("id %q: write the unique id of a user or role, such as AIDACKCEVSQ6C2EXAMPLE", entry.ID), "id")
		entity.ID = ""
	}
	if err := sts.CheckTags(entity.Tags); err != nil {
		report(err, "tags")
		entity.Tags = nil
	}
	for i, reference := range entry.Policies {
		policy, err := from.managed.find(iam.IdentityPolicy, reference, arn)
		report(err, "policies", i)
		if err == nil {
			entity.Identity = append(entity.Identity, policy)
		}
	}
	if entry.Boundary != "" {
		boundary, err := from.managed.find(iam.PermissionsBoundary, entry.Boundary, arn)
		report(err, "boundary")
		if err == nil {
			entity.Boundary = []*iam.Policy{boundary}
		}
	}
	entity.Trust, err = from.trust.find(entry.Trust)
	report(err, "trust")
	from.faultyTrust[entity.ARN] = err != nil
	err = p.add(entity, at)
	report(err, "arn")
	return err == nil
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

// tagList is tags in the order of their keys.
func tagList(tags map[string]string) []sts.Tag {
	var list []sts.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, sts.Tag{Key: key, Value: tags[key]})
	}
	return list
}
