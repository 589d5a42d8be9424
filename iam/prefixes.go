package iam

import (
	"slices"
	"strings"
)

// prefixes finds which of many texts a subject begins with. The texts are sorted, and
// each has a link to the longest other text that it begins with itself. The last text
// that is not after the subject then begins with each prefix of the subject, so that the
// links lead from it to all of them. Finding the first takes a binary search, and the
// links lead to at most as many texts as the subject has bytes.
type prefixes struct {
	texts  []string
	within []int32 // the text that this one begins with, -1 if none
}

// newPrefixes returns the table of texts, which may occur more than once.
func newPrefixes(texts []string) prefixes {
	slices.Sort(texts)
	p := prefixes{texts: slices.Clip(slices.Compact(texts))}
	p.within = make([]int32, len(p.texts))
	for i := range p.texts {
		p.within[i] = p.covering(int32(i)-1, p.texts[i])
	}
	return p
}

// covering follows the links from i to the first text that the subject begins with, -1 if
// it begins with none.
func (p *prefixes) covering(i int32, subject string) int32 {
	for i >= 0 && !strings.HasPrefix(subject, p.texts[i]) {
		i = p.within[i]
	}
	return i
}

// longest returns the longest text that the subject begins with, -1 if it begins with
// none. The shorter ones follow from within.
func (p *prefixes) longest(subject string) int32 {
	after, found := slices.BinarySearch(p.texts, subject)
	if found {
		return int32(after)
	}
	return p.covering(int32(after)-1, subject)
}

// A beginning is text with which every resource that a pattern matches begins, or whose
// part after the fifth colon begins with it.
type beginning struct {
	text  string
	isARN bool // text begins at the start of the ARN, not after its fifth colon
}

// beginning returns the literal text at the beginning of a resource pattern. Wildcards do
// not match the first five colons of an ARN, and variables come after them, so that the
// fifth colon of the pattern matches that of the resource.
func (p *pattern) beginning() beginning {
	colons := 0
	for i := range p.tokens {
		t := &p.tokens[i]
		switch t.kind {
		case variableToken:
			return beginning{}
		case literalToken:
			if colons += strings.Count(t.text, ":"); colons < arnColons {
				continue
			}
			if i == 0 {
				return beginning{t.text, true}
			}
			after := t.text
			for extra := colons - arnColons; strings.Count(after, ":") > extra; {
				_, after, _ = strings.Cut(after, ":")
			}
			return beginning{text: after}
		case runToken, oneToken:
		}
	}
	return beginning{}
}

// beginnings are texts of one form with one of which every resource begins that an element
// covers. None begins with another one, so that a resource has at most one of them.
type beginnings struct {
	texts []string
	isARN bool // they begin whole ARNs, and not what follows the fifth colon
}

// beginnings returns the beginnings of the resources that the element covers, none if it has
// no such beginnings: a Deny whose variable is the key of a tag can apply to every resource,
// see [resourceElement.matches].
func (e *resourceElement) beginnings(effect Effect) beginnings {
	if e.presence != named || e.everything || effect == Deny && len(e.tagVariables) > 0 {
		return beginnings{}
	}
	isARN := true
	for i := range e.patterns {
		isARN = isARN && e.patterns[i].pattern.beginning().isARN
	}
	var texts []string
	for i := range e.patterns {
		b := e.patterns[i].pattern.beginning()
		if b.isARN && !isARN {
			b.text = b.text[endOfFifthColon(b.text):]
		}
		texts = append(texts, b.text)
	}
	distinct := newPrefixes(texts)
	texts = nil
	for i, text := range distinct.texts {
		if distinct.within[i] < 0 {
			texts = append(texts, text)
		}
	}
	return beginnings{texts, isARN}
}
