package iam

// The functions of this file report whether the operators of a type can compare a value.

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
