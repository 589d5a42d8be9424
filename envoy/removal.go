package envoy

import (
	"slices"
	"sync/atomic"
)

// removals are lists of headers to remove, encoded as the field of an OkHttpResponse. A
// registry has one list for all of its requests until its policies are reloaded, so that it
// is encoded once. Removals are safe for concurrent use.
type removals struct {
	encoded atomic.Pointer[[]removal]
}

// A removal is a list that was encoded.
type removal struct {
	names []string
	bytes []byte
}

const (
	// fewNames is the length up to which a list is encoded each time. Finding its encoded
	// form takes as long.
	fewNames = 4
	// maxRemovals is the limit on lists, of which those of earlier policies are not used
	// any more. Further lists replace all of them.
	maxRemovals = 32
)

// append appends a list, which must not change any more.
func (r *removals) append(b []byte, names []string) []byte {
	if len(names) <= fewNames {
		return appendRemoval(b, names)
	}
	known := r.encoded.Load()
	if known != nil {
		for i := range *known {
			if e := &(*known)[i]; &e.names[0] == &names[0] && len(e.names) == len(names) {
				return append(b, e.bytes...)
			}
		}
	}
	added := removal{names, appendRemoval(nil, names)}
	next := []removal{added}
	if known != nil && len(*known) < maxRemovals {
		next = slices.Concat(*known, next)
	}
	r.encoded.CompareAndSwap(known, &next) // otherwise the next check adds the list
	return append(b, added.bytes...)
}

func appendRemoval(b []byte, names []string) []byte {
	for _, name := range names {
		b = appendText(b, 5, name) // headers_to_remove
	}
	return b
}
