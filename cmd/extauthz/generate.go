package main

import (
	"flag"
	"io"

	"extauthz/decisionlog"
	"extauthz/diag"
	"extauthz/generate"
	"extauthz/replay"
	"extauthz/scaffold"
)

func generateUsage() command {
	return command{
		name: "generate", summary: "write least-privilege policies for the use in a decision log",
		usage:   []string{"--log FILE --out DIR"},
		example: "--log decisions.log --policies policies --out generated",
		flags:   new(generateCommand).declare, run: runGenerate,
	}
}

// generateCommand contains the flags of generate.
type generateCommand struct {
	logs          logFiles
	policies, out string
	format        string
	wildcards     int
}

// declare adds the flags of generate. Parsing them sets c.
func (c *generateCommand) declare(flags *flag.FlagSet) {
	c.logs.declare(flags)
	flags.StringVar(&c.out, "out", "", "`DIR` to write, which must not exist: managed/NAME.json for each policy, and generated.json about them; required")
	flags.StringVar(&c.policies, "policies", "", "`DIR` with the policies in force: only what they allow is used, and access that depends on conditions is listed")
	flags.IntVar(&c.wildcards, "wildcards", 0, "write a pattern PARENT/* instead of at least `N` repositories with the same parent and the same actions; 0 means never")
	declareFormat(flags, &c.format, "the summary on standard output", "text", "json")
}

// runGenerate writes policies for the use in a log.
func runGenerate(in *invocation) error {
	c := new(generateCommand)
	if err := in.parseFlags(c); err != nil {
		return err
	}
	switch {
	case c.out == "":
		return inputError{diag.Problemf("--out is missing").WithRemedy("give a directory that does not exist")}
	case c.wildcards < 0 || c.wildcards == 1:
		return inputError{diag.Problemf("--wildcards %d would write patterns instead of single repositories", c.wildcards).WithRemedy("give at least 2, or 0 for no patterns")}
	}
	collector, err := c.collector(in)
	if err != nil {
		return err
	}
	lines, err := c.logs.read(in, func(_ string, e *decisionlog.Entry) error { return collector.Add(e) })
	if err != nil {
		return err
	}
	files, summary := collector.Files(lines, c.wildcards)
	if len(summary.Principals) == 0 {
		return inputError{diag.Problemf("the log shows no use by a user or role").WithRemedy("give a log of allowed requests, which serve --decision-log all writes")}
	}
	if err := scaffold.Write(c.out, files, func(string) error { return nil }); err != nil {
		return inputError{err}
	}
	_, err = io.WriteString(in.stdout, c.output(summary))
	return err
}

// collector loads the policies in force, if they are given.
func (c *generateCommand) collector(in *invocation) (*generate.Collector, error) {
	if c.policies == "" {
		return generate.NewCollector(nil), nil
	}
	snapshot, err := loadForLog(in, c.policies)
	if err != nil {
		return nil, err
	}
	return generate.NewCollector(replay.New(snapshot)), nil
}

func (c *generateCommand) output(s *generate.Summary) string {
	if c.format == "json" {
		return s.JSON()
	}
	return s.Text()
}
