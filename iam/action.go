package iam

import (
	"strings"
)

// actionElement is an Action or NotAction element.
type actionElement struct {
	not     bool
	set     patternSet
	covered actionSet // what the element covers, and the bit of other actions
}

// noActions is the element of a statement with a fault.
var noActions actionElement

// covers reports whether the statement covers the action of the request.
func (s *Statement) covers(q *query) bool {
	return s.covered.has(q.action) && (q.action != otherAction || s.actions.matches(q.request.Action, &q.meter))
}

// matches reports whether the element covers the action, which may be any.
func (e *actionElement) matches(action string, m *meter) bool {
	return e.not != e.set.match(action, nil, m)
}

// compileAction reads one action: "*", or a service prefix and a name with
// wildcards, both without regard to case. The messages of AWS for the errors
// are "Actions/Conditions must be prefaced by a vendor" and "can contain only
// one colon".
func compileAction(text string) (pattern, error) {
	vendor, name, found := strings.Cut(text, ":")
	switch {
	case text == "*":
	case !found:
		return pattern{}, invalid(text, "lacks a service prefix", "write one as in ecr:BatchGetImage, or \"*\"")
	case strings.Contains(name, ":"):
		return pattern{}, invalid(text, "has more than one colon", "write service:Action")
	case !isVendor(vendor):
		return pattern{}, invalid(text, "has a service prefix with characters other than letters, digits, dots and hyphens", "wildcards belong after the colon")
	case name == "":
		return pattern{}, invalid(text, "does not name an action after the colon", "write service:Action or service:*")
	}
	return syntax{wildcards: true, ignoreCase: true}.pattern(text)
}

// isVendor reports whether s can be a service prefix.
func isVendor(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && s[i] != '.' && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// isAction reports whether s can be the action of a request: a prefix, one
// colon and a name of visible ASCII characters without wildcards.
func isAction(s string) bool {
	vendor, name, _ := strings.Cut(s, ":")
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' || strings.IndexByte(":*?", name[i]) >= 0 {
			return false
		}
	}
	return isVendor(vendor) && name != ""
}
