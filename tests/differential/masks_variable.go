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
			reason:     "IAM User Guide, policy variables: ${*}, ${?} and ${$} are single characters wherever variables are; there not in StringEquals and its like",
			comparison: eachText(isExactText, escapesAsText),
		}, {
			name:       "default for an empty variable",
			reason:     "to iam an empty value is a value; there it is none and the default is taken",
			comparison: eachText(hasVariables, fallbackOfEmpty),
		}, {
			name:       "default for a multivalued variable",
			reason:     "IAM User Guide, policy variables: only single-valued keys; there the default is taken",
			comparison: eachText(hasVariables, fallbackOfList),
		}, {
			name:       "empty default",
			reason:     "to iam an empty default is a default; there it is none",
			comparison: eachText(hasVariables, noEmptyFallback),
		}, {
			name:       "variable that holds a colon of an ARN",
			reason:     "IAM User Guide: variables may stand anywhere in a condition's value; there ARNs are split before they are replaced",
			comparison: variableAcrossSegments,
		}, {
			name:       "negated operator and a variable without value",
			reason:     "IAM User Guide, policy variables with no value: negated operators match; there the condition is false",
			comparison: negatedWithoutValue,
		}, {
			name:       "empty variable",
			reason:     "to iam an empty value is a value; there nothing is equal to the text",
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
// pieces match nothing. What then has too few segments is no ARN.
func variableAcrossSegments(c *comparison) bool {
	if !isARN(c.base) {
		return false
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
		apart, err := c.ask([]string{head + "*"}, c.value)
		c.err = err
		if !apart {
			return c.settle(false)
		}
	}
	return false
}

func emptyVariable(c *comparison) bool {
	return hasVariables(c.base) && c.keep(func(p string) bool { return !hasEmptyVariable(p, c.context) })
}
