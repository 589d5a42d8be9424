package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"extauthz/decision"
	"extauthz/diag"
	"extauthz/policystore"
	"extauthz/policytest"
	"extauthz/scaffold"
)

func initUsage() command {
	return command{
		name: "init", summary: "write a new policy directory",
		usage:   []string{"DIR --account ACCOUNT --region REGION"},
		example: "policies --account 123456789012 --region eu-central-1 --users alice,bob",
		flags:   new(initCommand).declare, run: initialize,
	}
}

// initCommand contains the flags of init.
type initCommand struct {
	options scaffold.Options
	users   string // separated by commas
	format  string
}

// declare adds the flags of init. Parsing them sets c.
func (c *initCommand) declare(flags *flag.FlagSet) {
	declareFormat(flags, &c.format, "what was written", "text", "json")
	o := &c.options
	flags.StringVar(&o.Account, "account", "", "`ACCOUNT` of the registry, 12 digits; required")
	flags.StringVar(&o.Region, "region", "", "`REGION` of the registry, such as eu-central-1; required")
	flags.StringVar(&o.Partition, "partition", "aws", "`PARTITION` of the registry: aws, aws-cn or another of AWS")
	flags.StringVar(&o.Host, "registry-host", "registry.example.com", "`HOST` name of the registry for clients")
	flags.Func("repository", "`NAME=TEMPLATE`, or NAME for push-pull; may be repeated; by default one of each template: "+templateNames(), c.addRepository)
	flags.StringVar(&c.users, "users", "alice,bob", "`NAMES` of users, separated by commas")
	flags.StringVar(&o.Admin, "admin", "admin", "`NAME` of the administrator in pull-and-admin")
	flags.StringVar(&o.OtherAccount, "other-account", "444455556666", "the other `ACCOUNT` in cross-account-push and pull-all-accounts")
	flags.StringVar(&o.GitHub, "github", "acme/app", "`OWNER/REPOSITORY` on GitHub whose main branch pushes to the repositories with the template push-pull; OWNER@ID/REPOSITORY@ID if it was created, renamed or transferred since July 2026, because its tokens have immutable subjects")
}

func (c *initCommand) addRepository(value string) error {
	r, err := scaffold.ParseRepository(value)
	c.options.Repositories = append(c.options.Repositories, r)
	return err
}

func templateNames() string {
	var names []string
	for _, t := range scaffold.Templates() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// initialize writes a new policy directory.
func initialize(in *invocation) error {
	c := new(initCommand)
	arguments, err := in.parse(c)
	if err != nil {
		return err
	}
	dir, err := oneDirectory(arguments, in)
	if err != nil {
		return err
	}
	c.options.Users = strings.Split(c.users, ",")
	if len(c.options.Repositories) == 0 {
		c.options.Repositories = scaffold.Repositories()
	}
	files, err := c.options.Files()
	if err != nil {
		return inputError{err}
	}
	if err := scaffold.Write(dir, files, checkDirectory); err != nil {
		return inputError{err}
	}
	if c.format == "json" {
		return printJSON(in.stdout, writtenDirectory{dir, slices.Sorted(maps.Keys(files))})
	}
	return c.printNextSteps(in.stdout, dir, len(files))
}

// writtenDirectory is the JSON form of what init wrote.
type writtenDirectory struct {
	Directory string   `json:"directory"`
	Files     []string `json:"files"` // their paths in it
}

// checkDirectory checks that a directory can be loaded, and that its tests pass.
func checkDirectory(dir string) error {
	snapshot, err := policystore.Load(dir, decision.Options{CacheSize: 1})
	if err != nil {
		return err
	}
	tests, err := policytest.Load(dir)
	if err != nil {
		return err
	}
	results := policytest.Run(snapshot, tests, time.Now())
	for i := range results {
		if !results[i].Passed() {
			return diag.Problemf("policy test %q fails, which is a bug of extauthz", results[i].Test.ID()).WithRemedy("report it with the flags")
		}
	}
	return nil
}

// printNextSteps prints what the operator has to do.
func (c *initCommand) printNextSteps(to io.Writer, dir string, files int) error {
	user := c.options.Users[0]
	_, err := fmt.Fprintf(to, `%[1]s: wrote %[2]d files. They contain no passwords. Next:
  htpasswd -B -C 10 -c %[1]s/htpasswd %[3]s    and without -c for each other user
  extauthz test %[1]s
  extauthz lint %[1]s
  extauthz serve --policies %[1]s
and add the context extension registry: main to each route in Envoy's configuration.
`, dir, files, user)
	return err
}
