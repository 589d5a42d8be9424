package differential

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// resourceMasks are about Resource and NotResource.
func resourceMasks() []*mask {
	return []*mask{
		{
			name:      "NotResource with a short ARN",
			reason:    "AWS fills up a short ARN, in NotResource too; there such a statement never applies",
			resources: shortNotResource,
		}, {
			name:      "ARN segments without case",
			reason:    "iam compares every segment with regard to case; there only the last",
			resources: eachPattern(withoutCase),
		}, {
			name:      "resource type taken literally",
			reason:    "iam lets a wildcard or variable in the resource type match in Deny and NotResource; there it never matches",
			resources: eachPattern(literalType),
		}, {
			name:      "wildcard in the service or the resource type",
			reason:    "AWS does not support them, so that in an Allow of iam they match nothing; there they match",
			resources: eachPattern(wildcardInAllow),
		}, {
			name:      "default for an empty variable in a resource",
			reason:    "to iam an empty value is a value; there it is none and the default is taken",
			resources: eachPattern(withText(fallbackOfEmpty)),
		}, {
			name:      "default for a multivalued variable in a resource",
			reason:    "IAM User Guide, policy variables: only single-valued keys; there the default is taken",
			resources: eachPattern(withText(fallbackOfList)),
		}, {
			name:      "empty default in a resource",
			reason:    "to iam an empty default is a default; there it is none",
			resources: eachPattern(withText(noEmptyFallback)),
		}, {
			name:      "empty variable in a resource",
			reason:    "to iam an empty value is a value; there the pattern matches nothing",
			resources: eachPattern(emptyMatchesNothing),
		}, {
			name:      "variable without value in NotResource",
			reason:    "iam applies a Deny and no Allow; there the statement applies only if the rest of the ARN rules the resource out",
			resources: unresolvableNotResource,
		},
	}
}

// nowhere matches no resource that is asked for.
const nowhere = "arn:aws:none:::none/none"

// eachPattern rewrites the patterns of a statement one by one.
func eachPattern(rewrite func(*resourceElement, string) (string, bool)) func(*resourceElement) bool {
	return func(r *resourceElement) (applied bool) {
		for i, pattern := range r.Resources {
			if rewritten, ok := rewrite(r, pattern); ok {
				r.Resources[i], applied = rewritten, true
			}
		}
		return applied
	}
}

// withText rewrites the variables of a pattern.
func withText(rewrite func(string, iam.Context) (string, bool)) func(*resourceElement, string) (string, bool) {
	return func(r *resourceElement, pattern string) (string, bool) {
		return rewrite(pattern, r.k.Context)
	}
}

func shortNotResource(r *resourceElement) bool {
	if !r.NotResource || !slices.ContainsFunc(r.Resources, isShort) {
		return false
	}
	r.appliesNowhere()
	return true
}

// appliesNowhere takes the statement out of the game.
func (s *Statement) appliesNowhere() {
	s.NotResource, s.Resources = false, []string{nowhere}
}

func isShort(pattern string) bool {
	return pattern != "*" && strings.Count(pattern, ":") < 5
}

// splitPattern cuts a pattern of six segments after the fifth colon, and its
// resource after the first slash or colon, as the other evaluator does: what
// stands before is the resource's type.
func splitPattern(pattern string) (head, kind, rest string, ok bool) {
	if pattern == "*" || isShort(pattern) {
		return "", "", "", false
	}
	at := 0
	for range 5 {
		at += strings.IndexByte(pattern[at:], ':') + 1
	}
	head, rest = pattern[:at], pattern[at:]
	end := strings.IndexAny(rest, "/:") + 1
	return head, rest[:end], rest[end:], true
}

func withoutCase(_ *resourceElement, pattern string) (string, bool) {
	head, kind, rest, ok := splitPattern(pattern)
	lower := strings.ToLower(head)
	return lower + kind + rest, ok && lower != head
}

func literalType(_ *resourceElement, pattern string) (string, bool) {
	_, kind, _, _ := splitPattern(pattern)
	return nowhere, strings.ContainsAny(kind, "*?$")
}

// wildcardInAllow replaces a pattern that iam disregards in an Allow by the
// very resource, if it would match.
func wildcardInAllow(r *resourceElement, pattern string) (string, bool) {
	head, kind, rest, ok := splitPattern(pattern)
	if !ok || r.NotResource || r.Effect == iam.Deny || r.k.Resource == "*" {
		return "", false
	}
	inService := strings.ContainsAny(strings.Split(head, ":")[2], "*?")
	inType := kind == "" && rest != "*" && strings.ContainsAny(rest, "*?$")
	if !inService && !inType {
		return "", false
	}
	if r.matches(pattern) {
		return r.k.Resource, true
	}
	return nowhere, true
}

func emptyMatchesNothing(r *resourceElement, pattern string) (string, bool) {
	return nowhere, hasEmptyVariable(pattern, r.k.Context)
}

// unresolvableNotResource looks how far the other evaluator reads a pattern
// with a variable that has no value: up to the variable the statement never
// applies, and otherwise the pattern is one that does not match.
func unresolvableNotResource(r *resourceElement) (applied bool) {
	if !r.NotResource {
		return false
	}
	for i, pattern := range r.Resources {
		head, kind, rest, ok := splitPattern(pattern)
		if !ok || isResolvable(rest, r.k.Context) {
			continue
		}
		if r.k.Resource != "*" && r.matches(head+kind+"*") {
			r.appliesNowhere()
			return true
		}
		r.Resources[i], applied = nowhere, true
	}
	return applied
}
