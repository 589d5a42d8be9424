package differential

import (
	"strings"

	"extauthz/iam"
)

// variable is a policy variable in a text, or an escape such as ${*}.
type variable struct {
	start, end  int // the place of "${" and that after "}"
	key         string
	fallback    string
	hasFallback bool
}

// isEscape reports whether the variable is ${*}, ${?} or ${$}.
func (v *variable) isEscape() bool {
	return v.key == "*" || v.key == "?" || v.key == "$"
}

// variables finds the policy variables of a text; no fallback of the
// vocabulary holds a brace.
func variables(text string) (found []variable) {
	for at := 0; ; {
		start := strings.Index(text[at:], "${")
		if start < 0 {
			return found
		}
		start += at
		length := strings.IndexByte(text[start:], '}')
		if length < 0 {
			return found
		}
		at = start + length + 1
		v := variable{start: start, end: at}
		inner := text[start+len("${") : at-1]
		v.key, v.fallback, v.hasFallback = strings.Cut(inner, ", '")
		v.fallback = strings.TrimSuffix(v.fallback, "'")
		found = append(found, v)
	}
}

// replaceVariables writes a text anew; with returns what stands in for a
// variable, and false to leave it as it is.
func replaceVariables(text string, with func(*variable) (string, bool)) (rewritten string, applied bool) {
	var b strings.Builder
	at := 0
	for _, v := range variables(text) {
		if v.isEscape() {
			continue
		}
		if replacement, ok := with(&v); ok {
			b.WriteString(text[at:v.start] + replacement)
			at, applied = v.end, true
		}
	}
	return b.String() + text[at:], applied
}

// literal writes a text so that no character in it means anything.
func literal(text string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(text)
}

// isResolvable reports whether all variables of a text have a value for iam.
func isResolvable(text string, context iam.Context) bool {
	for _, v := range variables(text) {
		entry, found := context.Lookup(v.key)
		if !v.isEscape() && (found && entry.Multi || !found && !v.hasFallback) {
			return false
		}
	}
	return true
}

// The three deviations that are about the value of a variable. Each returns
// the text with the variables replaced that it concerns.

// fallbackOfEmpty takes the default for an empty value.
func fallbackOfEmpty(text string, context iam.Context) (string, bool) {
	return replaceVariables(text, func(v *variable) (string, bool) {
		entry, found := context.Lookup(v.key)
		return literal(v.fallback), v.fallback != "" && found && !entry.Multi && entry.Value == ""
	})
}

// fallbackOfList takes the default for a multivalued key.
func fallbackOfList(text string, context iam.Context) (string, bool) {
	return replaceVariables(text, func(v *variable) (string, bool) {
		entry, found := context.Lookup(v.key)
		return literal(v.fallback), v.fallback != "" && found && entry.Multi
	})
}

// noEmptyFallback takes away defaults that are empty.
func noEmptyFallback(text string, _ iam.Context) (string, bool) {
	return replaceVariables(text, func(v *variable) (string, bool) {
		return "${" + v.key + "}", v.hasFallback && v.fallback == ""
	})
}

// hasEmptyVariable reports whether a variable has an empty value and no
// default. The other evaluator then matches nothing.
func hasEmptyVariable(text string, context iam.Context) bool {
	for _, v := range variables(text) {
		entry, found := context.Lookup(v.key)
		if !v.isEscape() && v.fallback == "" && found && !entry.Multi && entry.Value == "" {
			return true
		}
	}
	return false
}
