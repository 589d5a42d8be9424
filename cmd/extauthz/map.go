package main

import (
	"flag"
	"io"

	"extauthz/mapping"
	"extauthz/simulate"
)

// mapCommand is what the flags of map say.
type mapCommand struct {
	tsv      bool
	headers  []string // as typed
	registry mapping.Registry
}

// declare adds the flags of map; parsing them fills in c. The account and the
// region are those of the quickstart's registry.
func (c *mapCommand) declare(flags *flag.FlagSet) {
	flags.BoolVar(&c.tsv, "tsv", false, "read METHOD, PATH and headers separated by |, with tabs between, from each line of FILE or standard input, and write one result a line")
	flags.Func("header", "a `HEADER` of the request, as in 'Content-Length: 0'; may be repeated", repeated(&c.headers))
	flags.Func("H", "the same `HEADER`, as curl has it", repeated(&c.headers))
	g := &c.registry
	flags.StringVar(&g.Account, "account", "123456789012", "`ACCOUNT` of the registry")
	flags.StringVar(&g.Region, "region", "eu-central-1", "`REGION` of the registry")
	flags.StringVar(&g.Partition, "partition", "aws", "`PARTITION` of the registry")
	flags.BoolVar(&g.DeleteBlobs, "delete-blobs", false, "the registry deletes single blobs")
	flags.BoolVar(&g.ECRNames, "ecr-names", false, "hold repository names to ECR's rules, 2 to 256 characters, and not to OCI's, 1 to 255")
	flags.BoolVar(&g.AssumeMissing, "assume-missing", false, "every repository counts as missing, so that what may create one asks that too")
	flags.Func("pull-through", "`PREFIX` of a pull-through cache, or ROOT; may be repeated", repeated(&g.PullThrough))
}

// mapRequests prints what registry requests ask. A single request that is
// refused is a negative answer.
func mapRequests(in *invocation) error {
	c, flags := new(mapCommand), newFlags()
	c.declare(flags)
	arguments, err := parseMixed(flags, in)
	if err != nil {
		return err
	}
	if err := c.registry.Validate(); err != nil {
		return inputError{err}
	}
	if c.tsv {
		return c.lines(in, arguments)
	}
	return c.one(in, arguments)
}

// one maps the request that the arguments are.
func (c *mapCommand) one(in *invocation, arguments []string) error {
	if len(arguments) != 2 {
		return inputErrorf("%d arguments; write METHOD PATH, as in GET /v2/team/app/manifests/v1", len(arguments))
	}
	headers, err := parseHeaders(c.headers)
	if err != nil {
		return err
	}
	text, mapped := simulate.MapJSON(&c.registry, &mapping.Request{Method: arguments[0], Path: arguments[1], Headers: headers})
	if _, err := io.WriteString(in.stdout, text); err != nil {
		return err
	}
	if !mapped {
		return errNegative
	}
	return nil
}

// lines maps the requests in a file or standard input.
func (c *mapCommand) lines(in *invocation, arguments []string) error {
	switch {
	case len(arguments) > 1:
		return inputErrorf("unexpected argument %q; name one file", arguments[1])
	case len(c.headers) > 0:
		return inputErrorf("--header with --tsv; write headers into the third column")
	}
	_, from, err := openInput(in, arguments)
	if err != nil {
		return inputError{err}
	}
	defer from.Close()
	return simulate.MapLines(&c.registry, from, in.stdout)
}
