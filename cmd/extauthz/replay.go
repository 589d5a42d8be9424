package main

import (
	"flag"
	"slices"
	"strings"

	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/diag"
	"extauthz/policystore"
	"extauthz/replay"
)

func replayUsage() command {
	return command{
		name: "replay", summary: "decide the requests of a decision log again by other policies",
		usage:    []string{"--log FILE --policies DIR [--against DIR]"},
		example:  "--log decisions.log --policies new-policies --fail-on lost-access,new-access",
		negative: "there is a difference in --fail-on",
		flags:    new(replayCommand).declare, run: runReplay,
	}
}

// replayCommand contains the flags of replay.
type replayCommand struct {
	logs              logFiles
	policies, against string
	format            string
	failOn            []string
}

// declare adds the flags of replay. Parsing them sets c.
func (c *replayCommand) declare(flags *flag.FlagSet) {
	c.failOn = []string{string(replay.LostAccess)}
	c.logs.declare(flags)
	flags.StringVar(&c.policies, "policies", "", "`DIR` with the new policies; required")
	flags.StringVar(&c.against, "against", "", "`DIR` with the policies to compare with, instead of the recorded decisions")
	declareFormat(flags, &c.format, "the differences", "text", "json", "csv")
	flags.Func("fail-on", "the `DIFFERENCES` that make the exit code 1, separated by commas: "+strings.Join(differences(), ", ")+"; or none (default lost-access)", c.setFailOn)
	acceptOnly(flags, "fail-on", append(differences(), "none")...)
}

// notReplayed is the value of --fail-on for requests that cannot be decided again.
const notReplayed = "not-replayed"

// differences returns the words of --fail-on.
func differences() []string {
	return []string{string(replay.LostAccess), string(replay.NewAccess), string(replay.OtherDenial), notReplayed}
}

func (c *replayCommand) setFailOn(value string) error {
	if c.failOn = strings.Split(value, ","); value == "none" {
		c.failOn = nil
	}
	for _, name := range c.failOn {
		if !slices.Contains(differences(), name) {
			return diag.Problemf("%q is not a difference", name).WithRemedy("write " + oneOf(differences()) + ", or none alone")
		}
	}
	return nil
}

// runReplay decides the requests of a log again. A difference in --fail-on is a negative
// result.
func runReplay(in *invocation) error {
	c := new(replayCommand)
	if err := in.parseFlags(c); err != nil {
		return err
	}
	if c.policies == "" {
		return inputError{diag.Problemf("--policies is missing").WithRemedy("give the directory with the new policies")}
	}
	comparison, err := c.comparison(in)
	if err != nil {
		return err
	}
	lines, err := c.logs.read(in, func(log string, e *decisionlog.Entry) error {
		comparison.Add(log, e)
		return nil
	})
	if err != nil {
		return err
	}
	report := comparison.Report()
	report.Lines = lines
	if err := c.write(in, report); err != nil {
		return inputError{err} // not a negative result, which has the exit code 1
	}
	if c.fails(report) {
		return errNegative
	}
	return nil
}

// comparison loads the policies.
func (c *replayCommand) comparison(in *invocation) (*replay.Comparison, error) {
	next, err := loadForLog(in, c.policies)
	if err != nil {
		return nil, err
	}
	if c.against == "" {
		return replay.NewComparison(replay.New(next), nil), nil
	}
	old, err := loadForLog(in, c.against)
	if err != nil {
		return nil, err
	}
	return replay.NewComparison(replay.New(next), replay.New(old)), nil
}

// loadForLog compiles a policy directory for a command that decides the requests of a log,
// many of which are the same.
func loadForLog(in *invocation, dir string) (*policystore.Snapshot, error) {
	defer in.begin(loadingPolicies).end()
	snapshot, err := policystore.Load(dir, decision.Options{CacheSize: 65536})
	if err != nil {
		return nil, inputError{inDirectory(dir, err)}
	}
	return snapshot, nil
}

func (c *replayCommand) write(in *invocation, r *replay.Report) error {
	switch c.format {
	case "json":
		return r.WriteJSON(in.stdout)
	case "csv":
		return r.WriteCSV(in.stdout)
	}
	return r.WriteText(in.stdout)
}

// fails reports whether the report has a difference in --fail-on.
func (c *replayCommand) fails(r *replay.Report) bool {
	return slices.ContainsFunc(c.failOn, func(name string) bool {
		if name == notReplayed {
			return len(r.NotReplayed) > 0 || r.Lines.Bad() > 0
		}
		return r.Requests(replay.Change(name)) > 0
	})
}
