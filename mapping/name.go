package mapping

import "strings"

const (
	digits            = "0123456789"
	lowerAlphanumeric = digits + "abcdefghijklmnopqrstuvwxyz"
	upper             = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

	// referenceCharacters are those of tags, digests and upload ids.
	referenceCharacters = lowerAlphanumeric + upper + "._:+=-"
)

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
		rest := strings.TrimLeft(c, lowerAlphanumeric)
		if len(rest) == len(c) {
			return false
		}
		if rest == "" {
			return true
		}
		width := separatorWidth(rest, ecr)
		if width == 0 {
			return false
		}
		c = rest[width:]
	}
}

// separatorWidth is the length of the separator that s begins with, 0 if it
// begins with none.
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

// validReference judges the characters of a tag, a digest or an upload's id.
// Whether it is well formed is for the registry to say, which answers a bad
// digest in its own way; but a dot segment is a path, not a reference.
func validReference(s string) bool {
	return consistsOf(s, referenceCharacters) && s != "." && s != ".."
}

// consistsOf says whether s is not empty and holds only the given characters.
func consistsOf(s, characters string) bool {
	return s != "" && strings.Trim(s, characters) == ""
}
