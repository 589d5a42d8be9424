package iam

import (
	"cmp"
	"slices"
)

// An Index finds the statements of a list of policies that could apply to a request: those
// that cover its action, whose Resource begins as its resource does and, in resource-based
// policies, whose Principal names the caller. It finds every statement that applies. A
// statement whose Resource has no literal beginning is found for all resources, and one
// with NotPrincipal or "*" for all callers.
//
// An Index is immutable. A policy with many statements has an index of its own, which is
// made when the policy is compiled and is part of the indexes of most lists with the policy.
type Index struct {
	policies []*Policy
	large    []offsetPolicy // that are searched by an index of their own
	rest     *statementIndex
}

// offsetPolicy is a policy whose statements have numbers from offset on.
type offsetPolicy struct {
	*Policy
	offset int
}

// fewStatements is the number of statements that are compared with a request one by one,
// because that takes less time and memory than an index.
const fewStatements = 16

// manyStatements is the number of statements of a list from which its index contains all of
// them. Below it, large policies keep their own, because many lists can share them.
const manyStatements = 4096

// NewIndex returns the index of a list of policies, nil for a list that is too short to
// need one. It uses what it can of the index of an earlier list, which may be nil.
func NewIndex(policies []*Policy, earlier *Index) *Index {
	inLarge, inSmall := 0, 0 // statements
	for _, p := range policies {
		if p != nil && p.index != nil {
			inLarge += len(p.Statements)
		} else if p != nil {
			inSmall += len(p.Statements)
		}
	}
	merge := inLarge+inSmall > manyStatements && len(policies) > 1
	switch {
	case inSmall <= fewStatements && !merge:
		return nil
	case earlier != nil && slices.Equal(policies, earlier.policies):
		return &Index{policies, earlier.large, earlier.rest}
	}
	x := &Index{policies: policies}
	var places []place
	offset := 0
	for _, p := range policies {
		switch {
		case p == nil:
			continue
		case p.index != nil && !merge:
			x.large = append(x.large, offsetPolicy{p, offset})
		default:
			places = appendPlaces(places, p, offset)
		}
		offset += len(p.Statements)
	}
	x.rest = newStatementIndex(places)
	return x
}

// indexStatements makes the index of a compiled policy.
func (p *Policy) indexStatements() {
	if len(p.Statements) > fewStatements {
		p.index = newStatementIndex(appendPlaces(nil, p, 0))
	}
}

// isOf reports whether the index is that of exactly this list.
func (x *Index) isOf(policies []*Policy) bool {
	return x != nil && len(policies) == len(x.policies) && &policies[0] == &x.policies[0]
}

// A statementIndex is the index of statements.
type statementIndex struct {
	places   []place
	everyone *postings                  // of statements that could apply to all callers
	callers  map[principalKey]*postings // of those whose Principal lists entries
	variable []int32                    // the places whose resources contain policy variables
}

// place is a statement and its number in a list of policies.
type place struct {
	number    int
	policy    *Policy
	statement *Statement
}

func appendPlaces(places []place, p *Policy, offset int) []place {
	for i := range p.Statements {
		places = append(places, place{offset + i, p, &p.Statements[i]})
	}
	return places
}

func newStatementIndex(places []place) *statementIndex {
	x := &statementIndex{places: slices.Clip(places)}
	byKey, resources := map[principalKey][]int32{}, make([]beginnings, len(places))
	for n := range x.places {
		s := x.places[n].statement
		if s.resources.hasVariables() {
			x.variable = append(x.variable, int32(n))
		}
		keys := s.principals.keys()
		if b := s.resources.beginnings(s.Effect); !isWide(len(keys), len(b.texts)) {
			resources[n] = b
		}
		for key := range keys {
			byKey[key] = append(byKey[key], int32(n))
		}
	}
	x.callers = make(map[principalKey]*postings, len(byKey))
	for key, places := range byKey {
		x.callers[key] = x.newPostings(places, resources)
	}
	everyone := principalKey{form: everyoneKey}
	x.everyone = x.callers[everyone]
	delete(x.callers, everyone)
	return x
}

// isWide reports whether a statement has so many keys of callers and beginnings of resources
// that posting it under each pair of them would take much more memory than its text. It is
// then posted under the keys only, and found for all resources.
func isWide(keys, beginnings int) bool {
	const perItem = 8 // postings for each key and each beginning
	return keys*beginnings > perItem*(keys+beginnings)
}

