package mapping

import "strings"

const (
	maxOCIName = 255 // the length that the OCI specification expects clients to support
	minECRName = 2   // CreateRepository in the Amazon ECR API reference
	maxECRName = 256
)

// ValidRepository reports whether name is a repository name by either of the rules that a
// Registry can require: OCI's, which allow more except for the limit of 255 characters, or
// ECR's, which allow 256.
func ValidRepository(name string) bool { return validName(name, false) || validName(name, true) }

// validName reports whether a name follows the grammar of repository names:
//
//	OCI  [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*
//	ECR  (?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*
//
// Neither allows a wildcard, a policy variable, a dot segment, an empty segment or an
// upper-case letter.
func validName(name string, ecr bool) bool {
	if ecr && (len(name) < minECRName || len(name) > maxECRName) {
		return false
	}
	if !ecr && len(name) > maxOCIName {
		return false
	}
	for component := range strings.SplitSeq(name, "/") {
		if !validComponent(component, ecr) {
			return false
		}
	}
	return true
}

// validComponent checks the part of a name between two slashes: runs of letters and
// digits with separators between them.
func validComponent(c string, ecr bool) bool {
	for {
		run := lowerAlphanumerics.prefixLen(c)
		if run == 0 {
			return false
		}
		if c = c[run:]; c == "" {
			return true
		}
		width := separatorWidth(c, ecr)
		if width == 0 {
			return false
		}
		c = c[width:]
	}
}

// separatorWidth returns the length of the separator at the beginning of s, 0 if s does
// not begin with one.
func separatorWidth(s string, ecr bool) int {
	switch {
	case s[0] == '-' && !ecr:
		return len(s) - len(strings.TrimLeft(s, "-"))
	case strings.HasPrefix(s, "__") && !ecr:
		return 2
	case s[0] == '.' || s[0] == '_' || s[0] == '-':
		return 1
	}
	return 0
}

// looksLikeName reports whether the source of a mount is text that clients write as the
// name of an image, even if no repository can have that name: with a host, a port and a
// digest, or empty. Text that could have another meaning, such as a URL, a path, a pattern
// or a letter of another alphabet, does not look like a name, and no client sends it.
func looksLikeName(s string) bool {
	return inImageName.prefixLen(s) == len(s) && !hasDotSegment(s)
}

// hasDotSegment reports whether a path contains the segment "." or "..".
func hasDotSegment(path string) bool {
	if strings.IndexByte(path, '.') < 0 {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// validReference checks the characters of a tag, a digest or the ID of an upload. It does
// not check whether the reference is well formed, because the registry answers a malformed
// digest in its own way. A dot segment is part of a path and not a reference.
func validReference(s string) bool {
	return inReference.matches(s) && s != "." && s != ".."
}
