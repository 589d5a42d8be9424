package iam

import "encoding/binary"

// Elements are elements of statements that were compiled before. Policies that are compiled
// with the same Elements share those that are equal, which takes less time and memory: the
// statements of many policies differ in one element only. Elements must not be used by two
// goroutines at the same time. The zero value is ready for use.
type Elements struct {
	actions    elementTable[actionElement]
	resources  elementTable[resourceElement]
	principals elementTable[principalElement]
	conditions elementTable[[]condition]
	mentions   elementTable[mentions]

	key    []byte // memory for a key
	stacks stacks // memory for parsing
}

// maxElements is the limit on the compiled elements of each kind that are found again, so
// that a directory of elements that are all different takes no more memory for them.
const maxElements = 4096

// An elementTable has compiled elements by a key of everything that they depend on.
type elementTable[T any] map[string]*T

// get returns the element with a key, or the one that compile returns. An element that
// compile does not accept is not retained. compile must not use the memory of the key.
func (t *elementTable[T]) get(key []byte, compile func() (element *T, accepted bool)) *T {
	if known, found := (*t)[string(key)]; found {
		return known
	}
	element, accepted := compile()
	if accepted && len(*t) < maxElements {
		if *t == nil {
			*t = elementTable[T]{}
		}
		(*t)[string(key)] = element
	}
	return element
}

// keyOf returns the key of an element with these settings. Different nodes have different
// keys, except for their positions. It is valid until the next call.
func (e *Elements) keyOf(n *node, settings ...bool) []byte {
	key := e.key[:0]
	for _, set := range settings {
		key = append(key, boolByte(set))
	}
	e.key = appendNode(key, n)
	return e.key
}

func appendNode(key []byte, n *node) []byte {
	key = append(key, byte(n.kind), boolByte(n.lacks))
	key = appendKeyText(key, n.text)
	key = binary.AppendUvarint(key, uint64(len(n.items)))
	for i := range n.items {
		key = appendNode(key, &n.items[i])
	}
	key = binary.AppendUvarint(key, uint64(len(n.members)))
	for i := range n.members {
		key = appendNode(appendKeyText(key, n.members[i].name), &n.members[i].value)
	}
	return key
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendKeyText(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}
