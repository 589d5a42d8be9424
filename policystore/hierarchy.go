package policystore

import (
	"fmt"
	"strings"
)

// A hierarchy is the root and the organizational units that the paths of accounts have
// in common. An organization has one root, and each unit is below one root or unit (AWS
// Organizations User Guide, "Terminology and concepts for AWS Organizations"). Where two
// paths disagree one of them is wrong, and its account would not be bound by the policies
// of a unit that it is in.
type hierarchy struct {
	root  placement
	above map[string]placement // by unit: what it is below
}

// A placement is an id, and the account whose path says where it is.
type placement struct{ id, account string }

// add adds the path of an account, which has the right form. It returns an error if the
// path does not agree with those before it.
func (h *hierarchy) add(account, path string) error {
	_, rest, _ := strings.Cut(strings.TrimSuffix(path, "/"), "/")
	steps := strings.Split(rest, "/")
	root := steps[0]
	if h.root.id == "" {
		h.root = placement{root, account}
	}
	if h.root.id != root {
		return fmt.Errorf("path %q: the root is %s, and in the path of account %q it is %s; an organization has one root, so fix one of the paths", path, root, h.root.account, h.root.id)
	}
	for i, unit := range steps[1:] {
		above := steps[i]
		known, found := h.above[unit]
		if !found {
			known = placement{above, account}
			h.above[unit] = known
		}
		if known.id != above {
			return fmt.Errorf("path %q: %s is below %s, and in the path of account %q it is below %s; a unit is below one root or unit, so fix one of the paths", path, unit, above, known.account, known.id)
		}
	}
	return nil
}
