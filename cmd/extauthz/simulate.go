package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/simulate"
)

// runSimulate decides inputs of SimulateCustomPolicy, or questions to a policy
// directory. A denial is an answer like any other.
func runSimulate(in *invocation) error {
	c, flags := new(simulateCommand), newFlags()
	c.declare(flags)
	files, err := parseMixed(flags, in)
	if err != nil {
		return err
	}
	if c.policies != "" {
		return c.askDirectory(in, files)
	}
	if err := c.checkWithoutDirectory(flags, files); err != nil {
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
	return c.answerInput(in, source, from)
}

func (c *simulateCommand) answerInput(in *invocation, source string, from io.Reader) error {
	text, err := readInput(source, from)
	if err != nil {
		return err
	}
	read, err := new(simulate.Simulator).Read(source, text)
	if err != nil {
		return inputError{err}
	}
	if c.explain {
		return explain(in.stdout, read.Questions)
	}
	_, err = io.WriteString(in.stdout, simulate.Simulate(read.ID, read.Questions).String())
	return err
}

// explain writes the questions' explanations, an empty line between two.
func explain(to io.Writer, questions []simulate.Question) error {
	for i := range questions {
		if i > 0 {
			if _, err := fmt.Fprintln(to); err != nil {
				return err
			}
		}
		if err := questions[i].Explain(to); err != nil {
			return err
		}
	}
	return nil
}

// askDirectory answers what the flags ask of a policy directory.
func (c *simulateCommand) askDirectory(in *invocation, files []string) error {
	if err := c.checkInquiry(files); err != nil {
		return err
	}
	snapshot, err := loadDirectory(c.policies)
	if err != nil {
		return err
	}
	if c.inquiry.Time.IsZero() {
		c.inquiry.Time = time.Now()
	}
	answer, err := c.inquiry.Ask(snapshot)
	if err != nil {
		return inputError{err}
	}
	if !c.explain {
		_, err = io.WriteString(in.stdout, simulate.Simulate(nil, answer.Questions).String())
		return err
	}
	if err := explain(in.stdout, answer.Questions); err != nil || answer.Result == nil {
		return err
	}
	return explainResult(in.stdout, &c.inquiry, answer)
}

// explainResult says what the client would be answered.
func explainResult(to io.Writer, i *simulate.Inquiry, a *simulate.Answer) error {
	verdict := "forwarded"
	if !a.Result.Answer.Allowed {
		verdict = fmt.Sprintf("answered with %d: %s", a.Result.Answer.Status, a.Result.Reason)
	}
	_, err := fmt.Fprintf(to, "\n%s: %s %s is %s\n", a.Result.Decision, i.Method, i.Path, verdict)
	return err
}

// simulation is what the flags of simulate say.
type simulateCommand struct {
	jsonl, explain bool
	policies       string
	headers        []string // as typed
	inquiry        simulate.Inquiry
}

// declare adds the flags of simulate; parsing them fills in c.
func (c *simulateCommand) declare(flags *flag.FlagSet) {
	flags.BoolVar(&c.jsonl, "jsonl", false, "read one input a line and write one result a line")
	flags.BoolVar(&c.explain, "explain", false, "write text for a person: each statement, and why it does or does not apply")
	flags.StringVar(&c.policies, "policies", "", "ask the policies in `DIR`, as serve would, instead of reading an input")
	i := &c.inquiry
	flags.StringVar(&i.Principal, "principal", "", "with --policies: `WHO` asks: the ARN of a user, of a role session or of an account's root user, or the name of a service")
	flags.Func("tag", "with --policies: a session tag `KEY=VALUE` of the role session, which policies see as aws:PrincipalTag/KEY; may be repeated", c.addTag)
	flags.StringVar(&i.Source.ARN, "source-arn", "", "with --policies: `ARN` of the resource for which the service asks, which policies see as aws:SourceArn")
	flags.StringVar(&i.Source.Account, "source-account", "", "with --policies: `ACCOUNT` of that resource, which policies see as aws:SourceAccount; the default is the account in its ARN")
	flags.StringVar(&i.Registry, "registry", "", "with --policies: `NAME` of the registry asked; needed where it is not clear")
	flags.Func("request", "with --policies: the `REQUEST`, as in 'GET /v2/team/app/manifests/v1'", c.setRequest)
	flags.Func("action", "with --policies, instead of a request: the `ACTION`; may be repeated", repeated(&i.Actions))
	flags.Func("resource", "with --action: the `ARN` of the resource, or *, which is the default; may be repeated", repeated(&i.Resources))
	flags.Func("header", "with --policies: a `HEADER` of the request, as in 'User-Agent: crane'; may be repeated", repeated(&c.headers))
	flags.Func("H", "short for --header", repeated(&c.headers))
	flags.Func("source-ip", "with --policies: the client's `ADDRESS`", c.setPeer)
	flags.BoolVar(&i.TLS, "tls", false, "with --policies: the client's connection is TLS")
	flags.Func("time", "with --policies: when the request comes in, as `RFC3339`; the default is now", c.setTime)
}

func (c *simulateCommand) setRequest(value string) error {
	method, path, found := strings.Cut(value, " ")
	if !found || method == "" || !strings.HasPrefix(path, "/") {
		return errors.New("write METHOD /PATH")
	}
	c.inquiry.Method, c.inquiry.Path = method, path
	return nil
}

func (c *simulateCommand) addTag(value string) error {
	key, value, found := strings.Cut(value, "=")
	if !found {
		return errors.New("write KEY=VALUE")
	}
	c.inquiry.Tags = append(c.inquiry.Tags, sts.Tag{Key: key, Value: value})
	return nil
}

func (c *simulateCommand) setPeer(value string) error {
	if !iam.IsAddress(value) {
		return errors.New("write one address, such as 192.0.2.7")
	}
	c.inquiry.Peer = value
	return nil
}

func (c *simulateCommand) setTime(value string) (err error) {
	c.inquiry.Time, err = time.Parse(time.RFC3339, value)
	return err
}

// checkWithoutDirectory refuses flags that only a policy directory gives a
// meaning, and what does not go together.
func (c *simulateCommand) checkWithoutDirectory(flags *flag.FlagSet, files []string) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "jsonl" && f.Name != "explain" {
			err = inputErrorf("--%s without --policies; an input says it itself", f.Name)
		}
	})
	switch {
	case err != nil:
		return err
	case len(files) > 1:
		return inputErrorf("unexpected argument %q; name one file", files[1])
	case c.jsonl && c.explain:
		return inputErrorf("--explain with --jsonl; explain one input at a time")
	}
	return nil
}

// checkInquiry refuses flags that do not go together.
func (c *simulateCommand) checkInquiry(files []string) error {
	i := &c.inquiry
	switch {
	case len(files) > 0:
		return inputErrorf("unexpected argument %q; with --policies the flags say what is asked", files[0])
	case c.jsonl:
		return inputErrorf("--jsonl with --policies; the flags ask one thing at a time")
	case i.Principal == "":
		return inputErrorf("--principal is missing; name who asks")
	case i.Method == "" && len(i.Actions) == 0:
		return inputErrorf("--request is missing; or name an --action")
	case i.Method != "" && len(i.Actions)+len(i.Resources) > 0:
		return inputErrorf("--request with --action or --resource; a request says itself what it needs")
	}
	return c.readHeaders()
}

// readHeaders reads the headers, none of which may be a credential.
func (c *simulateCommand) readHeaders() (err error) {
	if c.inquiry.Headers, err = parseHeaders(c.headers); err != nil {
		return err
	}
	for _, h := range c.inquiry.Headers {
		if h.Name == "authorization" {
			return inputErrorf("--header with a credential; the caller is the one that --principal names")
		}
	}
	return nil
}
