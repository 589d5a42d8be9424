package main

import (
	"cmp"
	"flag"
	"io"
	"strings"

	"extauthz/access"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/simulate"
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
	flags := newFlags()
	c.declare(flags)
	if arguments, err = parseMixed(flags, in); err != nil {
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
	if s, err = policystore.LoadDocuments(c.policies); err != nil {
		return nil, nil, nil, inputError{inDirectory(c.policies, err)}
	}
	d, err = access.New(s)
	return arguments, s, d, err
}

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

// whoCan prints the principals that may perform an action on a resource.
func whoCan(in *invocation) error {
	c := new(accessCommand)
	arguments, s, d, err := c.parse(in, "ACTION", "RESOURCE")
	if err != nil {
		return err
	}
	action, resource := arguments[0], arguments[1]
	if err := cmp.Or(simulate.CheckAction(action), access.CheckAction(action)); err != nil {
		return inputError{err}
	}
	var named []string
	if strings.HasPrefix(resource, "arn:") {
		named = []string{resource}
	}
	r, err := simulate.RegistryOf(s, c.registry, named)
	if err != nil {
		return inputError{err}
	}
	if resource, err = resourceOf(r, action, resource); err != nil {
		return inputError{err}
	}
	w := d.WhoCan(r, action, resource)
	return printAnswer(in.stdout, c.format, w, len(w.Grants) == 0)
}

// resourceOf returns the resource of an action at a registry: * for an action without one,
// otherwise the ARN of the repository that a text is the ARN or the name of.
func resourceOf(r *policystore.Registry, action, text string) (string, error) {
	if strings.HasPrefix(text, "arn:") {
		if err := simulate.CheckInRegistry(r, text); err != nil {
			return "", err
		}
	}
	const remedy = "write the name or the ARN of one repository"
	name := strings.TrimPrefix(text, r.RepositoryARN(""))
	switch {
	case iam.IsResourceless(action) && text != "*":
		return "", diag.Problemf("%s is not an action on a repository", action).WithRemedy("write * for the resource")
	case iam.IsResourceless(action):
		return text, nil
	case text == "*":
		return "", diag.Problemf("* is not a repository").WithRemedy(remedy)
	case strings.ContainsAny(text, "*?"):
		return "", diag.Problemf("resource %q contains a wildcard", text).WithRemedy(remedy + "; what-can lists the patterns of a principal")
	case !mapping.ValidRepository(name):
		return "", diag.Problemf("%q is not the name of a repository", name).WithRemedy(remedy + ", such as team/app")
	}
	return r.RepositoryARN(name), nil
}

// whatCan prints what a principal may do.
func whatCan(in *invocation) error {
	c := new(accessCommand)
	arguments, s, d, err := c.parse(in, "PRINCIPAL")
	if err != nil {
		return err
	}
	r, err := simulate.FindRegistry(s, c.registry)
	if err != nil {
		return inputError{err}
	}
	w, err := d.WhatCan(r, arguments[0])
	if err != nil {
		return inputError{err}
	}
	return printAnswer(in.stdout, c.format, w, !w.HasAccess())
}
