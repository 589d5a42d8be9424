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

// variables returns the policy variables of a text. No fallback of the vocabulary contains
// a brace.
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

// replaceVariables replaces variables in a text. with returns the replacement of a
// variable, and false to leave it unchanged.
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

// literal escapes a text so that no character is special.
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

// The three deviations about the value of a variable. Each returns the text with the
// variables that it concerns replaced.

// fallbackOfEmpty uses the default for an empty value.
func fallbackOfEmpty(text string, context iam.Context) (string, bool) {
	return replaceVariables(text, func(v *variable) (string, bool) {
		entry, found := context.Lookup(v.key)
		return literal(v.fallback), v.fallback != "" && found && !entry.Multi && entry.Value == ""
	})
}

// fallbackOfList uses the default for a multivalued key.
func fallbackOfList(text string, context iam.Context) (string, bool) {
	return replaceVariables(text, func(v *variable) (string, bool) {
		entry, found := context.Lookup(v.key)
		return literal(v.fallback), v.fallback != "" && found && entry.Multi
	})
}

// noEmptyFallback removes defaults that are empty.
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
