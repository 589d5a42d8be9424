package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/mapping"
	"extauthz/nearest"
	"extauthz/simulate"
)

// environmentPrefix is the prefix of every environment variable that is read.
const environmentPrefix = "EXTAUTHZ_"

// serviceLink matches the variables that Kubernetes and Docker add to a container for
// a service or link whose name begins with "extauthz". They do not set flags.
var serviceLink = regexp.MustCompile(`_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// flagNames is the set of flags that the command line or the environment sets.
type flagNames map[string]bool

// newFlags returns an empty flag set that prints nothing.
func newFlags() *flag.FlagSet {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// A wordValue is the value of a flag that accepts only some words.
type wordValue struct {
	flag.Value
	words []string
}

// accepted returns the words.
func (w wordValue) accepted() []string { return w.words }

// acceptOnly says that a flag accepts only some words, for completion. Its value checks them.
func acceptOnly(flags *flag.FlagSet, name string, words ...string) {
	f := flags.Lookup(name)
	f.Value = wordValue{f.Value, words}
}

// noFlags declares the flags of a command that has none.
func noFlags(*flag.FlagSet) {}

// flagStruct is a struct with the flags of a command.
type flagStruct interface {
	declare(*flag.FlagSet) // parsing the flags sets the struct
}

// parse parses the command line of a command whose arguments and flags may come in any order.
func (in *invocation) parse(c flagStruct) (arguments []string, err error) {
	flags := newFlags()
	c.declare(flags)
	return parseMixed(flags, in)
}

// parseFlags is parse for a command without arguments.
func (in *invocation) parseFlags(c flagStruct) error {
	flags := newFlags()
	c.declare(flags)
	return parseArguments(flags, in)
}

// parseArguments parses the command line of a command without arguments. If a flag
// occurs twice, the last value counts. The error is flag.ErrHelp for --help.
func parseArguments(flags *flag.FlagSet, in *invocation) error {
	arguments, err := parseMixed(flags, in)
	if err == nil && len(arguments) > 0 {
		err = inputError{diag.Problemf("unexpected argument %q", arguments[0]).WithRemedy("see extauthz help " + in.command)}
	}
	return err
}

// parseMixed parses the command line of a command whose arguments may come before,
// between and after the flags. Everything after -- is an argument. The syntax of flags
// is that of package flag. Its Parse is not used because its errors are only texts.
func parseMixed(flags *flag.FlagSet, in *invocation) (arguments []string, err error) {
	for args := in.args; len(args) > 0; {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return append(arguments, args...), nil
		case len(arg) < 2 || arg[0] != '-':
			arguments = append(arguments, arg)
		default:
			if args, err = parseFlag(flags, arg, args); errors.Is(err, flag.ErrHelp) {
				return nil, err
			} else if err != nil {
				return nil, inputError{withHelp(err, in.command)}
			}
		}
	}
	return arguments, nil
}

// withHelp returns an error about a flag that refers to the command's help, unless the error
// has a remedy.
func withHelp(err error, command string) error {
	d := diag.Of(err)[0]
	d.Remedy = cmp.Or(d.Remedy, "see extauthz help "+command)
	return d
}

// parseFlag sets the flag in arg, whose value may be the next argument, and returns the
// arguments that follow.
func parseFlag(flags *flag.FlagSet, arg string, next []string) ([]string, error) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	f := flags.Lookup(name)
	switch {
	case name == "" || name[0] == '-':
		return nil, fmt.Errorf("bad flag syntax: %s", arg)
	case f == nil && (name == "help" || name == "h"):
		return nil, flag.ErrHelp
	case f == nil:
		return nil, unknownFlag(flags, name)
	}
	switch {
	case hasValue:
	case isBoolean(f):
		value = "true"
	case len(next) == 0:
		return nil, fmt.Errorf("flag %s needs a value", printedFlag(name))
	default:
		value, next = next[0], next[1:]
	}
	if err := flags.Set(name, value); err != nil && isBoolean(f) {
		return nil, diag.Wrap(diag.Position{}, fmt.Sprintf("invalid boolean value %q for %s: ", value, printedFlag(name)), err)
	} else if err != nil {
		return nil, diag.Wrap(diag.Position{}, fmt.Sprintf("invalid value %q for flag %s: ", value, printedFlag(name)), err)
	}
	return next, nil
}

// unknownFlag returns the error of a flag that does not exist, with the one that is probably meant.
func unknownFlag(flags *flag.FlagSet, name string) error {
	var known []string
	flags.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
	d := diag.Problemf("unknown flag %s", printedFlag(name))
	if meant := nearest.To(name, slices.Values(known), len(name)/3); meant != "" {
		return d.WithRemedy("did you mean " + printedFlag(meant) + "?")
	}
	return d
}

// isBoolean reports whether a flag needs no value.
func isBoolean(f *flag.Flag) bool {
	boolean, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && boolean.IsBoolFlag()
}

// printedFlag returns a flag's name with its dashes, one for a name of one character.
func printedFlag(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// oneDirectory returns the only argument, a policy directory.
func oneDirectory(arguments []string, in *invocation) (string, error) {
	switch len(arguments) {
	case 0:
		return "", inputError{diag.Problemf("no directory is given").WithRemedy(fmt.Sprintf("add the policy directory, as in extauthz %s policies", in.command))}
	case 1:
		return arguments[0], nil
	}
	return "", inputError{diag.Problemf("unexpected argument %q", arguments[1]).WithRemedy("give one directory")}
}

// directoryFlag is the policy directory of a command, as the flag --policies or as the only
// argument.
type directoryFlag struct{ policies string }

func (d *directoryFlag) declare(flags *flag.FlagSet) {
	flags.StringVar(&d.policies, "policies", "", "the policy directory `DIR`, if no argument names it")
}

// directory returns the policy directory.
func (d *directoryFlag) directory(arguments []string, in *invocation) (string, error) {
	if d.policies == "" {
		return oneDirectory(arguments, in)
	}
	if len(arguments) > 0 {
		return "", inputError{diag.Problemf("unexpected argument %q", arguments[0]).WithRemedy("leave it out, because --policies names the directory")}
	}
	return d.policies, nil
}

// repeated returns a function that appends each value of a flag to a list.
func repeated(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

// parseHeaders parses headers of the form NAME: VALUE. Its error does not contain them,
// because a header may contain a credential.
func parseHeaders(values []string) ([]mapping.Header, error) {
	var headers []mapping.Header
	for _, text := range values {
		header, ok := simulate.ParseHeader(text)
		if !ok {
			return nil, inputError{diag.Problemf("a --header has no name").WithRemedy("write NAME: VALUE")}
		}
		headers = append(headers, header)
	}
	return headers, nil
}

// parse parses the command line, and takes the flags that it does not set from the
// environment.
func parse(flags *flag.FlagSet, in *invocation) (flagNames, error) {
	if err := parseArguments(flags, in); err != nil {
		return nil, err
	}
	set := flagNames{}
	flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
	return set, parseEnvironment(flags, in.env, set)
}

// parseEnvironment sets flags that are not in set, and adds them to it. A variable
// without a flag is an error, because its name may be a misspelling of one that makes
// the program stricter.
func parseEnvironment(flags *flag.FlagSet, env []string, set flagNames) error {
	known := newFlags()
	new(config).declare(known)
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
			return inputError{diag.Problemf("%s is not a setting", variable).WithRemedy("see extauthz help serve, or unset it")}
		}
		if set[name] || flags.Lookup(name) == nil {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return inputError{diag.Wrap(diag.Position{}, fmt.Sprintf("invalid value %q for %s: ", value, variable), err)}
		}
		set[name] = true
	}
	return nil
}

// flagName returns the name of the flag that an environment variable sets, or "" if the
// variable has lower-case letters.
func flagName(variable string) string {
	if variable != strings.ToUpper(variable) {
		return ""
	}
	name := strings.TrimPrefix(variable, environmentPrefix)
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}
