package iam

import (
	"cmp"
	"strings"
)

// decimal is a number as its sign and digits, so that comparing is exact for
// any length: whole without leading zeros, fraction without trailing ones.
type decimal struct {
	negative        bool
	whole, fraction string
}

// parseDecimal reads [+-]digits[.digits]; at least one digit in all.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole)+len(fraction) == 0 || !isDigits(whole) || !isDigits(fraction) {
		return decimal{}, false
	}
	d.whole = strings.TrimLeft(whole, "0")
	d.fraction = strings.TrimRight(fraction, "0")
	d.negative = d.negative && (d.whole != "" || d.fraction != "")
	return d, true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// compare is negative, zero or positive as d is less than, equal to or greater
// than e.
func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	order := cmp.Or(cmp.Compare(len(d.whole), len(e.whole)), cmp.Compare(d.whole, e.whole), cmp.Compare(d.fraction, e.fraction))
	if d.negative {
		return -order
	}
	return order
}

// numberOperand is a number and the relation that a value must have to it.
type numberOperand struct {
	number   decimal
	relation relation
}

func newNumberOperand(text string, r relation) (operand, error) {
	number, ok := parseDecimal(text)
	if !ok {
		return nil, invalid(text, "is not a decimal number", "write digits, with a sign and a decimal point if needed")
	}
	return &numberOperand{number, r}, nil
}

func (o *numberOperand) compare(value string, _ Context) verdict {
	return compareNumber([]operand{o}, value)
}

// compareNumber relates a value to numberOperands, reading it once.
func compareNumber(operands []operand, value string) verdict {
	number, ok := parseDecimal(value)
	if !ok {
		return unreadable
	}
	for _, o := range operands {
		if o := o.(*numberOperand); o.relation.holds(number.compare(o.number)) {
			return matches
		}
	}
	return differs
}
