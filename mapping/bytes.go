package mapping

import "strings"

// byteSet is a set of bytes that are allowed in a part of a request. It has one bit.
type byteSet uint16

const (
	lowerAlphanumerics byteSet = 1 << iota
	inARN                      // in the partition, the region and the account of an ARN
	inReference                // in a tag, a digest or the ID of an upload
	inImageName                // in an image's name as clients write it; the brackets are those of an IPv6 address
	inParameterName            // in the name of a query parameter
	inPath                     // printable ASCII without what servers disagree about
	inQuery                    // printable ASCII without bytes at which some servers end or split a query
	printable                  // ASCII, with the space
	unescaped                  // every byte except those that form encoding replaces
)

// byteSets contains, for each byte, the sets that it is in.
//
// An exclamation mark in a query may mean any byte: HTTP/2 allows bytes that are not UTF-8,
// and Envoy forwards them, but its messages contain an exclamation mark instead. Envoy
// removes parameters by their raw names, so that a name that a server would decode to
// "mount" must not pass.
var byteSets = func() (sets [256]byteSet) {
	const lower = "abcdefghijklmnopqrstuvwxyz0123456789"
	const all = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	members := func(s byteSet, members string) {
		for i := range len(members) {
			sets[members[i]] |= s
		}
	}
	except := func(s byteSet, first, last int, others string) {
		for c := first; c <= last; c++ {
			if strings.IndexByte(others, byte(c)) < 0 {
				sets[c] |= s
			}
		}
	}
	members(lowerAlphanumerics, lower)
	members(inARN, lower+"-")
	members(inReference, all+"._:+=-")
	members(inImageName, all+"._-/:@[]")
	members(inParameterName, all+"._~-")
	except(inPath, '!', '~', `%\;#`)
	except(inQuery, '!', '~', `;#!`)
	except(printable, ' ', '~', "")
	except(unescaped, 0, 255, "%+")
	return sets
}()

// contains reports whether c is in the set.
func (s byteSet) contains(c byte) bool { return byteSets[c]&s != 0 }

// prefixLen returns the number of bytes of the set at the beginning of text. It tests four
// bytes at once: most texts have only bytes of the set.
func (s byteSet) prefixLen(text string) int {
	n := 0
	for n+4 <= len(text) && byteSets[text[n]]&byteSets[text[n+1]]&byteSets[text[n+2]]&byteSets[text[n+3]]&s != 0 {
		n += 4
	}
	for n < len(text) && s.contains(text[n]) {
		n++
	}
	return n
}

// matches reports whether text is not empty and contains only bytes of the set.
func (s byteSet) matches(text string) bool { return text != "" && s.prefixLen(text) == len(text) }
