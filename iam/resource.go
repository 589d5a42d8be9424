package iam

import (
	"slices"
	"strings"
)

// resourceElement is a Resource or NotResource element, or its absence.
type resourceElement struct {
	presence presence
	patterns []resourcePattern
	scope    scope // of all patterns

	keys         []string // of the policy variables
	tagVariables []string // those that are keys of a tag

	everything bool       // an entry is the lone "*"
	set        patternSet // the entries that can match something else
}

// noResources is the absent element.
var noResources resourceElement

type presence uint8

const (
	absent   presence = iota
	named             // Resource
	notNamed          // NotResource
)

// resourcePattern is one entry of the element.
type resourcePattern struct {
	everything  bool // the lone "*", which alone covers requests without a resource
	wildService bool // the service contains a wildcard, which IAM refuses
	never       bool // matches nothing, because wildService is set in the Resource of an Allow
	pattern     pattern
	// beginnings are, in an Allow with NotResource, the parts before the first
	// variables of the pattern, each of which any text may follow.
	beginnings []pattern
}

// matches reports whether the element covers the resource.
//
// An entry of Resource or NotResource that contains a policy variable without a
// value "will not match any resource" (IAM User Guide, "IAM policy elements:
// Variables and tags", section "Policy variables with no value"). So in NotResource
// it excludes nothing, and the other entries still exclude what they match. An Allow
// is stricter than that, because it would be wide: it does not apply if the entry
// could match the resource. A variable whose key is ambiguous settles it by the effect.
func (e *resourceElement) matches(resource string, effect Effect, c Context, m *meter) bool {
	if c.anyAmbiguous(e.tagVariables, m) {
		return effect == Deny
	}
	switch e.presence {
	case named:
		return e.names(resource, c, m)
	case notNamed:
		return !e.names(resource, c, m) && (effect == Deny || !e.couldName(resource, c, m))
	case absent:
	}
	return true // the policy is about what it is attached to
}

// noResource is the resource of a request for an action without one.
const noResource = "*"

// index collects the entries that can match.
func (e *resourceElement) index() {
	var patterns []pattern
	for i := range e.patterns {
		p := &e.patterns[i]
		e.everything = e.everything || p.everything
		if !p.everything && !p.never {
			patterns = append(patterns, p.pattern)
		}
	}
	e.set = newPatternSet(patterns)
}

// names reports whether an entry matches the resource.
func (e *resourceElement) names(resource string, c Context, m *meter) bool {
	return e.everything || e.set.match(resource, c, m)
}

// couldName reports whether an entry that contains a variable without a value
// could match the resource if the variable had one.
func (e *resourceElement) couldName(resource string, c Context, m *meter) bool {
	for i := range e.patterns {
		if e.patterns[i].couldMatch(resource, c, m) {
			return true
		}
	}
	return false
}

// couldMatch reports whether a variable of the pattern has no value, and the
// resource begins as the part before the first such variable does.
func (p *resourcePattern) couldMatch(resource string, c Context, m *meter) bool {
	n := 0 // variables that have a value
	for i := range p.pattern.tokens {
		t := &p.pattern.tokens[i]
		if t.kind != variableToken {
			continue
		}
		if _, ok := t.value(c); !ok {
			n = min(n, len(p.beginnings)-1)
			return matchesAny(p.beginnings[n:n+1], resource, c, m)
		}
		n++
	}
	return false
}

// maxBeginnings bounds the beginnings that a pattern keeps. The last of them is
// used for all variables after it: it matches what a longer one would match.
const maxBeginnings = 8

// beginningsOf returns the parts of the pattern before its first variables.
func beginningsOf(p *pattern) (list []pattern) {
	for i := range p.tokens {
		if p.tokens[i].kind != variableToken || len(list) == maxBeginnings {
			continue
		}
		tokens := slices.Clone(p.tokens[:i])
		if tokens[i-1].kind != runToken { // "arn:" precedes every variable
			tokens = append(tokens, token{kind: runToken})
		}
		list = append(list, pattern{tokens: tokens, variables: len(list) > 0, arn: true, least: leastLength(tokens, false)})
	}
	return list
}

// cost returns how many steps matching a resource of that length can take.
func (e *resourceElement) cost(longest int) int {
	cost := e.set.cost(longest)
	for i := range e.patterns {
		if b := e.patterns[i].beginnings; len(b) > 0 {
			one := patternSet{patterns: b[len(b)-1:]}
			cost += one.cost(longest)
		}
	}
	return cost
}

func (e *resourceElement) resolvable(c Context) bool {
	for i := range e.patterns {
		if !e.patterns[i].pattern.resolvable(c) {
			return false
		}
	}
	return true
}

// hasVariables reports whether a pattern contains a policy variable.
func (e *resourceElement) hasVariables() bool {
	return slices.ContainsFunc(e.patterns, func(p resourcePattern) bool { return p.pattern.variables })
}

// compileResource reads one ARN with wildcards, which has all six segments.
// Policy variables are such only after the fifth colon; before it they are
// text, which an ARN never contains (IAM User Guide, "IAM policy elements: Variables").
func compileResource(text string, variables bool) (resourcePattern, error) {
	if text == "*" {
		return resourcePattern{everything: true}, nil
	}
	fixed := endOfFifthColon(text)
	head, err := syntax{wildcards: true}.pattern(text[:fixed])
	if err != nil {
		return resourcePattern{}, err
	}
	tail, err := syntax{wildcards: true, variables: variables}.pattern(text[fixed:])
	if err != nil {
		return resourcePattern{}, err
	}
	return resourcePattern{wildService: hasWildService(text), pattern: join(head, tail)}, nil
}

// join makes one pattern of two.
func join(head, tail pattern) pattern {
	tokens := head.tokens
	if n := len(tokens); n > 0 && len(tail.tokens) > 0 && tokens[n-1].kind == literalToken && tail.tokens[0].kind == literalToken {
		tokens[n-1].text += tail.tokens[0].text
		tail.tokens = tail.tokens[1:]
	}
	tokens = append(tokens, tail.tokens...)
	return pattern{tokens: tokens, variables: tail.variables, arn: true, least: leastLength(tokens, false)}
}

// checkResource refuses what is neither "*" nor an ARN with at least a partition and a
// service.
func checkResource(text string) error {
	segments := strings.SplitN(text, ":", arnColons+1)
	switch {
	case text == "*":
	case len(segments) < 2 || segments[0] != "arn":
		return invalid(text, "must be an ARN or \"*\"", "write arn:partition:service:region:account:resource")
	case len(segments) < 3 || segments[1] == "" || segments[2] == "":
		return invalid(text, "does not name a partition and a service", "write arn:partition:service:region:account:resource")
	}
	return nil
}

// CompletedARN returns an entry of Resource with a wildcard for each missing segment, as
// AWS completes a short ARN in a policy that is attached to a principal.
func CompletedARN(text string) string {
	missing := arnColons - strings.Count(text, ":")
	if text == "*" || missing <= 0 {
		return text
	}
	return text + strings.Repeat(":*", missing)
}

// hasWildService reports whether the service segment of an ARN pattern contains a
// wildcard. IAM User Guide, "IAM JSON policy elements: Resource": the segment that
// identifies the AWS product must not contain one. In every other segment, and in
// the resource type, wildcards match; AWS's managed policies use them there.
func hasWildService(arn string) bool {
	service := strings.SplitN(arn, ":", 4)[2]
	return strings.ContainsAny(service, "*?")
}
