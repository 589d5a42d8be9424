package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"strings"
	"time"

	"extauthz/envoy"
	"extauthz/identity"
	"extauthz/policystore"
	"extauthz/simulate"
)

// whoamiTimeout bounds how long the keys of an issuer are waited for.
const whoamiTimeout = 15 * time.Second

// whoami prints who calls. That it is nobody is a negative answer.
func whoami(in *invocation) error {
	c, flags := new(whoamiCommand), newFlags()
	c.declare(flags)
	if err := parseArguments(flags, in); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	snapshot, err := loadDirectory(c.policies)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), whoamiTimeout)
	defer cancel()
	answer, err := c.ask(ctx, in, snapshot)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(in.stdout, answer.String()); err != nil {
		return err
	}
	if answer.IsNobody() {
		return errNegative
	}
	return nil
}

func (c *whoamiCommand) ask(ctx context.Context, in *invocation, s *policystore.Snapshot) (*simulate.Whoami, error) {
	now := time.Now().UTC().Truncate(time.Second)
	if c.checkRequest != "" {
		return c.askRequest(ctx, in, s, now)
	}
	if c.credential.Time.IsZero() {
		c.credential.Time = now
	}
	if err := c.readCredential(in); err != nil {
		return nil, err
	}
	answer, err := c.credential.Whoami(ctx, s)
	if err != nil {
		return nil, inputError{err}
	}
	return answer, nil
}

// askRequest asks about a CheckRequest.
func (c *whoamiCommand) askRequest(ctx context.Context, in *invocation, s *policystore.Snapshot, now time.Time) (*simulate.Whoami, error) {
	source, text, err := readNamed(in, c.checkRequest)
	if err != nil {
		return nil, err
	}
	r, err := envoy.ParseCheckRequest(source, text, now)
	if err != nil {
		return nil, inputError{err}
	}
	if !c.credential.Time.IsZero() {
		r.Time = c.credential.Time
	}
	return simulate.RequestWhoami(ctx, s, r), nil
}

// readCredential reads the credential that is in a file. Its error does not
// repeat it.
func (c *whoamiCommand) readCredential(in *invocation) error {
	switch p := &c.credential; {
	case c.token != "":
		source, text, err := readNamed(in, c.token)
		if err != nil {
			return err
		}
		p.Token = string(bytes.TrimSpace(text))
		if p.Token == "" {
			return inputErrorf("%s: no token in it", source)
		}
	case c.certificate != "":
		source, text, err := readNamed(in, c.certificate)
		if err != nil {
			return err
		}
		if p.Principal, p.Certificate, err = identity.ParsePeer(text); err != nil {
			return inputErrorf("%s: %w", source, err)
		}
	}
	return nil
}

// whoamiCommand is what the flags of whoami say.
type whoamiCommand struct {
	policies                         string
	checkRequest, token, certificate string // files
	credential                       simulate.Credential
}

// declare adds the flags of whoami; parsing them fills in c.
func (c *whoamiCommand) declare(flags *flag.FlagSet) {
	flags.StringVar(&c.policies, "policies", "", "the policy directory `DIR`, as for serve")
	flags.StringVar(&c.checkRequest, "check-request", "", "`FILE` with a CheckRequest as JSON, or - for standard input: who sends that request")
	flags.StringVar(&c.token, "token", "", "`FILE` with a token, or - for standard input: who shows it as Bearer token or, with --user, as password")
	flags.StringVar(&c.certificate, "certificate", "", "`FILE` with a client certificate in PEM, or - for standard input: who has it, if Envoy verifies it")
	p := &c.credential
	flags.StringVar(&p.User, "user", "", "user `NAME` of HTTP Basic: with --token AWS or ACCOUNT/ROLE, otherwise who that user of htpasswd is, if the password is right")
	flags.StringVar(&p.Header, "header", "", "`VALUE` of the header that the registry's trusted proxy sets: whom it names")
	flags.StringVar(&p.Registry, "registry", "", "`NAME` of the registry that the credential is shown to; needed where there are several")
	flags.Func("time", "when that is, as `RFC3339`; the default is now, or when the CheckRequest says", c.setTime)
}

func (c *whoamiCommand) setTime(value string) (err error) {
	c.credential.Time, err = time.Parse(time.RFC3339, value)
	return err
}

// check refuses flags that do not go together.
func (c *whoamiCommand) check() error {
	if c.policies == "" {
		return inputErrorf("--policies is missing; name the directory")
	}
	var shown []string
	for _, form := range []struct{ flag, value string }{
		{"--check-request", c.checkRequest}, {"--token", c.token}, {"--certificate", c.certificate}, {"--user", c.credential.User}, {"--header", c.credential.Header},
	} {
		if form.value != "" {
			shown = append(shown, form.flag)
		}
	}
	forms := strings.Join(shown, " and ")
	switch {
	case len(shown) == 0:
		return inputErrorf("no credential; give one of --check-request, --token, --certificate, --user and --header")
	case len(shown) > 1 && forms != "--token and --user":
		return inputErrorf("%s; ask about one credential at a time", forms)
	case c.checkRequest != "" && c.credential.Registry != "":
		return inputErrorf("--registry with --check-request; the request says itself which registry it is for")
	}
	if err := c.checkUser(); err != nil {
		return inputErrorf("--user: %w", err)
	}
	return nil
}

// checkUser refuses user names that HTTP Basic cannot carry (RFC 7617), and
// those whose password is a token where there is none.
func (c *whoamiCommand) checkUser() error {
	switch user := c.credential.User; {
	case strings.Contains(user, ":"):
		return errors.New("a user name holds no colon; write a role as ACCOUNT/ROLE")
	case c.token == "" && (user == "AWS" || strings.Contains(user, "/")):
		return errors.New("this user's password is a token; add --token")
	}
	return nil
}
