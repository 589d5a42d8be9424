package iam

import (
	"errors"
	"strings"
)

// resourceElement is a Resource or NotResource element, or its absence.
type resourceElement struct {
	presence presence
	patterns []resourcePattern
	scope    scope // of all patterns

	everything bool       // an entry is the lone "*"
	set        patternSet // the entries that can match something else
}

type presence uint8

const (
	absent   presence = iota
	named             // Resource
	notNamed          // NotResource
)

// resourcePattern is one entry of the element.
type resourcePattern struct {
	everything bool // the lone "*", which alone covers requests without resource
	intoType   bool // a wildcard stands in the service or the resource type
	never      bool // refused for that in the Resource of an Allow
	pattern    pattern
}

// matches reports whether the element covers the resource.
//
// A policy variable without a value makes its entry of Resource match nothing
// (IAM User Guide, "Policy variables with no value"); in NotResource, where
// that would widen the statement, the whole Allow does not apply and the whole
// Deny does.
func (e *resourceElement) matches(resource string, effect Effect, c Context, m *meter) bool {
	switch e.presence {
	case named:
		return e.names(resource, c, m)
	case notNamed:
		if !e.resolvable(c) {
			return effect == Deny
		}
		return !e.names(resource, c, m)
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

func (e *resourceElement) names(resource string, c Context, m *meter) bool {
	return e.everything || e.set.match(resource, c, m)
}

func (e *resourceElement) resolvable(c Context) bool {
	for i := range e.patterns {
		if !e.patterns[i].pattern.resolvable(c) {
			return false
		}
	}
	return true
}

// compileResource reads one ARN with wildcards, which has all six segments.
// Policy variables are such only after the fifth colon; before it they are
// text, which no ARN holds (IAM User Guide, "IAM policy elements: Variables").
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
	intoType := reachesIntoType(text, tail)
	return resourcePattern{intoType: intoType, pattern: join(head, tail)}, nil
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

// checkResource refuses what is neither "*" nor an ARN with at least a
// partition and a service, and returns how many segments are missing.
func checkResource(text string) (missing int, err error) {
	segments := strings.SplitN(text, ":", arnColons+1)
	switch {
	case text == "*":
		return 0, nil
	case len(segments) < 2 || segments[0] != "arn":
		return 0, errors.New(quoted(text, "must be an ARN or \"*\"; write arn:partition:service:region:account:resource"))
	case len(segments) < 3 || segments[1] == "" || segments[2] == "":
		return 0, errors.New(quoted(text, "names no partition or no service; write arn:partition:service:region:account:resource"))
	}
	return arnColons + 1 - len(segments), nil
}

// reachesIntoType reports whether a wildcard stands in the service of an ARN
// pattern or, for ECR, a wildcard or variable in the resource part other than
// after "repository/". "*" as the whole resource part is fine.
func reachesIntoType(text string, resource pattern) bool {
	service := strings.SplitN(text, ":", 4)[2]
	if strings.ContainsAny(service, "*?") {
		return true
	}
	everything := len(resource.tokens) == 1 && resource.tokens[0].kind == runToken
	return service == "ecr" && !everything && !resource.isLiteral() &&
		!strings.HasPrefix(resource.literalPrefix(), "repository/")
}
