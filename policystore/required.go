package policystore

import (
	"fmt"
	"strings"

	"extauthz/strictjson"
)

// required is a member that an entry of an output must have, and its value there.
type required struct {
	name     string
	value    field
	optional bool // the member only names the entry in errors
}

// namedBy is a member that the entry may lack, and that names the entry in errors.
func namedBy(name string, value field) required { return required{name, value, true} }

// checkRequired returns an error that names the members which an entry lacks, and
// the entry by the first member that it has.
func checkRequired(r *strictjson.Reader, start int, what string, members ...required) error {
	var lacking, empty []string
	entry := what
	for _, m := range members {
		switch {
		case m.value.text == "" && m.optional:
		case m.value.text == "" && m.value.at == 0:
			lacking = append(lacking, m.name)
		case m.value.text == "":
			empty = append(empty, m.name)
		case entry == what && len(m.value.text) < 200:
			entry = fmt.Sprintf("%s (%s %q)", what, m.name, m.value.text)
		}
	}
	switch {
	case len(lacking) > 0:
		return r.ErrorAt(start, fmt.Sprintf("%s lacks %s", entry, strings.Join(lacking, " and ")), "save the output as it is")
	case len(empty) > 0:
		return r.ErrorAt(start, fmt.Sprintf("%s has an empty %s", entry, strings.Join(empty, " and ")), "save the output as it is")
	}
	return nil
}
