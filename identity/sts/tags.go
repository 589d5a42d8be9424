package sts

import (
	"extauthz/diag"
	"extauthz/iam"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Tag is a key and a value on a user, a role or a session. Policies see it
// as aws:PrincipalTag/KEY.
type Tag struct{ Key, Value string }

// AWS's limits on tags, lengths in characters. Sources: IAM User Guide, "Rules
// for tagging in IAM and AWS STS" and "IAM and AWS STS quotas"; STS API
// Reference, Tag.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// CheckTags checks the tags of a user, role or session against AWS's rules: their number,
// length and characters, reserved keys, and keys that differ in case only. It returns
// all faults, with keys and never values. The tags of a role and of its session are checked separately, and
// together may exceed the number.
func CheckTags(tags []Tag) error {
	if len(tags) > maxTags {
		return diag.Problemf("too many tags: %d, and AWS allows %d", len(tags), maxTags).WithRemedy("remove some")
	}
	var faults diag.Faults
	for i, tag := range tags {
		faults.Add(checkTag(tag))
		if j := findTag(tags[:i], tag.Key); j >= 0 {
			faults.Add(sameKeys(tags[j], tag))
		}
	}
	return faults.Err()
}

// checkEntityTags is CheckTags for the existing tags of a user or role. They can include
// AWS's own, whose keys begin with aws: and which do not count towards the limit.
func checkEntityTags(tags []Tag) error {
	var set []Tag
	var faults diag.Faults
	known := map[string]Tag{}
	for _, tag := range tags {
		key := strings.ToLower(tag.Key)
		if other, twice := known[key]; twice {
			faults.Add(sameKeys(other, tag))
			continue
		}
		known[key] = tag
		if !isReserved(tag.Key) {
			set = append(set, tag)
		}
	}
	faults.Add(CheckTags(set))
	return faults.Err()
}

// CheckResourceTags is CheckShownTags for the tags of a resource such as a repository,
// whose keys may differ only in case (Amazon ECR User Guide, "Tag restrictions").
func CheckResourceTags(tags []Tag) error {
	own, seen := 0, map[string]bool{}
	for _, tag := range tags {
		if seen[tag.Key] {
			return diag.Problemf("the tag key %q is listed twice", tag.Key).WithRemedy("keep one")
		}
		seen[tag.Key] = true
		if isReserved(tag.Key) {
			continue
		}
		own++
		if err := checkTag(tag); err != nil {
			return err
		}
	}
	if own > maxTags {
		return diag.Problemf("too many tags: %d, and AWS allows %d", own, maxTags).WithRemedy("remove some")
	}
	return nil
}

func sameKeys(a, b Tag) error {
	return diag.Problemf("the tag keys %q and %q are the same, because AWS ignores their case", a.Key, b.Key).WithRemedy("keep one")
}

func checkTag(tag Tag) error {
	key, value := utf8.RuneCountInString(tag.Key), utf8.RuneCountInString(tag.Value)
	switch {
	case key == 0:
		return diag.Problemf("a tag has no key").WithRemedy(fmt.Sprintf("write a key of 1 to %d characters", maxTagKey))
	case key > maxTagKey:
		return diag.Problemf("the tag key %.64q… has %d characters, and AWS allows %d", tag.Key, key, maxTagKey).WithRemedy("shorten it")
	case !isTagText(tag.Key):
		return diag.Problemf("the tag key %q has characters other than letters, numbers, spaces and _.:/=+-@", tag.Key).WithRemedy("remove them")
	case isReserved(tag.Key) || isReserved(tag.Value):
		return diag.Problemf("the key or the value of the tag %q begins with aws:, which is reserved for AWS", tag.Key).WithRemedy("use another")
	case value > maxTagValue:
		return diag.Problemf("the value of the tag %q has %d characters, and AWS allows %d", tag.Key, value, maxTagValue).WithRemedy("shorten it")
	case !isTagText(tag.Value):
		return diag.Problemf("the value of the tag %q has characters other than letters, numbers, spaces and _.:/=+-@", tag.Key).WithRemedy("remove them")
	}
	return nil
}

// isTagText reports whether s matches [\p{L}\p{Z}\p{N}_.:/=+\-@]*.
func isTagText(s string) bool {
	for _, r := range s {
		if !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r) {
			return false
		}
	}
	return true
}

func isReserved(s string) bool { return strings.HasPrefix(strings.ToLower(s), "aws:") }

// RequestTagKeys returns the condition keys of a request that passes session tags (IAM User
// Guide, "AWS global condition context keys", aws:RequestTag and aws:TagKeys).
func RequestTagKeys(tags []Tag) (c iam.Context) {
	var keys []string
	for _, tag := range tags {
		c = append(c, iam.ContextEntry{Key: "aws:RequestTag/" + tag.Key, Value: tag.Value})
		keys = append(keys, tag.Key)
	}
	if len(keys) > 0 {
		c = append(c, iam.ContextEntry{Key: "aws:TagKeys", Values: keys, Multi: true})
	}
	return c
}

// mergeTags returns the tags of a session: its own, and those of the role whose keys it
// does not override. Keys are compared without regard to case, as condition keys are.
func mergeTags(role, session []Tag) []Tag {
	merged := make([]Tag, 0, len(role)+len(session))
	for _, tag := range role {
		if findTag(session, tag.Key) < 0 {
			merged = append(merged, tag)
		}
	}
	return append(merged, session...)
}

// findTag returns the index of the tag with that key, -1 if it is absent. Keys are
// compared in lower case, as policies compare them.
func findTag(tags []Tag, key string) int {
	key = strings.ToLower(key)
	for i, tag := range tags {
		if strings.ToLower(tag.Key) == key {
			return i
		}
	}
	return -1
}
