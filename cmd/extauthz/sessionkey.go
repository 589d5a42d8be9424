package main

import (
	"flag"
	"fmt"
	"time"

	"extauthz/diag"
	"extauthz/identity/session"
)

func sessionKeyUsage() command {
	return command{
		name: "session-key", summary: "create a key that signs session tokens",
		usage:   []string{"DIR"},
		example: "keys --signs-after 5m",
		flags:   new(sessionKeyCommand).declare, run: createSessionKey,
	}
}

// sessionKeyCommand contains the flags of session-key.
type sessionKeyCommand struct {
	signsAfter time.Duration
	format     string
}

// declare adds the flags of session-key. Parsing them sets c.
func (c *sessionKeyCommand) declare(flags *flag.FlagSet) {
	declareFormat(flags, &c.format, "the path of the key", "text", "json")
	flags.DurationVar(&c.signsAfter, "signs-after", 0, "how long the key only verifies; in that time it must reach every replica")
}

// createSessionKey creates a key in a folder, and prints the path of the file.
func createSessionKey(in *invocation) error {
	c := new(sessionKeyCommand)
	arguments, err := in.parse(c)
	switch {
	case err != nil:
		return err
	case len(arguments) != 1:
		return inputError{diag.Problemf("one folder is required, not %d", len(arguments)).WithRemedy("give the folder of --session-keys, as in extauthz session-key keys")}
	case c.signsAfter < 0:
		return inputError{diag.Problemf("--signs-after %v is negative", c.signsAfter).WithRemedy("give 0s or more")}
	}
	path, err := session.Create(arguments[0], time.Now().Add(c.signsAfter))
	if err != nil {
		return inputError{err}
	}
	if c.format == "json" {
		return printJSON(in.stdout, struct {
			File string `json:"file"`
		}{path})
	}
	_, err = fmt.Fprintln(in.stdout, path)
	return err
}
