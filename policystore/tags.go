package policystore

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity/sts"
)

// ResourceTags returns the condition keys aws:ResourceTag/KEY and ecr:ResourceTag/KEY of
// an action on a resource (Service Authorization Reference for Amazon ECR). It returns
// none for a resource that is not a repository of the directory, and none for creating
// one, because a repository that does not exist has no tags. The list is shared; callers
// must not change it.
func (r *Registry) ResourceTags(action, resource string) iam.Context {
	if strings.EqualFold(action, "ecr:CreateRepository") {
		return nil
	}
	return r.tags(resource)
}

// tags returns the condition keys for the tags of a repository, nil if they are not known.
func (r *Registry) tags(arn string) iam.Context {
	tags := r.repositories.tags.Get(arn)
	if tags == nil {
		return nil
	}
	return slices.Clip(*tags)
}

// tagContext returns the condition keys for the tags of a repository.
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

// tagKeys returns the condition keys for the tags of all repositories, in lower case.
func (r *repositories) tagKeys() map[string]bool {
	all := map[string]bool{}
	for _, tags := range r.tags.All() {
		for _, entry := range *tags {
			all[strings.ToLower(entry.Key)] = true
		}
	}
	return all
}
