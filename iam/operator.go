package iam

import "strings"

// operator is a condition operator without its set prefix and IfExists.
type operator struct {
	family   family
	relation relation
	negated  bool
}

// family is the type that an operator compares.
type family uint8

const (
	unknownFamily family = iota
	stringFamily
	foldFamily
	likeFamily
	numericFamily
	dateFamily
	boolFamily
	binaryFamily
	addressFamily
	arnFamily
	nullFamily
)

// relation is the comparison of a Numeric or Date operator.
type relation uint8

const (
	equal relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// holds reports whether the relation is true of a comparison's outcome, which
// is negative, zero or positive.
func (r relation) holds(order int) bool {
	switch r {
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	case greaterOrEqual:
		return order >= 0
	case equal:
	}
	return order == 0
}

// operatorNamed finds an operator by its exact name (IAM User Guide, "AWS
// JSON policy elements: Condition operators").
func operatorNamed(name string) (operator, bool) {
	switch name {
	case "StringEquals":
		return operator{family: stringFamily}, true
	case "StringNotEquals":
		return operator{family: stringFamily, negated: true}, true
	case "StringEqualsIgnoreCase":
		return operator{family: foldFamily}, true
	case "StringNotEqualsIgnoreCase":
		return operator{family: foldFamily, negated: true}, true
	case "StringLike":
		return operator{family: likeFamily}, true
	case "StringNotLike":
		return operator{family: likeFamily, negated: true}, true
	case "Bool":
		return operator{family: boolFamily}, true
	case "BinaryEquals":
		return operator{family: binaryFamily}, true
	case "IpAddress":
		return operator{family: addressFamily}, true
	case "NotIpAddress":
		return operator{family: addressFamily, negated: true}, true
	case "ArnEquals", "ArnLike":
		return operator{family: arnFamily}, true
	case "ArnNotEquals", "ArnNotLike":
		return operator{family: arnFamily, negated: true}, true
	case "Null":
		return operator{family: nullFamily}, true
	}
	if relation, found := strings.CutPrefix(name, "Numeric"); found {
		return relationalOperator(numericFamily, relation)
	}
	if relation, found := strings.CutPrefix(name, "Date"); found {
		return relationalOperator(dateFamily, relation)
	}
	return operator{}, false
}

func relationalOperator(f family, name string) (operator, bool) {
	switch name {
	case "Equals":
		return operator{family: f}, true
	case "NotEquals":
		return operator{family: f, negated: true}, true
	case "LessThan":
		return operator{family: f, relation: less}, true
	case "LessThanEquals":
		return operator{family: f, relation: lessOrEqual}, true
	case "GreaterThan":
		return operator{family: f, relation: greater}, true
	case "GreaterThanEquals":
		return operator{family: f, relation: greaterOrEqual}, true
	}
	return operator{}, false
}

// parsedOperator is a condition operator with its set prefix and IfExists.
type parsedOperator struct {
	operator operator
	set      setOperator
	ifExists bool
}

// parseOperator reads a whole operator name, such as
// ForAllValues:StringLikeIfExists. IfExists cannot follow Null (IAM User Guide,
// "...IfExists condition operators").
func parseOperator(name string) (p parsedOperator, known bool) {
	base := name
	if rest, found := strings.CutPrefix(base, "ForAllValues:"); found {
		p.set, base = forAllValues, rest
	} else if rest, found := strings.CutPrefix(base, "ForAnyValue:"); found {
		p.set, base = forAnyValue, rest
	}
	base, p.ifExists = strings.CutSuffix(base, "IfExists")
	p.operator, known = operatorNamed(base)
	return p, known && !(p.ifExists && p.operator.family == nullFamily)
}
