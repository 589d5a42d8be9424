package iam

import (
	"strings"
	"unicode/utf8"
)

// resources returns the requests whose resource a statement covers.
func (o *openEvaluation) resources(s *Statement) Extent {
	e, q := s.resources, o.query
	resource := q.resourceFor(s.Effect)
	isPattern := o.request.Pattern && resource != noResource
	isOpen := isPattern
	for i := range e.patterns {
		isOpen = isOpen || e.patterns[i].pattern.dependsOn(&o.request.Unknown)
	}
	if !isOpen || e.presence == absent {
		return extentIf(e.matches(resource, s.Effect, q.request.Context, &q.meter))
	}
	covered := o.named(e, resource, isPattern)
	if e.presence == notNamed {
		covered = Always - covered
		if covered == Always && o.couldName(e, s.Effect) {
			covered = Sometimes
		}
	}
	return o.withAmbiguousTags(e, covered, s.Effect)
}

// named returns the requests whose resource an entry matches.
func (o *openEvaluation) named(e *resourceElement, resource string, isPattern bool) Extent {
	covered := Never
	for i := range e.patterns {
		switch entry := &e.patterns[i]; {
		case entry.everything:
			return Always
		case entry.never:
		default:
			covered = max(covered, o.entry(&entry.pattern, resource, isPattern))
		}
	}
	return covered
}

// entry returns the requests whose resource a pattern of a policy matches.
func (o *openEvaluation) entry(p *pattern, resource string, isPattern bool) Extent {
	c := o.query.request.Context
	switch {
	case isPattern && !couldBeginAs(p.literalPrefix(), resource):
		return Never
	case p.dependsOn(&o.request.Unknown):
		if p.units(c, &o.request.Unknown).overlaps(o.resourceUnits(resource, isPattern)) {
			return Sometimes
		}
		return Never
	case !p.resolvable(c):
		return Never
	case !isPattern:
		return extentIf(p.match(resource, c))
	}
	own, all := p.units(c, nil), o.resourceUnits(resource, true)
	switch {
	case own.covers(all):
		return Always
	case own.overlaps(all):
		return Sometimes
	}
	return Never
}

// couldBeginAs reports whether a text that a resource pattern matches could begin with a prefix.
func couldBeginAs(prefix, resource string) bool {
	if wildcard := strings.IndexAny(resource, "*?"); wildcard >= 0 {
		resource = resource[:wildcard]
	}
	n := min(len(prefix), len(resource))
	return prefix[:n] == resource[:n]
}

// couldName reports whether an entry of NotResource could keep an Allow from applying because
// a variable has no value; see [resourceElement.matches].
func (o *openEvaluation) couldName(e *resourceElement, effect Effect) bool {
	if effect == Deny {
		return false
	}
	for i := range e.patterns {
		p := &e.patterns[i].pattern
		if p.dependsOn(&o.request.Unknown) || !p.resolvable(o.query.request.Context) {
			return true
		}
	}
	return false
}

// withAmbiguousTags returns the extent of an element, of which a variable may have the key of
// an ambiguous tag. Then a Deny applies and an Allow does not.
func (o *openEvaluation) withAmbiguousTags(e *resourceElement, covered Extent, effect Effect) Extent {
	if o.query.request.Context.anyAmbiguous(e.tagVariables, &o.query.meter) {
		return extentIf(effect == Deny)
	}
	for _, key := range e.tagVariables {
		if o.request.Unknown.Has(key) && (covered == Always) != (effect == Deny) {
			return Sometimes
		}
	}
	return covered
}

// units are the characters and wildcards of a pattern, in order. Wildcards do not match the
// colons that separate the segments of an ARN.
type units []unit

// unit is one character, or a wildcard.
type unit struct {
	kind tokenKind // literalToken, oneToken or runToken
	text string    // the character
	// separates means that the character is one of the first five colons of an ARN.
	separates bool
}

// units returns the units of the pattern. A variable is its value, or any text if its key is
// in unknown, which may be nil.
func (p *pattern) units(c Context, unknown *KeySet) (u units) {
	for i := range p.tokens {
		switch t := &p.tokens[i]; t.kind {
		case variableToken:
			if unknown != nil && unknown.Has(t.text) {
				u = append(u, unit{kind: runToken})
				continue
			}
			value, _ := t.value(c)
			u = u.appendText(value)
		case literalToken:
			u = u.appendText(t.text)
		case runToken, oneToken:
			u = append(u, unit{kind: t.kind})
		}
	}
	return u.separated()
}

// resourceUnits returns the units of a resource, whose last segment may have wildcards.
func (o *openEvaluation) resourceUnits(resource string, isPattern bool) units {
	if o.units != nil && o.unitsOf == resource {
		return o.units
	}
	o.unitsOf, o.units = resource, units(nil).appendText(resource).separated()
	for i := range o.units {
		switch u := &o.units[i]; {
		case isPattern && u.text == "*":
			*u = unit{kind: runToken}
		case isPattern && u.text == "?":
			*u = unit{kind: oneToken}
		}
	}
	return o.units
}

// appendText appends the characters of a text.
func (u units) appendText(text string) units {
	for text != "" {
		_, width := utf8.DecodeRuneInString(text)
		u = append(u, unit{kind: literalToken, text: text[:width]})
		text = text[width:]
	}
	return u
}

// separated marks the colons that separate segments.
func (u units) separated() units {
	colons := 0
	for i := range u {
		if u[i].text == ":" && colons < arnColons {
			u[i].separates = true
			colons++
		}
	}
	return u
}

// mayCover reports whether a wildcard may match the unit.
func (u *unit) mayCover() bool { return !u.separates }

// covers reports whether the pattern u matches everything that v matches. It may miss that in
// unusual cases, such as ?* and *?.
func (u units) covers(v units) bool {
	return u.compare(v, func(a, b *unit) bool {
		return a.kind == oneToken && b.kind == oneToken || a.kind == oneToken && b.kind == literalToken && b.mayCover() || *a == *b && a.kind == literalToken
	}, false)
}

// overlaps reports whether both patterns match some text.
func (u units) overlaps(v units) bool {
	return u.compare(v, func(a, b *unit) bool {
		return a.kind == oneToken && b.mayCover() || b.kind == oneToken && a.mayCover() || *a == *b
	}, true)
}

// compare aligns u with v. same reports whether two units without a run are the same. A run of
// u covers any units of v; with both, also a run of v any units of u.
func (u units) compare(v units, same func(a, b *unit) bool, both bool) bool {
	// reached[j] reports whether the units of u so far can be aligned with the first j of v.
	reached := make([]bool, len(v)+1)
	reached[0] = true
	skipRuns(v, reached, both)
	for i := range u {
		next := make([]bool, len(v)+1)
		for j := range reached {
			switch {
			case !reached[j]:
			case u[i].kind == runToken:
				for k := j; !next[k]; k++ {
					next[k] = true
					if k == len(v) || !v[k].mayCover() {
						break
					}
				}
			case j < len(v) && both && v[j].kind == runToken && u[i].mayCover():
				next[j] = true
			case j < len(v) && v[j].kind != runToken && same(&u[i], &v[j]):
				next[j+1] = true
			}
		}
		reached = next
		skipRuns(v, reached, both)
	}
	return reached[len(v)]
}

// skipRuns lets runs of v match nothing.
func skipRuns(v units, reached []bool, both bool) {
	for j := range v {
		if both && reached[j] && v[j].kind == runToken {
			reached[j+1] = true
		}
	}
}
