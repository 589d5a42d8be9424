package main

import (
	"flag"
	"io"

	"extauthz/access"
	"extauthz/diag"
	"extauthz/policystore"
)

// accessCommand contains the flags of who-can and what-can.
type accessCommand struct {
	policies, registry, format string
}

// declare adds the flags. Parsing them sets c.
func (c *accessCommand) declare(flags *flag.FlagSet) {
	flags.StringVar(&c.policies, "policies", "", "the policy directory `DIR`, as for serve")
	flags.StringVar(&c.registry, "registry", "", "`NAME` of the registry; required if several match")
	declareFormat(flags, &c.format, "the answer", "text", "json", "csv")
}

// parse parses the command line, which has that many arguments, and loads the directory.
func (c *accessCommand) parse(in *invocation, names ...string) (arguments []string, s *policystore.Snapshot, d *access.Directory, err error) {
	if arguments, err = in.parse(c); err != nil {
		return nil, nil, nil, err
	}
	switch {
	case len(arguments) < len(names):
		err = diag.Problemf("%s is missing", names[len(arguments)]).WithRemedy("see extauthz help " + in.command)
	case len(arguments) > len(names):
		err = diag.Problemf("unexpected argument %q", arguments[len(names)]).WithRemedy("see extauthz help " + in.command)
	case c.policies == "":
		err = diag.Problemf("--policies is missing").WithRemedy("give the policy directory")
	}
	if err != nil {
		return nil, nil, nil, inputError{err}
	}
	s, d, err = openAccess(in, c.policies)
	return arguments, s, d, err
}

// openAccess loads a policy directory for questions about all of it.
func openAccess(in *invocation, dir string) (*policystore.Snapshot, *access.Directory, error) {
	defer in.begin(loadingPolicies).end()
	s, err := policystore.LoadDocuments(dir)
	if err != nil {
		return nil, nil, inputError{inDirectory(dir, err)}
	}
	d, err := access.New(s)
	return s, d, err
}

// evaluatingPolicies is the progress of a command that evaluates all policies.
const evaluatingPolicies = "evaluating policies"

// answer is the answer to a question about a directory.
type answer interface {
	WriteText(io.Writer) error
	WriteJSON(io.Writer) error
	WriteCSV(io.Writer) error
}

// printAnswer prints an answer, which may be a negative result.
func printAnswer(to io.Writer, format string, a answer, isNegative bool) (err error) {
	switch format {
	case "json":
		err = a.WriteJSON(to)
	case "csv":
		err = a.WriteCSV(to)
	default:
		err = a.WriteText(to)
	}
	if err == nil && isNegative {
		return errNegative
	}
	return err
}
