package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/simulate"
)

func simulateUsage() command {
	return command{
		name: "simulate", summary: "evaluate the input of aws iam simulate-custom-policy, or a request with the policies of a directory",
		usage: []string{
			"[FILE]",
			"--policies DIR --principal ARN --request REQUEST",
		},
		example: "--explain case.json",
		flags:   new(simulateCommand).declare, run: runSimulate,
	}
}

// simulateCommand contains the flags of simulate.
type simulateCommand struct {
	jsonl            bool
	policies, format string
	headers          []string // as NAME: VALUE
	input            simulate.DirectoryInput
}

// declare adds the flags of simulate. Parsing them sets c.
func (c *simulateCommand) declare(flags *flag.FlagSet) {
	flags.BoolVar(&c.jsonl, "jsonl", false, "read one input from each line and write one result on each line")
	declareFormat(flags, &c.format, "the results: json as AWS writes it, text with each statement and why it does or does not apply", "json", "text")
	declareShort(flags, "explain", &c.format, "text", "write text for people")
	flags.StringVar(&c.policies, "policies", "", "use the policies in `DIR`, as serve would, instead of reading an input")
	c.declareRequest(flags)
}

// declareRequest adds the flags of a request to a directory.
func (c *simulateCommand) declareRequest(flags *flag.FlagSet) {
	i := &c.input
	flags.StringVar(&i.Principal, "principal", "", "with --policies: the caller's `ARN`, of a user, a role session or an account's root user, or the name of a service")
	flags.Func("tag", "with --policies: a session tag `KEY=VALUE` of the role session, which policies read as aws:PrincipalTag/KEY; may be repeated", c.addTag)
	flags.StringVar(&i.Source.ARN, "source-arn", "", "with --policies: `ARN` of the resource on whose behalf the service calls, which policies read as aws:SourceArn")
	flags.StringVar(&i.Source.Account, "source-account", "", "with --policies: `ACCOUNT` of that resource, which policies read as aws:SourceAccount; the default is the account in its ARN")
	flags.StringVar(&i.Registry, "registry", "", "with --policies: `NAME` of the registry; required if several registries match")
	flags.Func("request", "with --policies: the client's `REQUEST`, such as 'GET /v2/team/app/manifests/v1'", c.setRequest)
	flags.Func("action", "with --policies, instead of a request: an `ACTION`; may be repeated", repeated(&i.Actions))
	flags.Func("resource", "with --action: the `ARN` of a resource, or *, which is the default; may be repeated", repeated(&i.Resources))
	flags.Func("header", "with --policies: a `HEADER` of the request, such as 'User-Agent: crane'; may be repeated", repeated(&c.headers))
	flags.Func("H", "a `HEADER`, short for --header", repeated(&c.headers))
	flags.Func("source-ip", "with --policies: the client's `ADDRESS`", c.setPeer)
	flags.BoolVar(&i.TLS, "tls", false, "with --policies: the client's connection uses TLS")
	flags.Func("time", "with --policies: the time of the request, as `RFC3339`; the default is now", c.setTime)
}

func (c *simulateCommand) setRequest(value string) error {
	method, path, found := strings.Cut(value, " ")
	if !found || method == "" || !strings.HasPrefix(path, "/") {
		return diag.Problemf("a method and a path are required").WithRemedy("write METHOD /PATH")
	}
	c.input.Method, c.input.Path = method, path
	return nil
}

func (c *simulateCommand) addTag(value string) error {
	key, value, found := strings.Cut(value, "=")
	if !found {
		return diag.Problemf("it is not a tag").WithRemedy("write KEY=VALUE")
	}
	c.input.Tags = append(c.input.Tags, sts.Tag{Key: key, Value: value})
	return nil
}

func (c *simulateCommand) setPeer(value string) error {
	if !iam.IsAddress(value) {
		return diag.Problemf("it is not an IP address").WithRemedy("write one, such as 192.0.2.7")
	}
	c.input.Peer = value
	return nil
}

func (c *simulateCommand) setTime(value string) (err error) {
	c.input.Time, err = time.Parse(time.RFC3339, value)
	return err
}

// runSimulate evaluates inputs of SimulateCustomPolicy, or requests with the policies of
// a directory. A denial is not a negative result.
func runSimulate(in *invocation) error {
	c, flags := new(simulateCommand), newFlags()
	c.declare(flags)
	files, err := parseMixed(flags, in)
	if err != nil {
		return err
	}
	if c.policies != "" {
		return c.simulateDirectory(in, files)
	}
	if err := c.checkInputFlags(flags, files); err != nil {
		return err
	}
	source, from, err := openInput(in, files)
	if err != nil {
		return inputError{err}
	}
	defer from.Close()
	if c.jsonl {
		return new(simulate.Simulator).Lines(source, from, in.stdout)
	}
	return c.simulateInput(in, source, from)
}

