package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// resourceTagKeys are the beginnings of the condition keys for the tags of
// repositories, lower-cased.
var resourceTagKeys = [...]string{"aws:resourcetag/", "ecr:resourcetag/"}

// checkTagged refuses a policy that says more of a repository without tags than of
// one with them, such as a Deny by tag, while the tags of some repository are not
// told. AWS always knows them, so that without them a Deny would be lost.
func (all registries) checkTagged(tags resourceTags, written map[string][]*iam.Policy, policies []*iam.Policy) error {
	place := all.untagged(tags, written)
	if place == "" {
		return nil
	}
	for _, policy := range policies {
		if at, key := needsTags(policy); key != "" {
			return diag.New(policy.Source.At(at), fmt.Sprintf("asks for %s where a missing tag counts, but there is no %s", key, place), "save the tags of every repository there, or {} if it has none")
		}
	}
	return nil
}

// untagged is where the tags of the first repository belong that an inventory lists
// or that has a policy, and whose tags are not told; "" if there is none.
func (all registries) untagged(tags resourceTags, written map[string][]*iam.Policy) string {
	repositories := map[string]bool{}
	for arn := range written {
		repositories[arn] = true
	}
	for _, r := range all {
		for name := range r.listed {
			repositories[r.RepositoryARN(name)] = true
		}
	}
	for _, text := range slices.Sorted(maps.Keys(repositories)) {
		if _, told := tags[text]; !told {
			arn, _ := iam.ParseARN(text) // which RepositoryARN has made
			return "accounts/" + arn.Account + "/" + arn.Region + "/repositories/" + strings.TrimPrefix(arn.Resource, "repository/") + "/" + tagsFile
		}
	}
	return ""
}

// untoldTags finds policies that say more of a repository without tags than of one
// with them, while some registry has no inventory: whatever repository the directory
// does not know counts as one without tags, as on AWS a new one does.
func (all registries) untoldTags(policies []*iam.Policy) diag.List {
	names := slices.Sorted(maps.Keys(all))
	open := slices.IndexFunc(names, func(name string) bool { return all[name].listed == nil })
	if open < 0 {
		return nil
	}
	var found diag.List
	for _, policy := range policies {
		if at, key := needsTags(policy); key != "" {
			found = append(found, diag.Diagnostic{Position: policy.Source.At(at), Severity: diag.Warning, Code: "untold-tags",
				Problem: fmt.Sprintf("asks for %s where a missing tag counts, and registry %q has no repositories.json: repositories without a file here count as untagged", key, names[open]),
				Remedy:  "save the output of aws ecr describe-repositories"})
		}
	}
	return found
}

// needsTags finds a statement about ECR in which the lack of a tag takes a Deny
// away or lets an Allow apply. In trust policies the tags are those of the role.
func needsTags(policy *iam.Policy) (at diag.Point, key string) {
	if policy.Kind == iam.TrustPolicy || !slices.ContainsFunc(policy.ConditionKeys(), isResourceTag) {
		return at, ""
	}
	for _, w := range policy.Written() {
		if !w.Statement.ConcernsECR() {
			continue
		}
		for _, c := range w.Conditions {
			lenient := c.Negated || c.IfExists || c.Set == "ForAllValues" || c.Base == "Null" && !requiresKey(&c)
			if isResourceTag(c.Key.Text) && (w.Statement.Effect == iam.Deny || lenient) {
				return c.Key.Position, c.Key.Text
			}
			if word, found := variableIn(c.Values, w.Statement.Effect == iam.Deny || lenient); found {
				return word.Position, word.Text
			}
		}
		if word, found := variableIn(w.Resources, w.Statement.Effect == iam.Deny); found {
			return word.Position, word.Text
		}
	}
	return at, ""
}

// requiresKey reports whether a condition with the operator Null holds only where its
// key is present: all its values are "false" (IAM User Guide, "Condition operator to
// check existence of condition keys").
func requiresKey(c *iam.WrittenCondition) bool {
	return !slices.ContainsFunc(c.Values, func(w iam.Word) bool { return !strings.EqualFold(w.Text, "false") })
}

// variableIn finds a text with a policy variable that stands for a resource tag:
// any, or only one with a default value, which a missing tag brings into force.
func variableIn(words []iam.Word, any bool) (found iam.Word, ok bool) {
	for _, word := range words {
		for i, piece := range strings.Split(word.Text, "${") {
			variable, _, _ := strings.Cut(piece, "}")
			if i > 0 && isResourceTag(variable) && (any || strings.Contains(variable, ",")) {
				return word, true
			}
		}
	}
	return iam.Word{}, false
}

func isResourceTag(key string) bool {
	return slices.ContainsFunc(resourceTagKeys[:], func(begin string) bool { return strings.HasPrefix(strings.ToLower(key), begin) })
}
