package sts

import (
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

// CheckTags refuses tags that AWS would not let one user, role or session
// have: too many or too long, with other characters than AWS allows, reserved,
// or with keys that differ in case alone. Errors name keys, never values. What a
// session has over those of its role may be more than one such set.
func CheckTags(tags []Tag) error {
	if len(tags) > maxTags {
		return fmt.Errorf("there are %d tags, and AWS allows %d; leave some out", len(tags), maxTags)
	}
	for i, tag := range tags {
		if err := checkTag(tag); err != nil {
			return err
		}
		if j := findTag(tags[:i], tag.Key); j >= 0 {
			return sameKeys(tags[j], tag)
		}
	}
	return nil
}

// CheckExistingTags is CheckTags for the tags that AWS shows of a user or a
// role. Beside those that anybody may set they hold AWS's own, whose keys
// begin with aws: and which count towards no limit.
func CheckExistingTags(tags []Tag) error {
	var set []Tag
	known := map[string]Tag{}
	for _, tag := range tags {
		key := strings.ToLower(tag.Key)
		if other, twice := known[key]; twice {
			return sameKeys(other, tag)
		}
		known[key] = tag
		if !isReserved(tag.Key) {
			set = append(set, tag)
		}
	}
	return CheckTags(set)
}

// CheckResourceTags is CheckShownTags for the tags of a resource such as a repository,
// whose keys may differ only in case (Amazon ECR User Guide, "Tag restrictions").
func CheckResourceTags(tags []Tag) error {
	own, seen := 0, map[string]bool{}
	for _, tag := range tags {
		if seen[tag.Key] {
			return fmt.Errorf("the tag key %q is there twice; keep one", tag.Key)
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
		return fmt.Errorf("there are %d tags, and AWS allows %d; leave some out", own, maxTags)
	}
	return nil
}

func sameKeys(a, b Tag) error {
	return fmt.Errorf("the tag keys %q and %q are the same, since AWS ignores their case; keep one", a.Key, b.Key)
}

func checkTag(tag Tag) error {
	key, value := utf8.RuneCountInString(tag.Key), utf8.RuneCountInString(tag.Value)
	switch {
	case key == 0:
		return fmt.Errorf("a tag has no key; write one of 1 to %d characters", maxTagKey)
	case key > maxTagKey:
		return fmt.Errorf("the tag key %.64q… has %d characters, and AWS allows %d", tag.Key, key, maxTagKey)
	case !isTagText(tag.Key):
		return fmt.Errorf("the tag key %q holds other characters than letters, numbers, spaces and _.:/=+-@", tag.Key)
	case isReserved(tag.Key) || isReserved(tag.Value):
		return fmt.Errorf("the key or the value of the tag %q begins with aws:, which is reserved for AWS; use another", tag.Key)
	case value > maxTagValue:
		return fmt.Errorf("the value of the tag %q has %d characters, and AWS allows %d", tag.Key, value, maxTagValue)
	case !isTagText(tag.Value):
		return fmt.Errorf("the value of the tag %q holds other characters than letters, numbers, spaces and _.:/=+-@", tag.Key)
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

// mergeTags are the tags of a session: those of base, of the role, save for
// the keys that over, which the session brings, has too. Keys are compared
// without regard to case, as condition keys are.
func mergeTags(base, over []Tag) []Tag {
	merged := make([]Tag, 0, len(base)+len(over))
	for _, tag := range base {
		if findTag(over, tag.Key) < 0 {
			merged = append(merged, tag)
		}
	}
	return append(merged, over...)
}

// findTag is the place of the tag with that key, -1 if there is none. Keys are
// the same where they are when lower-cased, which is how policies compare them.
func findTag(tags []Tag, key string) int {
	key = strings.ToLower(key)
	for i, tag := range tags {
		if strings.ToLower(tag.Key) == key {
			return i
		}
	}
	return -1
}
