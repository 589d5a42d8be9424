package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"time"

	"extauthz/diag"
	"extauthz/policystore"
	"extauthz/policytest"
)

func testUsage() command {
	return command{
		name: "test", summary: "run the policy tests of a directory",
		usage:    []string{"DIR", "--policies DIR"},
		example:  "policies --run alice",
		negative: "a test fails",
		flags:    new(testCommand).declare, run: test,
	}
}

// testCommand contains the flags of test.
type testCommand struct {
	directoryFlag
	junit, format string
	run           *regexp.Regexp
}

// declare adds the flags of test. Parsing them sets c.
func (c *testCommand) declare(flags *flag.FlagSet) {
	c.directoryFlag.declare(flags)
	declareFormat(flags, &c.format, "the results", "text", "json")
	flags.StringVar(&c.junit, "junit", "", "also write the results to `FILE` as JUnit XML")
	flags.Func("run", "run only the tests whose FILE: NAME matches the regular expression `PATTERN`", c.setRun)
}

func (c *testCommand) setRun(value string) (err error) {
	c.run, err = regexp.Compile(value)
	return err
}

// test runs the policy tests of a directory. A test that fails is a negative result.
func test(in *invocation) error {
	c := new(testCommand)
	arguments, err := in.parse(c)
	if err != nil {
		return err
	}
	dir, err := c.directory(arguments, in)
	if err != nil {
		return err
	}
	results, err := c.results(in, dir)
	if err != nil {
		return err
	}
	if err := c.write(in.stdout, results); err != nil {
		return err
	}
	if err := c.writeJUnit(results); err != nil {
		return err
	}
	if results.Failed() > 0 {
		return errNegative
	}
	return nil
}

func (c *testCommand) write(to io.Writer, results policytest.Results) error {
	if c.format == "json" {
		return results.WriteJSON(to)
	}
	_, err := results.WriteTo(to)
	return err
}

// results runs the tests of the directory that match the pattern.
func (c *testCommand) results(in *invocation, dir string) (policytest.Results, error) {
	snapshot, tests, err := loadWithTests(in, dir)
	if err != nil {
		return nil, inputError{inDirectory(dir, err)}
	}
	if c.run != nil {
		tests = slices.DeleteFunc(tests, func(t *policytest.Test) bool { return !c.run.MatchString(t.ID()) })
		if len(tests) == 0 {
			return nil, inputErrorf("--run %s matches no test", c.run)
		}
	}
	defer in.begin("running tests").end()
	return policytest.Run(snapshot, tests, time.Now()), nil
}

// loadWithTests loads the policies and the tests of a directory. The error reports the
// faults of both. A directory that cannot be read is one fault.
func loadWithTests(in *invocation, dir string) (*policystore.Snapshot, []*policytest.Test, error) {
	var faults diag.Faults
	snapshot, err := loadPolicies(in, dir)
	faults.Add(err)
	tests, inTests := policytest.Load(dir)
	if err == nil || !errors.As(inTests, new(*fs.PathError)) {
		faults.Add(inTests)
	}
	return snapshot, tests, faults.Err()
}

// writeJUnit writes the report if --junit is set.
func (c *testCommand) writeJUnit(results policytest.Results) error {
	if c.junit == "" {
		return nil
	}
	var report bytes.Buffer
	if err := results.WriteJUnit(&report); err != nil {
		return err
	}
	if err := os.WriteFile(c.junit, report.Bytes(), 0o644); err != nil {
		return inputErrorf("--junit: %w", err)
	}
	return nil
}