// checkInputFlags rejects flags that have no effect without --policies, and flags that
// exclude each other.
func (c *simulateCommand) checkInputFlags(flags *flag.FlagSet, files []string) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if !slices.Contains([]string{"jsonl", "format", "explain"}, f.Name) {
			err = inputError{diag.Problemf("--%s requires --policies", f.Name).WithRemedy("add --policies, or write it into the input")}
		}
	})
	switch {
	case err != nil:
		return err
	case len(files) > 1:
		return inputError{diag.Problemf("unexpected argument %q", files[1]).WithRemedy("give one file")}
	case c.jsonl && c.format == "text":
		return inputError{diag.Problemf("--format text cannot be combined with --jsonl").WithRemedy("explain one input at a time")}
	}
	return nil
}

// simulateInput evaluates one input of SimulateCustomPolicy.
func (c *simulateCommand) simulateInput(in *invocation, source string, from io.Reader) error {
	text, err := readInput(source, from)
	if err != nil {
		return err
	}
	input, err := new(simulate.Simulator).Read(source, text)
	if err != nil {
		return inputError{err}
	}
	if c.format == "text" {
		return explain(in.stdout, input.Evaluations)
	}
	_, err = io.WriteString(in.stdout, simulate.Simulate(input.ID, input.Evaluations).String())
	return err
}

// explain writes the explanations of evaluations, separated by empty lines.
func explain(to io.Writer, evaluations []simulate.Evaluation) error {
	for i := range evaluations {
		if i > 0 {
			if _, err := fmt.Fprintln(to); err != nil {
				return err
			}
		}
		if err := evaluations[i].Explain(to); err != nil {
			return err
		}
	}
	return nil
}

// simulateDirectory evaluates the request in the flags with the policies of a directory.
func (c *simulateCommand) simulateDirectory(in *invocation, files []string) error {
	if err := c.checkDirectoryFlags(files); err != nil {
		return err
	}
	snapshot, err := loadDirectory(in, c.policies)
	if err != nil {
		return err
	}
	if c.input.Time.IsZero() {
		c.input.Time = time.Now()
	}
	evaluations, result, err := c.input.Evaluate(snapshot)
	if err != nil {
		return inputError{err}
	}
	if c.format != "text" {
		_, err = io.WriteString(in.stdout, simulate.Simulate(nil, evaluations).String())
		return err
	}
	if err := explain(in.stdout, evaluations); err != nil || result == nil {
		return err
	}
	return c.explainResult(in.stdout, result)
}

// checkDirectoryFlags rejects flags that exclude each other.
func (c *simulateCommand) checkDirectoryFlags(files []string) error {
	i := &c.input
	switch {
	case len(files) > 0:
		return inputError{diag.Problemf("unexpected argument %q", files[0]).WithRemedy("leave it out, because with --policies flags describe the request")}
	case c.jsonl:
		return inputError{diag.Problemf("--jsonl cannot be combined with --policies").WithRemedy("leave out --jsonl, because flags describe one request")}
	case i.Principal == "":
		return inputError{diag.Problemf("--principal is missing").WithRemedy("give the caller's ARN")}
	case i.Method == "" && len(i.Actions) == 0:
		return inputError{diag.Problemf("--request is missing").WithRemedy("give a request or an --action")}
	case i.Method != "" && len(i.Actions)+len(i.Resources) > 0:
		return inputError{diag.Problemf("--request cannot be combined with --action or --resource").WithRemedy("keep --request only, because it determines the actions and resources")}
	}
	return c.parseHeaders()
}

// parseHeaders parses the headers, and rejects a credential.
func (c *simulateCommand) parseHeaders() (err error) {
	if c.input.Headers, err = parseHeaders(c.headers); err != nil {
		return err
	}
	for _, h := range c.input.Headers {
		if h.Name == "authorization" {
			return inputError{diag.Problemf("a --header contains a credential").WithRemedy("leave it out, because --principal determines the caller")}
		}
	}
	return nil
}

// explainResult writes the sidecar's answer to the client's request.
func (c *simulateCommand) explainResult(to io.Writer, r *authz.Result) error {
	answer := "forwarded"
	if !r.Answer.Allowed {
		answer = fmt.Sprintf("answered with %d: %s", r.Answer.Status, cmp.Or(r.Reason, "it is a dry run"))
	}
	_, err := fmt.Fprintf(to, "\n%s: %s %s is %s\n", r.Decision, c.input.Method, c.input.Path, answer)
	return err
}
