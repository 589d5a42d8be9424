package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"extauthz/mapping"
	"extauthz/simulate"
)

// environmentPrefix begins the name of every environment variable that is read.
const environmentPrefix = "EXTAUTHZ_"

// serviceLink matches the variables that Kubernetes and Docker put into a
// container for a service or a link whose name begins with "extauthz": they
// are not meant for this program.
var serviceLink = regexp.MustCompile(`_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// given is the set of flags that the command line or the environment sets.
type given map[string]bool

// newFlags returns an empty set of flags that prints nothing by itself.
func newFlags() *flag.FlagSet {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parseArguments reads the command line. What is set twice has its last value.
// It returns flag.ErrHelp where help was asked for.
func parseArguments(flags *flag.FlagSet, in *invocation) error {
	arguments, err := parseMixed(flags, in)
	if err == nil && len(arguments) > 0 {
		err = inputErrorf("unexpected argument %q; see extauthz help %s", arguments[0], in.command)
	}
	return err
}

// parseMixed reads the command line of a command that takes arguments: they may
// stand before, between and behind the flags. Behind -- all are arguments. Flags are
// written as for package flag, whose errors are texts only; hence the own reading.
func parseMixed(flags *flag.FlagSet, in *invocation) (arguments []string, err error) {
	for args := in.args; len(args) > 0; {
		written := args[0]
		args = args[1:]
		switch {
		case written == "--":
			return append(arguments, args...), nil
		case len(written) < 2 || written[0] != '-':
			arguments = append(arguments, written)
		default:
			if args, err = parseFlag(flags, written, args); errors.Is(err, flag.ErrHelp) {
				return nil, err
			} else if err != nil {
				return nil, inputErrorf("%w; see extauthz help %s", err, in.command)
			}
		}
	}
	return arguments, nil
}

// parseFlag sets the flag that is written, which may have its value in the next
// argument, and returns the arguments that follow.
func parseFlag(flags *flag.FlagSet, written string, next []string) ([]string, error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(written[1:], "-"), "=")
	f := flags.Lookup(name)
	switch {
	case name == "" || name[0] == '-':
		return nil, fmt.Errorf("bad flag syntax: %s", written)
	case f == nil && (name == "help" || name == "h"):
		return nil, flag.ErrHelp
	case f == nil:
		return nil, fmt.Errorf("unknown flag %s", printedFlag(name))
	}
	boolean, isBoolean := f.Value.(interface{ IsBoolFlag() bool })
	isBoolean = isBoolean && boolean.IsBoolFlag()
	switch {
	case hasValue:
	case isBoolean:
		value = "true"
	case len(next) == 0:
		return nil, fmt.Errorf("flag %s needs a value", printedFlag(name))
	default:
		value, next = next[0], next[1:]
	}
	if err := flags.Set(name, value); err != nil && isBoolean {
		return nil, fmt.Errorf("invalid boolean value %q for %s: %w", value, printedFlag(name), err)
	} else if err != nil {
		return nil, fmt.Errorf("invalid value %q for flag %s: %w", value, printedFlag(name), err)
	}
	return next, nil
}

// printedFlag is a flag as help prints it: a name of one character has one dash.
func printedFlag(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// parseDirectory reads the command line of a command whose one argument is a
// policy directory.
func parseDirectory(flags *flag.FlagSet, in *invocation) (string, error) {
	arguments, err := parseMixed(flags, in)
	if err != nil {
		return "", err
	}
	return oneDirectory(arguments, in)
}

// oneDirectory wants one argument, a policy directory.
func oneDirectory(arguments []string, in *invocation) (string, error) {
	switch len(arguments) {
	case 0:
		return "", inputErrorf("no directory; name the policy directory, as in extauthz %s policies", in.command)
	case 1:
		return arguments[0], nil
	}
	return "", inputErrorf("unexpected argument %q; name one directory", arguments[1])
}

// repeated is what a flag that may be repeated does with each value.
func repeated(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

// parseHeaders reads headers as typed. Its error does not repeat them, for one
// may hold a credential.
func parseHeaders(typed []string) ([]mapping.Header, error) {
	var headers []mapping.Header
	for _, text := range typed {
		header, ok := simulate.ParseHeader(text)
		if !ok {
			return nil, inputErrorf("a --header has no name; write NAME: VALUE")
		}
		headers = append(headers, header)
	}
	return headers, nil
}

// parse reads the command line and then, for flags that it does not set, the
// environment.
func parse(flags *flag.FlagSet, in *invocation) (given, error) {
	if err := parseArguments(flags, in); err != nil {
		return nil, err
	}
	set := given{}
	flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
	return set, parseEnvironment(flags, in.env, set)
}

// parseEnvironment sets the flags that are not set yet and adds them to set.
// A variable that no flag is named after is an error: it may be the misspelt
// name of one that was meant to make the program stricter.
func parseEnvironment(flags *flag.FlagSet, env []string, set given) error {
	known := serveFlags()
	for _, variable := range env {
		variable, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(variable, environmentPrefix) {
			continue
		}
		name := flagName(variable)
		if known.Lookup(name) == nil {
			if serviceLink.MatchString(variable) {
				continue
			}
			return inputErrorf("%s is no setting; see extauthz help serve, or unset it", variable)
		}
		if set[name] || flags.Lookup(name) == nil {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return inputErrorf("invalid value %q for %s: %w", value, variable, err)
		}
		set[name] = true
	}
	return nil
}

// flagName is the name of the flag that an environment variable stands for, ""
// where the variable is not written as such names are.
func flagName(variable string) string {
	if variable != strings.ToUpper(variable) {
		return ""
	}
	name := strings.TrimPrefix(variable, environmentPrefix)
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}
