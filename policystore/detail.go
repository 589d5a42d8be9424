package policystore

import "fmt"

// Detail is how much of a denial's reason a client is told.
type Detail uint8

// The levels of detail. The zero Detail tells least.
const (
	NoDetail     Detail = iota // only that it is denied
	ActionDetail               // and for which action
	FullDetail                 // and who was denied, on what and why, in AWS's words
)

// parseDetail reads the detail of a registry; where it is left out, all is told,
// as AWS does.
func parseDetail(text string) (Detail, error) {
	switch text {
	case "none":
		return NoDetail, nil
	case "action":
		return ActionDetail, nil
	case "full", "":
		return FullDetail, nil
	}
	return NoDetail, fmt.Errorf("detail %q: write full, action or none", text)
}
