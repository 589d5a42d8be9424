package main

import (
	"encoding/json"
	"flag"
	"io"
	"slices"
	"strconv"
	"strings"

	"extauthz/diag"
)

// A choice is a flag whose value is one of several words.
type choice struct {
	value *string
	words []string
}

// Set sets the value to one of the words.
func (c choice) Set(value string) error {
	if !slices.Contains(c.words, value) {
		return diag.Problemf("%q is not a format", value).WithRemedy("write " + oneOf(c.words))
	}
	*c.value = value
	return nil
}

// String returns the value.
func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// accepted returns the words.
func (c choice) accepted() []string { return c.words }

// oneOf lists words, such as "text, json or csv".
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// declareFormat adds the flag --format, which sets format to one of several names. The first is
// the default. of says what has the format.
func declareFormat(flags *flag.FlagSet, format *string, of string, names ...string) {
	*format = names[0]
	flags.Var(choice{format, names}, "format", "`FORMAT` of "+of+": "+oneOf(names))
}

// declareShort adds a flag that is short for --format with one of its names.
func declareShort(flags *flag.FlagSet, name string, format *string, value, usage string) {
	flags.BoolFunc(name, usage+"; short for --format "+value, func(text string) error {
		isSet, err := strconv.ParseBool(text)
		if err == nil && isSet {
			*format = value
		}
		return err
	})
}

// printJSON prints a value as indented JSON.
func printJSON(to io.Writer, value any) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
