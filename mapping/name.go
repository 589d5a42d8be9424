package mapping

import "strings"

const (
	maxOCIName = 255 // what the OCI specification expects clients to manage
	minECRName = 2   // CreateRepository in the Amazon ECR API reference
	maxECRName = 256
)

// validName says whether a name follows the grammar of repository names:
//
//	OCI  [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*
//	ECR  (?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*
//
// Neither lets a wildcard, a policy variable, a dot segment, an empty segment
// or an upper-case letter through.
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

// validComponent judges the part of a name between two slashes: runs of letters
// and digits, with a separator between every two.
func validComponent(c string, ecr bool) bool {
	for {
		run := leading(c, isLowerAlphanumeric)
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

// separatorWidth is the length of the separator that s begins with, 0 if it
// begins with none.
func separatorWidth(s string, ecr bool) int {
	switch {
	case s[0] == '-' && !ecr:
		return leading(s, func(c byte) bool { return c == '-' })
	case strings.HasPrefix(s, "__") && !ecr:
		return 2
	case s[0] == '.' || s[0] == '_' || s[0] == '-':
		return 1
	}
	return 0
}

// looksLikeName reports whether the source of a mount is text that clients write
// for a name, whether or not a repository can have it: the parts of an image's
// name with its host, port and digest, or nothing. What a URL, a path, a pattern
// or another alphabet gives a second meaning is not, and no client sends it.
func looksLikeName(s string) bool {
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return leading(s, isNameLike) == len(s)
}

// validReference judges the characters of a tag, a digest or an upload's id.
// Whether it is well formed is for the registry to say, which answers a bad
// digest in its own way; but a dot segment is a path, not a reference.
func validReference(s string) bool {
	return consistsOf(s, isReference) && s != "." && s != ".."
}

// consistsOf says whether s is not empty and holds only bytes of one kind.
func consistsOf(s string, kind func(byte) bool) bool {
	return s != "" && leading(s, kind) == len(s)
}

// leading counts the bytes of one kind that s begins with.
func leading(s string, kind func(byte) bool) int {
	n := 0
	for n < len(s) && kind(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLowerAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'z' }

func isAlphanumeric(c byte) bool { return isLowerAlphanumeric(c) || 'A' <= c && c <= 'Z' }

// isNameLike reports whether a byte occurs in names of images as clients write
// them. The brackets are those of an IPv6 address.
func isNameLike(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("._-/:@[]", c) >= 0
}

func isReference(c byte) bool {
	return isAlphanumeric(c) || c == '.' || c == '_' || c == ':' || c == '+' || c == '=' || c == '-'
}
