package iam

import (
	"strings"
)

// syntax is how the text of a pattern is read.
type syntax struct {
	wildcards  bool // * and ? are wildcards
	variables  bool // ${...} is a policy variable
	arn        bool // wildcards stay within the segments of an ARN
	ignoreCase bool
}

// pattern compiles text.
func (s syntax) pattern(text string) (pattern, error) {
	b := patternBuilder{syntax: s}
	for text != "" {
		width, err := b.next(text)
		if err != nil {
			return pattern{}, err
		}
		text = text[width:]
	}
	b.flush()
	return b.pattern(), nil
}

// patternBuilder collects tokens; literal text gathers until another token.
type patternBuilder struct {
	syntax  syntax
	tokens  []token
	literal strings.Builder
}

// next reads one piece at the start of text and returns its width.
func (b *patternBuilder) next(text string) (int, error) {
	switch c := text[0]; {
	case b.syntax.variables && strings.HasPrefix(text, "${"):
		return b.variable(text)
	case b.syntax.wildcards && c == '*':
		b.run()
	case b.syntax.wildcards && c == '?':
		b.add(token{kind: oneToken})
	default:
		b.literal.WriteByte(c)
	}
	return 1, nil
}

// run adds a *, of which several in a row mean no more than one.
func (b *patternBuilder) run() {
	if n := len(b.tokens); n > 0 && b.literal.Len() == 0 && b.tokens[n-1].kind == runToken {
		return
	}
	b.add(token{kind: runToken})
}

func (b *patternBuilder) add(t token) {
	b.flush()
	b.tokens = append(b.tokens, t)
}

func (b *patternBuilder) flush() {
	if b.literal.Len() > 0 {
		b.tokens = append(b.tokens, token{kind: literalToken, text: b.literal.String()})
		b.literal.Reset()
	}
}

func (b *patternBuilder) pattern() pattern {
	p := pattern{tokens: b.tokens, ignoreCase: b.syntax.ignoreCase, arn: b.syntax.arn}
	p.least = leastLength(p.tokens, p.ignoreCase)
	for i := range p.tokens {
		p.variables = p.variables || p.tokens[i].kind == variableToken
	}
	return p
}

// variable reads text, which begins with "${". Its forms are ${key},
// ${key, 'default'} and the escapes ${*}, ${?} and ${$}; without an end it is
// plain text. Source: IAM User Guide, "Policy variables".
func (b *patternBuilder) variable(text string) (int, error) {
	for _, escape := range [...]string{"${*}", "${?}", "${$}"} {
		if strings.HasPrefix(text, escape) {
			b.literal.WriteByte(escape[2])
			return len(escape), nil
		}
	}
	end := strings.IndexByte(text, '}')
	if end < 0 {
		b.literal.WriteString("${")
		return len("${"), nil
	}
	key, fallback, hasFallback := strings.Cut(text[len("${"):end], ",")
	if hasFallback {
		key, _, _ = strings.Cut(text[len("${"):], ",")
		quote := len("${") + len(key) + len(", '")
		closing := -1
		if strings.HasPrefix(text[len("${")+len(key):], ", '") {
			closing = strings.Index(text[quote:], "'}")
		}
		if closing < 0 {
			return 0, malformedVariable(text[:end+1])
		}
		fallback = text[quote : quote+closing]
		end = quote + closing + len("'")
	}
	if key == "" || strings.ContainsAny(key, "${'\"*?") || strings.Contains(fallback, "'") {
		return 0, malformedVariable(text[:end+1])
	}
	b.add(token{kind: variableToken, text: key, fallback: fallback, hasFallback: hasFallback})
	return end + 1, nil
}

// VariableKeys returns the keys of the policy variables in a text of a compiled policy, in
// their order.
func VariableKeys(text string) (keys []string) {
	p, err := syntax{variables: true}.pattern(text)
	if err != nil {
		return nil
	}
	for i := range p.tokens {
		if p.tokens[i].kind == variableToken {
			keys = append(keys, p.tokens[i].text)
		}
	}
	return keys
}

func malformedVariable(text string) error {
	return invalid(text, "is not a policy variable", "write ${key} or ${key, 'default'}")
}

// notARN returns the error about an ARN pattern that lacks segments.
func notARN(text string) error {
	return invalid(text, "must be an ARN of six segments, arn:partition:service:region:account:resource", "")
}

// arnPattern compiles an ARN with wildcards for the Arn condition operators.
func arnPattern(text string, variables bool) (pattern, error) {
	p, err := syntax{wildcards: true, variables: variables, arn: true}.pattern(text)
	if err == nil && !p.variables && strings.Count(text, ":") < arnColons {
		return pattern{}, notARN(text)
	}
	return p, err
}
