package differential

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"extauthz/iam"
)

// typedMasks are about values that have a type.
func typedMasks() []*mask {
	return []*mask{
		{
			name:       "number with trailing text",
			reason:     "iam reads numbers only, and 10abc is not one; there it is 10",
			source:     `IAM User Guide, "IAM JSON policy elements: Condition operators": "Numeric condition operators let you construct Condition elements that restrict access based on comparing a key to an integer or decimal value."`,
			comparison: numberPrefix,
		}, {
			name:       "unreadable value in a Deny",
			reason:     "AWS does not say what a value of another type does; in iam it never helps the caller, so that a Deny applies, there it does not",
			source:     `IAM User Guide, "IAM JSON policy elements: Condition operators": "The condition operator that you can use in a policy depends on the condition key you choose."`,
			comparison: unreadable,
		}, {
			name:       "dates in two forms",
			reason:     "both forms are instants; there the former are milliseconds, the latter seconds, and a year is seconds",
			source:     `IAM User Guide, "IAM JSON policy elements: Condition operators": "You must specify date/time values with one of the W3C implementations of the ISO 8601 date formats or in epoch (UNIX) time."`,
			comparison: mixedDates,
		},
	}
}

// numberPrefix reads as much of the value as is a number.
func numberPrefix(c *comparison) bool {
	if !strings.HasPrefix(c.base, "Numeric") || isNumber(c.value) {
		return false
	}
	prefix := regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)`).FindString(c.value)
	applied := prefix != ""
	if applied {
		c.value = prefix
	}
	return applied
}

func isNumber(text string) bool {
	return regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`).MatchString(text)
}

// unreadable finds values that have not the type of the operator. In an Allow both
// evaluators say the same of them.
func unreadable(c *comparison) bool {
	return c.effect == iam.Deny && !hasType(c.base, c.value) && c.settle(false)
}

// hasType reports whether an operator can read a value. Texts and bytes have no form.
func hasType(base, value string) bool {
	switch {
	case strings.HasPrefix(base, "Numeric"):
		return isNumber(value)
	case strings.HasPrefix(base, "Date"):
		_, ok := dateNumber(value)
		return ok
	case strings.HasSuffix(base, "IpAddress"):
		_, err := netip.ParseAddr(value)
		return err == nil
	case isARN(base):
		return strings.HasPrefix(value, "arn:") && !isShort(value)
	case base == "Bool":
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	}
	return true
}

// mixedDates compares the numbers that the other evaluator makes of dates.
func mixedDates(c *comparison) bool {
	if !strings.HasPrefix(c.base, "Date") || !isMixed(append(slices.Clone(c.policy), c.value)) {
		return false
	}
	value, ok := dateNumber(c.value)
	if !ok {
		return c.settle(false)
	}
	holds := func(p string) bool {
		n, _ := dateNumber(p)
		switch strings.TrimPrefix(c.base, "Date") {
		case "LessThan":
			return value < n
		case "LessThanEquals":
			return value <= n
		case "GreaterThan":
			return value > n
		case "GreaterThanEquals":
			return value >= n
		}
		return value == n
	}
	return c.settle(slices.ContainsFunc(c.policy, holds) != c.negated)
}

// isMixed reports whether dates are neither all ISO 8601 nor all epoch time.
func isMixed(dates []string) bool {
	seconds, years, others := false, false, false
	for _, date := range dates {
		_, err := strconv.ParseInt(date, 10, 64)
		switch {
		case err != nil:
			others = true
		case len(date) == len("2026"):
			years = true
		default:
			seconds = true
		}
	}
	return seconds && (years || others) || years && others
}

// dateNumber is seconds as they are written, or milliseconds since 1970.
func dateNumber(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}
