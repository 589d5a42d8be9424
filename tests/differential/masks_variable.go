package differential

import (
	"strings"

	"extauthz/iam"
)

// variableMasks are about policy variables in conditions.
func variableMasks() []*mask {
	return []*mask{
		{
			name:       "escapes in StringEquals",
			reason:     "${*}, ${?} and ${$} are single characters wherever variables are; there not in StringEquals and its like",
			source:     `IAM User Guide, "IAM policy elements: Variables and tags": "These predefined policy variables can be used in any string where you can use regular policy variables."`,
			comparison: eachText(isExactText, escapesAsText),
		}, {
			name:       "default for an empty variable",
			reason:     "an empty value is a value, so that the default does not count; there it is none and the default is taken",
			source:     `IAM User Guide, "IAM policy elements: Variables and tags": "When you add a variable to your policy, you can specify a default value for the variable. For example, anonymous users will not populate the ${aws:userid} variable."`,
			comparison: eachText(hasVariables, fallbackOfEmpty),
		}, {
			name:       "default for a multivalued variable",
			reason:     "a multivalued key has neither a value nor a default; there the default is taken",
			source:     `IAM User Guide, "Single-valued vs. multivalued context keys": "You can use any available single-valued context key as a policy variable, but you cannot use a multivalued context key as a policy variable."`,
			comparison: eachText(hasVariables, fallbackOfList),
		}, {
			name:       "empty default",
			reason:     "an empty default is a default; there it is none",
			source:     `IAM User Guide, "IAM policy elements: Variables and tags": "To add a default value to a variable, surround the default value with single quotes (' '), and separate the variable text and the default value with a comma and space (, )."`,
			comparison: eachText(hasVariables, noEmptyFallback),
		}, {
			name:       "variable that contains a colon of an ARN",
			reason:     "a variable may be anywhere in the value; there ARNs are split before variables are replaced",
			source:     `IAM User Guide, "IAM policy elements: Variables and tags": "You can use a policy variable for Condition values in any condition that involves the string operators or the ARN operators."`,
			comparison: variableAcrossSegments,
		}, {
			name:       "negated operator and a variable without value",
			reason:     "negated operators match; there the condition is false",
			source:     `IAM User Guide, "IAM policy elements: Variables and tags": "Inverted condition operators like StringNotEquals or StringNotLike do match against a null value, as the value of the condition key they are testing against is not equal to or like the effectively null value."`,
			comparison: negatedWithoutValue,
		}, {
			name:       "empty variable",
			reason:     "an empty value is a value; there nothing is equal to the text",
			source:     `IAM User Guide, "IAM policy elements: Variables and tags": "When the policy is evaluated, the policy variables are replaced with values that come from the conditional context keys passed in the request."`,
			comparison: emptyVariable,
		},
	}
}

// hasVariables reports whether the operator replaces policy variables.
func hasVariables(base string) bool { return strings.Contains(base, "String") || isARN(base) }

func isARN(base string) bool { return strings.HasPrefix(base, "Arn") }

// isNegated reports whether the operator is a negated one.
func isNegated(base string) bool { return strings.Contains(base, "Not") }

// isExactText reports whether the operator compares texts without wildcards.
func isExactText(base string) bool {
	return strings.HasPrefix(base, "String") && !strings.HasSuffix(base, "Like")
}

// eachText rewrites the policy's values one by one.
func eachText(of func(base string) bool, rewrite func(string, iam.Context) (string, bool)) func(*comparison) bool {
	return func(c *comparison) (applied bool) {
		if !of(c.base) {
			return false
		}
		for i, p := range c.policy {
			if text, ok := rewrite(p, c.context); ok {
				c.policy[i], applied = text, true
			}
		}
		return applied
	}
}

func escapesAsText(text string, _ iam.Context) (string, bool) {
	escaped := strings.NewReplacer("${*}", "${$}{*}", "${?}", "${$}{?}", "${$}", "${$}{$}").Replace(text)
	return escaped, escaped != text
}

// variableAcrossSegments drops ARNs that are cut within a variable, for the
// pieces match nothing. What then has too few segments is not an ARN.
func variableAcrossSegments(c *comparison) bool {
	if !isARN(c.base) || !hasType(c.base, c.value) {
		return false // of what is not an ARN both evaluators say the same
	}
	noARN := false
	applied := c.keep(func(p string) bool {
		noARN = noARN || p != "*" && isShort(p)
		return p == "*" || !isCut(p)
	})
	if applied && noARN && c.negated {
		return c.settle(false)
	}
	return applied
}

// isCut reports whether one of the first five colons is within a variable.
func isCut(arn string) bool {
	for _, v := range variables(arn) {
		if strings.Count(arn[:v.start], ":") < 5 && strings.Contains(arn[v.start:v.end], ":") {
			return true
		}
	}
	return false
}

// negatedWithoutValue is false at the first text whose variable has no value;
// of ARNs only where the segments before it match.
func negatedWithoutValue(c *comparison) bool {
	if !c.negated || !hasVariables(c.base) {
		return false
	}
	for _, p := range c.policy {
		if isResolvable(p, c.context) {
			continue
		}
		if !isARN(c.base) {
			return c.settle(false)
		}
		head, _, _, _ := splitPattern(p)
		apart, err := c.evaluate([]string{head + "*"}, c.value)
		c.err = err
		if !apart {
			return c.settle(false)
		}
	}
	return false
}

func emptyVariable(c *comparison) bool {
	return hasVariables(c.base) && hasType(c.base, c.value) &&
		c.keep(func(p string) bool { return !hasEmptyVariable(p, c.context) })
}
