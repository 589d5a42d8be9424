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
			reason:    "a * at the end of a short ARN covers the segments after it, in NotResource too; there such a statement never applies",
			source:    `IAM User Guide, "IAM JSON policy elements: Resource": "If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon boundaries."`,
			statement: shortNotResource,
		}, {
			name:      "NotResource with an ARN that ends early",
			reason:    "iam fills up an ARN without its last segments, as the answers of IAM do (collected by the moto project); there such a statement never applies",
			source:    `IAM User Guide, "IAM JSON policy elements: Resource": "You specify a resource using an Amazon Resource Name (ARN). The format of the ARN depends on the AWS service and the specific resource you're referring to."`,
			statement: endingNotResource,
		}, {
			name:      "ARN segments without case",
			reason:    "iam compares every segment with regard to case, which AWS says of the last one only; there the others are compared without",
			source:    `IAM User Guide, "IAM JSON policy elements: Resource": "In the Resource element, the IAM user name is case sensitive."`,
			statement: eachPattern(withoutCase),
		}, {
			name:      "wildcard in the resource type",
			reason:    "wildcards match in the resource type too; there the part before the first slash or colon is compared as text",
			source:    `IAM User Guide, "IAM JSON policy elements: Resource": "You can use wildcard characters (* and ?) within the individual segments of an ARN (the parts separated by colons)"`,
			statement: eachPattern(wildcardInType),
		}, {
			name:      "variable in the resource type",
			reason:    "policy variables are replaced everywhere after the fifth colon; there the part before the first slash or colon is compared as text",
			source:    `IAM User Guide, "IAM policy elements: Variables and tags": "You can use a policy variable in the Resource element, but only in the resource portion of the ARN. This portion of the ARN appears after the fifth colon (:)."`,
			statement: eachPattern(variableInType),
		}, {
			name:      "wildcard in the service",
			reason:    "IAM refuses a wildcard in the service segment, so that in an Allow of iam the pattern matches nothing; there it matches",
			source:    `IAM User Guide, "IAM JSON policy elements: Resource": "You can't use a wildcard in the service segment that identifies the AWS product."`,
			statement: eachPattern(wildcardInService),
		}, {
			name:      "default for an empty variable in a resource",
			reason:    "an empty value is a value, so that the default does not count; there it is none and the default is taken",
			source:    `IAM User Guide, "IAM policy elements: Variables and tags": "When you add a variable to your policy, you can specify a default value for the variable. For example, anonymous users will not populate the ${aws:userid} variable."`,
			statement: eachPattern(withText(fallbackOfEmpty)),
		}, {
			name:      "default for a multivalued variable in a resource",
			reason:    "a multivalued key has neither a value nor a default; there the default is taken",
			source:    `IAM User Guide, "Single-valued vs. multivalued context keys": "You can use any available single-valued context key as a policy variable, but you cannot use a multivalued context key as a policy variable."`,
			statement: eachPattern(withText(fallbackOfList)),
		}, {
			name:      "empty default in a resource",
			reason:    "an empty default is a default; there it is none",
			source:    `IAM User Guide, "IAM policy elements: Variables and tags": "To add a default value to a variable, surround the default value with single quotes (' '), and separate the variable text and the default value with a comma and space (, )."`,
			statement: eachPattern(withText(noEmptyFallback)),
		}, {
			name:      "empty variable in a resource",
			reason:    "an empty value is a value; there the pattern matches nothing",
			source:    `IAM User Guide, "IAM policy elements: Variables and tags": "When the policy is evaluated, the policy variables are replaced with values that come from the conditional context keys passed in the request."`,
			statement: eachPattern(emptyMatchesNothing),
		}, {
			name:      "variable without value in NotResource",
			reason:    "such an entry matches nothing, so that it excludes nothing; there the statement does not apply if the ARN up to its type fits the resource",
			source:    `IAM User Guide, "IAM policy elements: Variables and tags": "If a variable that has no value in the authorization context is used as part of the Resource or NotResource element of a policy, the resource that includes a policy variable with no value will not match any resource."`,
			statement: unresolvableNotResource,
		},
	}
}

// nowhere matches no resource of a question.
const nowhere = "arn:aws:none:::none/none"

// eachPattern rewrites the patterns of a statement one by one.
func eachPattern(rewrite func(*statementReading, string) (string, bool)) func(*statementReading) bool {
	return func(r *statementReading) (applied bool) {
		for i, pattern := range r.Resources {
			if rewritten, ok := rewrite(r, pattern); ok {
				r.Resources[i], applied = rewritten, true
			}
		}
		return applied
	}
}

// withText rewrites the variables of a pattern.
func withText(rewrite func(string, iam.Context) (string, bool)) func(*statementReading, string) (string, bool) {
	return func(r *statementReading, pattern string) (string, bool) {
		return rewrite(pattern, r.k.Context)
	}
}

func shortNotResource(r *statementReading) bool {
	return r.excludes(func(pattern string) bool { return isShort(pattern) && strings.HasSuffix(pattern, "*") })
}

func endingNotResource(r *statementReading) bool {
	return r.excludes(func(pattern string) bool { return isShort(pattern) && !strings.HasSuffix(pattern, "*") })
}

// excludes takes away a statement whose NotResource has such a pattern.
func (r *statementReading) excludes(is func(string) bool) bool {
	applied := r.NotResource && slices.ContainsFunc(r.Resources, is)
	if applied {
		r.appliesNowhere()
	}
	return applied
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
// comes before it is the resource's type.
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

func withoutCase(_ *statementReading, pattern string) (string, bool) {
	head, kind, rest, ok := splitPattern(pattern)
	lower := strings.ToLower(head)
	return lower + kind + rest, ok && lower != head
}

func wildcardInType(r *statementReading, pattern string) (string, bool) {
	_, kind, _, _ := splitPattern(pattern)
	return nowhere, strings.ContainsAny(kind, "*?") && r.matches(pattern)
}

// variableInType is about a variable without a value too: in NotResource of an
// Allow, iam minds what the pattern could match.
func variableInType(r *statementReading, pattern string) (string, bool) {
	_, kind, rest, _ := splitPattern(pattern)
	return nowhere, strings.Contains(kind, "$") && (r.matches(pattern) || !isResolvable(kind+rest, r.k.Context))
}

// wildcardInService replaces a pattern that iam disregards in an Allow by the very
// resource, if it would match.
func wildcardInService(r *statementReading, pattern string) (string, bool) {
	head, _, _, ok := splitPattern(pattern)
	applied := ok && !r.NotResource && r.Effect == iam.Allow && r.k.Resource != "*" &&
		strings.ContainsAny(strings.Split(head, ":")[2], "*?") && r.matches(pattern)
	return r.k.Resource, applied
}

func emptyMatchesNothing(r *statementReading, pattern string) (string, bool) {
	return nowhere, hasEmptyVariable(pattern, r.k.Context)
}

// unresolvableNotResource takes away a statement that applies, although one of its
// patterns has a variable without a value and fits the resource as far as the other
// evaluator reads it: up to the end of the resource's type.
func unresolvableNotResource(r *statementReading) bool {
	if !r.NotResource || r.k.Resource == "*" {
		return false
	}
	fits := slices.ContainsFunc(r.Resources, func(pattern string) bool {
		head, kind, rest, ok := splitPattern(pattern)
		return ok && !isResolvable(rest, r.k.Context) && r.matches(head+kind+"*")
	})
	if !fits || !r.applies() {
		return false
	}
	r.appliesNowhere()
	return true
}
