package main

import (
	"flag"
	"slices"
	"strings"

	"extauthz/diag"
)

// declareFormat adds the flag --format, which sets format to one of several names. The first is
// the default. of says what has the format.
func declareFormat(flags *flag.FlagSet, format *string, of string, names ...string) {
	*format = names[0]
	last := len(names) - 1
	list := strings.Join(names[:last], ", ") + " or " + names[last]
	flags.Func("format", "`FORMAT` of "+of+": "+list+" (default "+names[0]+")", func(value string) error {
		if !slices.Contains(names, value) {
			return diag.Problemf("%q is not a format", value).WithRemedy("write " + list)
		}
		*format = value
		return nil
	})
}
