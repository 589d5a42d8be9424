package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"extauthz/decisionlog"
	"extauthz/diag"
	"extauthz/envoy"
	"extauthz/policystore"
	"extauthz/replay"
	"extauthz/simulate"
)

func explainUsage() command {
	return command{
		name: "explain", summary: "explain a decision of the log, or the decision on a request",
		usage: []string{
			"--policies DIR --log FILE [--id ID]",
			"--policies DIR --line LINE",
			"--policies DIR --check-request FILE",
			"--policies DIR --principal ARN --request REQUEST",
		},
		example:  "--policies policies --log decisions.log --id 019a0b1c-2d3e-7f40-8123-456789abcdef",
		negative: "the log does not have the decision, or the request cannot be decided again",
		flags:    new(explainCommand).declare, run: runExplain,
	}
}

// explainCommand contains the flags of explain.
type explainCommand struct {
	simulateCommand
	line         string // of a decision log
	log, id      string
	checkRequest string
}

// declare adds the flags of explain. Parsing them sets c.
func (c *explainCommand) declare(flags *flag.FlagSet) {
	flags.StringVar(&c.policies, "policies", "", "the policy directory `DIR`, as for serve")
	declareFormat(flags, &c.format, "the explanation", "text", "json")
	flags.StringVar(&c.line, "line", "", "a `LINE` of a decision log")
	flags.StringVar(&c.log, "log", "", "a decision log `FILE`, or - for standard input, which is read too if nothing else is given; with one decision, or with --id")
	flags.StringVar(&c.id, "id", "", "`ID` of the decision in the log")
	flags.StringVar(&c.checkRequest, "check-request", "", "`FILE` with a CheckRequest in JSON, or - for standard input")
	c.declareRequest(flags)
}

// runExplain explains one decision. It is a negative result if the log does not have the
// decision, or the decision cannot be made again.
func runExplain(in *invocation) error {
	c := new(explainCommand)
	if err := in.parseFlags(c); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	snapshot, err := loadDirectory(in, c.policies)
	if err != nil {
		return err
	}
	d, err := c.decide(in, snapshot)
	if err != nil {
		return err
	}
	if c.format == "json" {
		_, err = io.WriteString(in.stdout, d.String())
		return err
	}
	return d.Explain(in.stdout)
}

// check rejects flags that exclude each other.
func (c *explainCommand) check() error {
	var given []string
	for _, of := range []struct {
		flag    string
		isGiven bool
	}{{"--line", c.line != ""}, {"--log", c.log != ""}, {"--check-request", c.checkRequest != ""}, {"--principal", c.input.Principal != ""}} {
		if of.isGiven {
			given = append(given, of.flag)
		}
	}
	switch {
	case c.policies == "":
		return inputError{diag.Problemf("--policies is missing").WithRemedy("give the policy directory")}
	case len(given) > 1:
		return inputError{diag.Problemf("%s exclude each other", strings.Join(given, " and ")).WithRemedy("give one decision or request")}
	case c.id != "" && len(given) > 0 && given[0] != "--log":
		return inputError{diag.Problemf("--id cannot be combined with %s", given[0]).WithRemedy("use --id with --log")}
	case c.input.Principal != "":
		return c.checkDirectoryFlags(nil)
	case c.input.Method != "" || len(c.input.Actions) > 0:
		return inputError{diag.Problemf("--principal is missing").WithRemedy("give the caller's ARN")}
	}
	return nil
}

// decide returns the decision to explain.
func (c *explainCommand) decide(in *invocation, s *policystore.Snapshot) (*simulate.Decision, error) {
	switch {
	case c.input.Principal != "":
		if c.input.Time.IsZero() {
			c.input.Time = time.Now()
		}
		d, err := c.input.Decide(s)
		if err != nil {
			return nil, inputError{err}
		}
		return d, nil
	case c.checkRequest != "":
		source, text, err := readNamed(in, c.checkRequest)
		if err != nil {
			return nil, err
		}
		r, err := envoy.ParseCheckRequest(source, text, time.Now().UTC().Truncate(time.Second))
		if err != nil {
			return nil, inputError{err}
		}
		ctx, cancel := context.WithTimeout(context.Background(), whoamiTimeout)
		defer cancel()
		return simulate.DecideRequest(ctx, s, r), nil
	}
	e, err := c.findEntry(in)
	if err != nil {
		return nil, err
	}
	return c.decideAgain(in, s, e)
}

// findEntry returns the entry of the log that the flags select.
func (c *explainCommand) findEntry(in *invocation) (*decisionlog.Entry, error) {
	name, from := "--line", io.Reader(strings.NewReader(c.line+"\n"))
	if c.line == "" {
		files := []string{c.log}
		if c.log == "" {
			files = nil
		}
		source, file, err := openInput(in, files)
		if err != nil {
			return nil, inputError{err}
		}
		defer file.Close()
		name, from = source, file
	}
	r := decisionlog.NewReader(name, from)
	found, err := c.selectEntry(in, r)
	reportBadLines(in, name, r)
	switch counts := r.Counts(); {
	case err != nil:
		return nil, err
	case found != nil:
		return found, nil
	case c.id != "":
		return nil, diag.Problemf("%s has no decision %s among %d", name, c.id, counts.Decisions).WithRemedy("give the log that has it")
	}
	return nil, inputError{diag.Problemf("%s has no decision", name).WithRemedy("give a line of the decision log")}
}

// selectEntry returns the entry with the ID or, without one, the only entry.
func (c *explainCommand) selectEntry(in *invocation, r *decisionlog.Reader) (found *decisionlog.Entry, err error) {
	err = readEntries(in, r, func(e *decisionlog.Entry) error {
		switch {
		case c.id == "" && found != nil:
			return diag.Problemf("the log has several decisions").WithRemedy("select one with --id")
		case c.id == "" || e.DecisionID == c.id:
			found = e
		}
		return nil
	})
	return found, asInput(err)
}

// decideAgain decides the request of an entry by the policies of the directory. It reports if
// these are not the policies that decided, or decide otherwise.
func (c *explainCommand) decideAgain(in *invocation, s *policystore.Snapshot, e *decisionlog.Entry) (*simulate.Decision, error) {
	verdict, err := replay.New(s).Decide(e)
	if err != nil {
		return nil, diag.Problemf("decision %s cannot be explained: %v", e.DecisionID, err).WithRemedy("the recorded reason is: " + e.Reason)
	}
	if e.Digest != s.Digest {
		fmt.Fprintf(in.stderr, "extauthz explain: other policies decided (%s): they said %s\n", e.Digest, e.Decision)
	}
	if verdict.Result == nil {
		return &simulate.Decision{Decision: verdict.Decision.String(), Reason: verdict.Reason, Source: e.Source, Issuer: e.Issuer, KeyID: e.KeyID, Principal: e.Principal, Registry: e.Registry, Operation: e.Operation, Digest: s.Digest}, nil
	}
	d := simulate.NewDecision(verdict.Result)
	d.Source, d.Issuer, d.KeyID = e.Source, e.Issuer, e.KeyID
	return d, nil
}