// visit calls f for each statement that could apply, once, until the meter is exhausted.
// The order is not that of the numbers.
func (x *statementIndex) visit(q *query, f func(*place)) {
	if x.everyone != nil {
		x.visitPostings(x.everyone, byEveryone, q, f)
	}
	if len(x.callers) == 0 {
		return
	}
	for r := byEveryone + 1; r < routes; r++ {
		if p := find(x.callers, r, q); p != nil {
			x.visitPostings(p, r, q, f)
		}
	}
}

// candidates returns what visit finds and, with withVariables, the statements whose
// resources contain policy variables, each once.
func (x *statementIndex) candidates(q *query, withVariables bool) []place {
	var found []place
	x.visit(q, func(at *place) { found = append(found, *at) })
	if withVariables {
		for _, n := range x.variable {
			found = append(found, x.places[n])
		}
	}
	slices.SortFunc(found, func(a, b place) int { return cmp.Compare(a.number, b.number) })
	return slices.Compact(found)
}

// visitPostings visits the statements that are posted under the caller's key of a route.
func (x *statementIndex) visitPostings(p *postings, r route, q *query, f func(*place)) {
	x.visitList(&p.all, r, q, f)
	if !q.hasSegments {
		return
	}
	for i := p.arns.longest(q.request.Resource); i >= 0; i = p.arns.within[i] {
		x.visitList(&p.byARN[i], r, q, f)
	}
	for i := p.names.longest(q.resourceName); i >= 0; i = p.names.within[i] {
		x.visitList(&p.byName[i], r, q, f)
	}
}

// visitList visits the statements of a list that cover the action, except those that an
// earlier route finds.
func (x *statementIndex) visitList(l *placeList, r route, q *query, f func(*place)) {
	for _, n := range l.covering(q.action) {
		if q.meter.exhausted() {
			return
		}
		if s := x.places[n].statement; s.covered.has(q.action) && s.principals.firstRoute(q) == r {
			f(&x.places[n])
		}
	}
}

// postings are the places of statements by the beginnings of their resources.
type postings struct {
	all    placeList   // those without a beginning
	arns   prefixes    // beginnings of whole ARNs
	byARN  []placeList // for each of arns
	names  prefixes    // beginnings of what follows the fifth colon of an ARN
	byName []placeList // for each of names
}

// newPostings returns the postings of the statements at these places. resources has the
// beginnings for each place.
func (x *statementIndex) newPostings(places []int32, resources []beginnings) *postings {
	var all []int32
	arns, names := map[string][]int32{}, map[string][]int32{}
	for _, n := range places {
		b := resources[n]
		if len(b.texts) == 0 {
			all = append(all, n)
			continue
		}
		for _, text := range b.texts {
			if b.isARN {
				arns[text] = append(arns[text], n)
			} else {
				names[text] = append(names[text], n)
			}
		}
	}
	p := &postings{all: x.newPlaceList(all)}
	p.arns, p.byARN = x.postEach(arns)
	p.names, p.byName = x.postEach(names)
	return p
}

// postEach returns the beginnings and, for each of them, its statements.
func (x *statementIndex) postEach(byText map[string][]int32) (prefixes, []placeList) {
	texts := make([]string, 0, len(byText))
	for text := range byText {
		texts = append(texts, text)
	}
	p := newPrefixes(texts)
	lists := make([]placeList, len(p.texts))
	for i, text := range p.texts {
		lists[i] = x.newPlaceList(byText[text])
	}
	return p, lists
}

// placeList is the places of statements.
type placeList struct {
	places   []int32
	byAction [][]int32 // if they are many: for each action, the statements that cover it
}

// newPlaceList returns the list of these places.
func (x *statementIndex) newPlaceList(places []int32) placeList {
	l := placeList{places: slices.Clip(places)}
	if len(places) <= fewStatements {
		return l
	}
	l.byAction = make([][]int32, otherAction+1)
	for _, n := range places {
		for action := range l.byAction {
			if x.places[n].statement.covered.has(action) {
				l.byAction[action] = append(l.byAction[action], n)
			}
		}
	}
	for action := range l.byAction {
		if len(l.byAction[action]) == len(places) {
			l.byAction[action] = l.places
		}
		l.byAction[action] = slices.Clip(l.byAction[action])
	}
	return l
}

// covering returns the statements of which some cover an action: exactly those that do, if
// the list is long.
func (l *placeList) covering(action int) []int32 {
	if l.byAction == nil {
		return l.places
	}
	return l.byAction[action]
}
