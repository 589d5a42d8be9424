package iam

import (
	"encoding/base64"
	"strings"
)

// newOperand compiles one policy value for the operator; variables reports
// whether the document's version has policy variables, which string and ARN
// operators may use.
func (o operator) newOperand(text string, variables bool) (operand, error) {
	switch o.family {
	case stringFamily:
		return newTextOperand(text, syntax{variables: variables})
	case foldFamily:
		return newTextOperand(text, syntax{variables: variables, ignoreCase: true})
	case likeFamily:
		return newTextOperand(text, syntax{variables: variables, wildcards: true})
	case arnFamily:
		return newARNOperand(text, variables)
	case numericFamily:
		return newNumberOperand(text, o.relation)
	case dateFamily:
		return newDateOperand(text, o.relation)
	case boolFamily:
		return newBoolOperand(text, variables)
	case nullFamily:
		return newBoolOperand(text, false)
	case binaryFamily:
		return newBinaryOperand(text)
	case addressFamily:
		return newAddressOperand(text)
	case unknownFamily:
	}
	return nil, invalid(text, "has no condition operator", "")
}

// patternOf returns the pattern of an operand that may have policy variables, nil
// for other operands.
func patternOf(o operand) *pattern {
	switch o := o.(type) {
	case *textOperand:
		return &o.pattern
	case *arnOperand:
		return &o.pattern
	case *boolVariableOperand:
		return &o.pattern
	}
	return nil
}

// textOperand is a string, with wildcards where the operator has them.
type textOperand struct{ pattern pattern }

func newTextOperand(text string, s syntax) (operand, error) {
	p, err := s.pattern(text)
	return &textOperand{p}, err
}

func (o *textOperand) compare(value string, c Context) verdict {
	return verdictOf(o.pattern.match(value, c))
}

// arnOperand is an ARN with wildcards. ArnEquals and ArnLike are the same.
type arnOperand struct{ pattern pattern }

func newARNOperand(text string, variables bool) (operand, error) {
	p, err := arnPattern(text, variables)
	if err != nil {
		return nil, err
	}
	return &arnOperand{p}, nil
}

func (o *arnOperand) compare(value string, c Context) verdict {
	if !isARNText(value) {
		return unreadable
	}
	return verdictOf(o.pattern.match(value, c))
}

// isARNText reports whether an ARN operator can compare the value.
func isARNText(value string) bool {
	return strings.HasPrefix(value, "arn:") && strings.Count(value, ":") >= arnColons
}

// boolOperand is true or false.
type boolOperand struct{ value bool }

func newBoolOperand(text string, variables bool) (operand, error) {
	if value, ok := parseBool(text); ok {
		return &boolOperand{value}, nil
	}
	p, err := syntax{variables: variables, ignoreCase: true}.pattern(text)
	switch {
	case err != nil:
		return nil, err
	case !p.variables:
		return nil, invalid(text, "is not a boolean", "write true or false")
	}
	return &boolVariableOperand{p}, nil
}

func (o *boolOperand) compare(value string, _ Context) verdict {
	have, ok := parseBool(value)
	if !ok {
		return unreadable
	}
	return verdictOf(have == o.value)
}

// boolVariableOperand is a boolean in a policy variable (IAM User Guide,
// "Condition operators", Boolean condition operators).
type boolVariableOperand struct{ pattern pattern }

// compare returns differs if a variable does not have a value, because nothing equals
// it (IAM User Guide, "Policy variables with no value").
func (o *boolVariableOperand) compare(value string, c Context) verdict {
	have, ok := parseBool(value)
	switch {
	case !ok:
		return unreadable
	case o.pattern.match(boolText(have), c):
		return matches
	case o.pattern.match(boolText(!have), c) || !o.pattern.resolvable(c):
		return differs
	}
	return unreadable // the variable does not hold a boolean
}

func parseBool(s string) (value, ok bool) {
	isTrue := equalIgnoringCase(s, "true")
	return isTrue, isTrue || equalIgnoringCase(s, "false")
}

// binaryOperand is a string of bytes, which the policy writes in base64.
type binaryOperand struct{ bytes string }

func newBinaryOperand(text string) (operand, error) {
	bytes, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, invalid(text, "is not base64", "write the bytes in standard base64 with padding")
	}
	return &binaryOperand{string(bytes)}, nil
}

func (o *binaryOperand) compare(value string, _ Context) verdict {
	return verdictOf(value == o.bytes)
}

// IsNumber reports whether the Numeric operators can read s.
func IsNumber(s string) bool {
	_, ok := parseDecimal(s)
	return ok
}

// IsDate reports whether the Date operators can read s: ISO 8601, or seconds
// since 1970.
func IsDate(s string) bool {
	_, ok := parseInstant(s)
	return ok
}

// IsBool reports whether Bool can read s: true or false in any case.
func IsBool(s string) bool {
	_, ok := parseBool(s)
	return ok
}

// IsAddress reports whether the IpAddress operators can read s: one address of
// IPv4 or IPv6, and no range.
func IsAddress(s string) bool {
	_, ok := parseAddress(s)
	return ok
}

// IsZoneless reports whether a date of a policy is a time without a zone, which counts as
// UTC.
func IsZoneless(s string) bool {
	_, zoneless, ok := parsePolicyInstant(s)
	return ok && zoneless
}
