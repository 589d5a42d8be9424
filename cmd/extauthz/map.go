package main

import (
	"flag"
	"io"

	"extauthz/diag"
	"extauthz/mapping"
	"extauthz/simulate"
)

func mapUsage() command {
	return command{
		name: "map", summary: "print the ECR actions that a registry request needs",
		usage: []string{
			"METHOD PATH",
			"--tsv [FILE]",
		},
		example:  "HEAD /v2/team/app/manifests/v1",
		negative: "the request is refused",
		flags:    new(mapCommand).declare, run: mapRequests,
	}
}

// mapCommand contains the flags of map.
type mapCommand struct {
	tsv      bool
	format   string
	headers  []string // as NAME: VALUE
	policies string
	name     string           // of a registry in policies
	settings mapping.Settings // of a registry without policies
}

// declare adds the flags of map. Parsing them sets c. The default account and region are
// those of the quickstart's registry.
func (c *mapCommand) declare(flags *flag.FlagSet) {
	flags.BoolVar(&c.tsv, "tsv", false, "read METHOD, PATH and headers from each line of FILE or standard input, separated by tabs, with | between headers, and write one result on each line")
	declareFormat(flags, &c.format, "the permissions", "json", "text")
	flags.Func("header", "a `HEADER` of the request, such as 'Content-Length: 0'; may be repeated", repeated(&c.headers))
	flags.Func("H", "a `HEADER`, short for --header", repeated(&c.headers))
	flags.StringVar(&c.policies, "policies", "", "use a registry in the policy directory `DIR`, as for serve, and not the settings in the flags")
	flags.StringVar(&c.name, "registry", "", "with --policies: `NAME` of the registry; required if the directory has several")
	c.declareSettings(flags)
}

// declareSettings adds the flags with the settings of a registry.
func (c *mapCommand) declareSettings(flags *flag.FlagSet) {
	g := &c.settings
	flags.StringVar(&g.Account, "account", "123456789012", "`ACCOUNT` of the registry")
	flags.StringVar(&g.Region, "region", "eu-central-1", "`REGION` of the registry")
	flags.StringVar(&g.Partition, "partition", "aws", "`PARTITION` of the registry")
	flags.BoolVar(&g.DeleteBlobs, "delete-blobs", false, "the registry deletes single blobs")
	flags.BoolVar(&g.ECRNames, "ecr-names", false, "check repository names by ECR's rules, 2 to 256 characters, and not by OCI's, 1 to 255")
	flags.BoolVar(&g.AssumeMissing, "assume-missing", false, "assume that no repository exists, so that a push also needs the permission to create it")
	flags.Func("pull-through", "`PREFIX` of a pull-through cache, or ROOT; may be repeated", repeated(&g.PullThrough))
}

// mapRequests prints the permissions that registry requests need. It is a negative result
// if a single request is refused.
func mapRequests(in *invocation) error {
	c, flags := new(mapCommand), newFlags()
	c.declare(flags)
	arguments, err := parseMixed(flags, in)
	if err != nil {
		return err
	}
	registry, err := c.registry(in, flags)
	if err != nil {
		return inputError{err}
	}
	if c.tsv {
		return c.mapLines(in, registry, arguments)
	}
	return c.mapRequest(in, registry, arguments)
}

// registry returns the settings of the registry, in the flags or in the policy directory.
func (c *mapCommand) registry(in *invocation, flags *flag.FlagSet) (*mapping.Settings, error) {
	if c.policies == "" {
		if c.name != "" {
			return nil, diag.Problemf("--registry requires --policies").WithRemedy("add --policies, or describe the registry with flags")
		}
		return &c.settings, c.settings.Validate()
	}
	settings := newFlags()
	new(mapCommand).declareSettings(settings)
	var err error
	flags.Visit(func(f *flag.Flag) {
		if settings.Lookup(f.Name) != nil {
			err = diag.Problemf("%s cannot be combined with --policies", printedFlag(f.Name)).WithRemedy("leave it out, because registries.yaml has the settings of the registry")
		}
	})
	if err != nil {
		return nil, err
	}
	snapshot, err := loadDirectory(in, c.policies)
	if err != nil {
		return nil, err
	}
	r, err := simulate.FindRegistry(snapshot, c.name)
	if err != nil {
		return nil, err
	}
	return &r.Settings, nil
}

// mapRequest maps the request in the arguments.
func (c *mapCommand) mapRequest(in *invocation, registry *mapping.Settings, arguments []string) error {
	if len(arguments) != 2 {
		return inputError{diag.Problemf("a method and a path are required, not %d arguments", len(arguments)).WithRemedy("write METHOD PATH, as in GET /v2/team/app/manifests/v1")}
	}
	headers, err := parseHeaders(c.headers)
	if err != nil {
		return err
	}
	write := simulate.MapJSON
	if c.format == "text" {
		write = simulate.MapText
	}
	text, mapped := write(registry, &mapping.HTTPRequest{Method: arguments[0], Path: arguments[1], Headers: headers})
	if _, err := io.WriteString(in.stdout, text); err != nil {
		return err
	}
	if !mapped {
		return errNegative
	}
	return nil
}

// mapLines maps the requests in a file or standard input.
func (c *mapCommand) mapLines(in *invocation, registry *mapping.Settings, arguments []string) error {
	switch {
	case len(arguments) > 1:
		return inputError{diag.Problemf("unexpected argument %q", arguments[1]).WithRemedy("give one file")}
	case c.format == "text":
		return inputError{diag.Problemf("--format text cannot be combined with --tsv").WithRemedy("map one request at a time")}
	case len(c.headers) > 0:
		return inputError{diag.Problemf("--header cannot be combined with --tsv").WithRemedy("write the headers into the third column")}
	}
	_, from, err := openInput(in, arguments)
	if err != nil {
		return inputError{err}
	}
	defer from.Close()
	return simulate.MapLines(registry, from, in.stdout)
}
