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
		run := prefixLen(c, isLowerAlphanumeric)
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
		return prefixLen(s, func(c byte) bool { return c == '-' })
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
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return prefixLen(s, isNameLike) == len(s)
}

// validReference checks the characters of a tag, a digest or the ID of an upload. It does
// not check whether the reference is well formed, because the registry answers a malformed
// digest in its own way. A dot segment is part of a path and not a reference.
func validReference(s string) bool {
	return consistsOf(s, isReference) && s != "." && s != ".."
}

// consistsOf reports whether s is not empty and contains only bytes of one kind.
func consistsOf(s string, kind func(byte) bool) bool {
	return s != "" && prefixLen(s, kind) == len(s)
}

// prefixLen returns the number of bytes of one kind at the beginning of s.
func prefixLen(s string, kind func(byte) bool) int {
	n := 0
	for n < len(s) && kind(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLowerAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'z' }

func isAlphanumeric(c byte) bool { return isLowerAlphanumeric(c) || 'A' <= c && c <= 'Z' }

// isNameLike reports whether a byte can be part of an image's name as clients write it.
// The brackets are those of an IPv6 address.
func isNameLike(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("._-/:@[]", c) >= 0
}

func isReference(c byte) bool {
	return isAlphanumeric(c) || c == '.' || c == '_' || c == ':' || c == '+' || c == '=' || c == '-'
}
