package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"extauthz/mapping"
)

// needed returns the headers that decisions depend on.
func needed() []string {
	return append([]string{
		"authorization", "content-type", "content-length", "transfer-encoding", "user-agent", "referer",
		"x-forwarded-for", "x-forwarded-proto",
	}, mapping.OverrideHeaders()...)
}

// checkHeaders checks which headers the check contains.
func (d *doctor) checkHeaders(f *httpFilter) {
	if allowed := f.get("allowed_headers"); allowed.exists() {
		if missing := slices.DeleteFunc(needed(), func(name string) bool { return matches(allowed, name) }); len(missing) > 0 {
			d.report(hiddenHeader, allowed, "the check lacks "+strings.Join(missing, ", "), "remove allowed_headers, or add an item for each")
		}
	}
	if disallowed := f.get("disallowed_headers"); disallowed.exists() {
		if hidden := slices.DeleteFunc(needed(), func(name string) bool { return !matches(disallowed, name) }); len(hidden) > 0 {
			d.report(hiddenHeader, disallowed, "the check lacks "+strings.Join(hidden, ", "), "disallow only headers that do not matter, such as cookie")
		}
	}
}

// matches reports whether a list of string matchers matches the name of a header.
func matches(list value, name string) bool {
	return slices.ContainsFunc(list.get("patterns").list(), func(pattern value) bool { return matchesName(pattern, name) })
}

func matchesName(pattern value, name string) bool {
	for kind, operand := range pattern.members() {
		text := operand.text()
		if pattern.get("ignore_case").isTrue() {
			text = strings.ToLower(text)
		}
		switch kind {
		case "exact":
			return name == text
		case "prefix":
			return strings.HasPrefix(name, text)
		case "suffix":
			return strings.HasSuffix(name, text)
		case "contains":
			return strings.Contains(name, text)
		case "safe_regex", "safeRegex":
			expression, err := regexp.Compile(`^(?:` + operand.get("regex").text() + `)$`)
			return err == nil && expression.MatchString(name)
		}
	}
	return false
}

// checkAllHeaders checks that the check contains every header that an allowed request can lose,
// if the context extensions say so.
func (d *doctor) checkAllHeaders(extension value, f *httpFilter) {
	if extension.text() != "all" {
		return
	}
	names := append([]string{"authorization"}, mapping.RemoveHeaders()...)
	if at := f.get("allowed_headers"); at.exists() {
		names = slices.DeleteFunc(names, func(name string) bool { return matches(at, name) })
	} else if at := f.get("disallowed_headers"); at.exists() {
		names = slices.DeleteFunc(names, func(name string) bool { return !matches(at, name) })
	} else {
		return
	}
	if len(names) > 0 {
		d.report(removedUnseen, extension, fmt.Sprintf("the check lacks %s, so an allowed request keeps it", strings.Join(names, ", ")),
			"remove headers: all, or remove allowed_headers and disallowed_headers of ext_authz")
	}
}
