package main

import (
	"io"
	"strings"

	"extauthz/diag"
	"extauthz/schemas"
)

func schemaUsage() command {
	return command{
		name: "schema", summary: "print a JSON Schema of a file or of the decision log",
		usage:   []string{"SCHEMA"},
		example: "principals",
		flags:   noFlags, run: schema,
	}
}

// schema prints a JSON Schema.
func schema(in *invocation) error {
	names, err := parseMixed(newFlags(), in)
	switch {
	case err != nil:
		return err
	case len(names) != 1:
		return inputError{diag.Problemf("the name of one schema is required, not %d", len(names)).WithRemedy("give one of " + strings.Join(schemas.Names(), ", "))}
	}
	text, err := schemas.Text(names[0])
	if err != nil {
		return inputError{err}
	}
	_, err = io.WriteString(in.stdout, text)
	return err
}
