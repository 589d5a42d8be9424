package awsexport

import (
	"encoding/json/jsontext"
	"fmt"
	"slices"

	"extauthz/identity/sts"
	"extauthz/mapping"
)

// A ResourcePolicy is the policy of a repository or a registry: a document, or the output
// of aws ecr get-repository-policy or get-registry-policy.
type ResourcePolicy struct {
	Document
	IsOutput            bool
	Account, Repository String // in an output; "" if it does not contain them
}

// ReadResourcePolicy reads the policy of a repository or a registry.
func ReadResourcePolicy(file string, contents []byte) (*ResourcePolicy, error) {
	const name = "policyText"
	r, err := newOutputReader(file, contents, name)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return &ResourcePolicy{Document: File(file, contents)}, nil
	}
	p, policy := &ResourcePolicy{IsOutput: true}, String{}
	err = r.checkedObject("the output", r.refuseDocument(name),
		member{name: name, into: &policy},
		member{name: "registryId", into: &p.Account, anyCase: true},
		member{name: "repositoryName", into: &p.Repository, anyCase: true})
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name string
		String
	}{{"registryId", p.Account}, {"repositoryName", p.Repository}} {
		if s.At.Line > 0 && s.Text == "" {
			return nil, r.fault(s.At, s.name+" is empty", saveAgain)
		}
	}
	p.Document = inString(file, name, policy.At, policy.Text)
	return p, nil
}

// A Repository is an entry of an inventory.
type Repository struct{ Name, Account, ARN String }

// ReadRepositories reads the output of aws ecr describe-repositories, and calls add for
// each repository.
func ReadRepositories(file string, contents []byte, add func(Repository) error) error {
	r, err := newReader(file, contents)
	if err != nil {
		return err
	}
	found, start := false, r.Point(r.Start())
	err = r.object("the inventory", value("repositories", func() error {
		found = true
		return r.list("repositories", func() error {
			var one Repository
			if err := r.object("a repository", text("repositoryName", &one.Name), text("registryId", &one.Account), text("repositoryArn", &one.ARN)); err != nil {
				return err
			}
			if !mapping.ValidRepository(one.Name.Text) {
				return r.fault(one.Name.At, fmt.Sprintf("%q is not a repository name", one.Name.Text), saveAgain)
			}
			return add(one)
		})
	}))
	if err == nil && !found {
		err = r.fault(start, "repositories is missing", "save the output of aws ecr describe-repositories as it is")
	}
	return err
}

const tagsRemedy = "write an object of keys and their values, or save the output of aws ecr list-tags-for-resource as it is"

// ReadTags reads the tags of one repository: an object of keys and values, or the output
// of aws ecr list-tags-for-resource.
func ReadTags(file string, contents []byte) (tags []sts.Tag, err error) {
	r, err := newReader(file, contents)
	if err != nil {
		return nil, err
	}
	switch {
	case r.AtArray():
		return nil, r.ErrorAt(0, "the file is a list", tagsRemedy)
	case r.MemberKind("tags") == jsontext.KindBeginArray: // a tag with the key "tags" has a string
		tags, err = readTagOutput(r)
	default:
		tags, err = readTagObject(r)
	}
	if err != nil {
		return nil, err
	}
	if isPartOfOutput(tags) {
		return nil, r.ErrorAt(0, "the file is a part of an output, not tags", tagsRemedy)
	}
	if err := sts.CheckResourceTags(tags); err != nil {
		return nil, r.Wrap(0, "", err)
	}
	return tags, nil
}

// readTagOutput reads the output of aws ecr list-tags-for-resource. A string next to the
// list of tags may be meant as a tag.
func readTagOutput(r *reader) (tags []sts.Tag, err error) {
	check := func(name string, at int) error {
		if name != "tags" && !isContinuation(name) && r.Kind() == '"' {
			return r.ErrorAt(at, fmt.Sprintf("unexpected string %q in the same object as the list of tags", name), "keep an object of keys and values, or the output as it is")
		}
		return nil
	}
	err = r.checkedObject("the tags", check, value("tags", func() error {
		tags, err = readTagList(r, "tags")
		return err
	}))
	return tags, err
}

// readTagObject reads an object of keys and values.
func readTagObject(r *reader) (tags []sts.Tag, err error) {
	err = r.Object("the tags", func(key string, _ int) error {
		if r.Kind() != '"' {
			return r.ErrorAt(r.Start(), fmt.Sprintf("the value of tag %q must be a string", key), tagsRemedy)
		}
		value, _, err := r.String("the value of a tag")
		tags = append(tags, sts.Tag{Key: key, Value: value})
		return err
	})
	return tags, err
}

// isPartOfOutput reports whether what was read as tags is one entry of an output's list,
// or its last page without the list.
func isPartOfOutput(tags []sts.Tag) bool {
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = tag.Key
	}
	slices.Sort(names)
	return slices.Equal(names, []string{"Key", "Value"}) || len(names) == 1 && isContinuation(names[0])
}

// readTagList reads tags as the commands of AWS print them.
func readTagList(r *reader, what string) (tags []sts.Tag, err error) {
	err = r.list(what, func() error {
		var key, value String
		err := r.object("a tag", member{name: "Key", into: &key, need: present}, member{name: "Value", into: &value, need: present})
		tags = append(tags, sts.Tag{Key: key.Text, Value: value.Text})
		return err
	})
	return tags, err
}
