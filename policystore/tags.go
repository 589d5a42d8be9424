package policystore

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/strictjson"
)

// resourceTags are the condition keys that tell the tags of repositories, by
// repository ARN.
type resourceTags map[string]iam.Context

// ResourceTags returns the condition keys aws:ResourceTag/KEY and
// ecr:ResourceTag/KEY that an action on a resource sees (Service Authorization
// Reference for Amazon ECR). There are none for a resource that is no repository
// of the directory, and none for creating one: what is not there has no tags. The
// list is shared: read only.
func (r *Registry) ResourceTags(action, resource string) iam.Context {
	if strings.EqualFold(action, "ecr:CreateRepository") {
		return nil
	}
	return slices.Clip(r.tags[resource])
}

// loadTags reads the tags of every repository, and tells the registries of them.
func loadTags(c *compilation, all registries) (resourceTags, error) {
	tags := resourceTags{}
	for _, path := range c.Paths {
		p, name, ok := parsePlace(path)
		if !ok || name != tagsFile {
			continue
		}
		owner, err := all.repositoryOwner(path, p)
		if err != nil {
			return nil, err
		}
		of, err := fromFile(c, path, "tags", func(text []byte) (iam.Context, error) {
			list, err := readTags(path, text)
			return tagContext(list), err
		})
		if err != nil {
			return nil, err
		}
		tags[owner.RepositoryARN(p.repository)] = of
	}
	for _, r := range all {
		r.tags = tags
	}
	return tags, nil
}

func tagContext(tags []sts.Tag) iam.Context {
	c := make(iam.Context, 0, 2*len(tags))
	for _, tag := range tags {
		c = append(c,
			iam.ContextEntry{Key: "aws:ResourceTag/" + tag.Key, Value: tag.Value},
			iam.ContextEntry{Key: "ecr:ResourceTag/" + tag.Key, Value: tag.Value})
	}
	c.MarkAmbiguous()
	return c
}

const tagsRemedy = "write an object of keys and their values, or save the output of aws ecr list-tags-for-resource as it is"

// readTags reads the tags of one repository: an object of keys and values, or the
// output of aws ecr list-tags-for-resource.
func readTags(file string, text []byte) (tags []sts.Tag, err error) {
	r, err := strictjson.NewFileReader(file, text)
	if err != nil {
		return nil, err
	}
	if r.AtArray() {
		return nil, r.ErrorAt(0, "a list stands here", fmt.Sprintf("%s", tagsRemedy))
	}
	isOutput, object := hasTagList(text), r.Object
	if isOutput {
		object = func(what string, read func(string, int) error) error { return readOutput(r, what, read) }
	}
	err = object("the tags", func(name string, at int) error {
		switch {
		case isOutput && name == "tags":
			tags, err = readTagList(r, name)
			return err
		case isOutput:
			return checkOutputMember(r, name, at)
		}
		if start := r.Start(); start < len(text) && text[start] != '"' {
			return r.ErrorAt(start, fmt.Sprintf("the value of tag %q must be a string", name), fmt.Sprintf("%s", tagsRemedy))
		}
		value, _, err := r.String(fmt.Sprintf("the value of tag %q", name))
		tags = append(tags, sts.Tag{Key: name, Value: value})
		return err
	})
	if err != nil {
		return nil, err
	}
	if isPieceOfOutput(tags) {
		return nil, r.ErrorAt(0, "this is a piece of an output, not tags", fmt.Sprintf("%s", tagsRemedy))
	}
	if err := sts.CheckResourceTags(tags); err != nil {
		return nil, r.Wrap(0, "", err)
	}
	return tags, nil
}

// isPieceOfOutput tells whether what was read as tags is one entry of an output's
// list, or its last page without the list.
func isPieceOfOutput(tags []sts.Tag) bool {
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = tag.Key
	}
	slices.Sort(names)
	return slices.Equal(names, []string{"Key", "Value"}) || len(names) == 1 && tellsOfMore(names[0])
}

// hasTagList tells whether text is an object whose member tags is a list: a tag
// of that name has a string.
func hasTagList(text []byte) (found bool) {
	r, err := strictjson.NewFileReader("", text)
	if err != nil {
		return false
	}
	_ = r.Object("", func(name string, _ int) error {
		found = found || name == "tags" && r.AtArray()
		return skip(r)
	}) // whatever is wrong, who reads the text for good tells
	return found
}

// checkOutputMember reads a member beside the list of tags. A string there might be
// meant for a tag.
func checkOutputMember(r *strictjson.Reader, name string, at int) error {
	value, err := r.Raw()
	if err == nil && value[0] == '"' {
		err = r.ErrorAt(at, fmt.Sprintf("%q stands beside the list of tags", name), "keep an object of keys and values, or the output as it is")
	}
	return err
}

// readTagList reads tags as AWS's commands print them.
func readTagList(r *strictjson.Reader, name string) (tags []sts.Tag, err error) {
	err = r.Array(name, func(int) error {
		start := r.Start()
		var key, value *string
		err := readOutput(r, "a tag", func(name string, _ int) error {
			switch name {
			case "Key":
				return readText(r, name, &key)
			case "Value":
				return readText(r, name, &value)
			}
			return skip(r)
		})
		switch {
		case err != nil:
		case key == nil && value == nil:
			err = r.ErrorAt(start, "a tag lacks Key and Value", "save the output as it is")
		case key == nil:
			err = r.ErrorAt(start, fmt.Sprintf("a tag (Value %q) lacks Key", *value), "save the output as it is")
		case value == nil:
			err = r.ErrorAt(start, fmt.Sprintf("a tag (Key %q) lacks Value", *key), "save the output as it is")
		}
		if err == nil {
			tags = append(tags, sts.Tag{Key: *key, Value: *value})
		}
		return err
	})
	return tags, err
}

func readText(r *strictjson.Reader, name string, into **string) error {
	text, _, err := r.String(name)
	*into = &text
	return err
}
