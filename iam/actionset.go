package iam

import "strings"

// An actionSet is a set of the actions that registry requests are about, a bit for each:
// those of Amazon ECR, and those of AWS STS on roles. The last bit is for all other
// actions, and for those that a request writes in another case.
type actionSet uint64

const (
	otherAction           = 63 // the number of the last bit
	otherBit    actionSet = 1 << otherAction
)

// has reports whether the set contains the action with a number.
func (s actionSet) has(action int) bool { return s>>action&1 != 0 }

// actionTable numbers the actions that have a bit of their own.
type actionTable struct {
	numbers      map[string]int // by the name as AWS writes it
	folded       map[string]int // by the name in lower case
	names        []string       // by number
	resourceless actionSet
}

// numberedActions is the table of all known actions. Actions beyond the number of bits
// count as other actions, which changes only how long a decision takes.
var numberedActions = newActionTable()

func newActionTable() *actionTable {
	t := &actionTable{numbers: map[string]int{}, folded: map[string]int{}}
	for _, list := range [...]func(func(string) bool){ECRActions(), stsActions()} {
		for name := range list {
			if len(t.names) == otherAction {
				continue
			}
			if IsResourceless(name) {
				t.resourceless |= 1 << len(t.names)
			}
			t.numbers[name], t.folded[strings.ToLower(name)] = len(t.names), len(t.names)
			t.names = append(t.names, name)
		}
	}
	return t
}

// number returns the number of an action as a request writes it.
func (t *actionTable) number(action string) int {
	if n, known := t.numbers[action]; known {
		return n
	}
	return otherAction
}

// literal returns the numbered action with a name in lower case, if it exists.
func (t *actionTable) literal(name string) actionSet {
	if n, known := t.folded[name]; known {
		return 1 << n
	}
	return 0
}

// matching returns the numbered actions that a pattern with wildcards matches.
func (t *actionTable) matching(p *pattern) (s actionSet) {
	beginning := p.literalPrefix()
	for n, name := range t.names {
		if prefixIgnoringCase(name, beginning) >= 0 && p.match(name, nil) {
			s |= 1 << n
		}
	}
	return s
}

// newActionElement returns the element with these patterns. It finds the numbered actions
// that the element covers. Whether it covers another action remains to be compared.
func newActionElement(not bool, patterns []pattern) *actionElement {
	e := &actionElement{not: not, set: newPatternSet(patterns)}
	for _, text := range e.set.literals {
		e.covered |= numberedActions.literal(text)
	}
	for text := range e.set.table {
		e.covered |= numberedActions.literal(text)
	}
	for i := range e.set.patterns {
		e.covered |= numberedActions.matching(&e.set.patterns[i])
	}
	if not {
		e.covered = ^e.covered
	}
	e.covered |= otherBit
	return e
}
