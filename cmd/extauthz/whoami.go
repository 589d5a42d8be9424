package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/envoy"
	"extauthz/identity"
	"extauthz/identity/accesskey"
	"extauthz/policystore"
	"extauthz/simulate"
)

func whoamiUsage() command {
	return command{
		name: "whoami", summary: "print the caller that a credential or a CheckRequest identifies",
		usage: []string{
			"--policies DIR --user NAME",
			"--policies DIR --access-key ID",
			"--policies DIR --token FILE",
			"--policies DIR --certificate FILE",
			"--policies DIR --header VALUE",
			"--policies DIR --check-request FILE",
		},
		example:  "--policies policies --user alice",
		negative: "no caller is authenticated",
		flags:    new(whoamiCommand).declare, run: whoami,
	}
}

// whoamiTimeout is the longest time to wait for the keys of an issuer.
const whoamiTimeout = 15 * time.Second

// whoamiCommand contains the flags of whoami.
type whoamiCommand struct {
	policies, format                 string
	checkRequest, token, certificate string // files
	credential                       simulate.WhoamiInput
}

// declare adds the flags of whoami. Parsing them sets c.
func (c *whoamiCommand) declare(flags *flag.FlagSet) {
	flags.StringVar(&c.policies, "policies", "", "the policy directory `DIR`, as for serve")
	declareFormat(flags, &c.format, "the caller", "json", "text")
	flags.StringVar(&c.checkRequest, "check-request", "", "`FILE` with a CheckRequest in JSON, or - for standard input")
	flags.StringVar(&c.token, "token", "", "`FILE` with a Bearer token or, with --user, the password of that user, or - for standard input")
	flags.StringVar(&c.certificate, "certificate", "", "`FILE` with a client certificate in PEM, assumed to be verified by Envoy, or - for standard input")
	p := &c.credential
	flags.StringVar(&p.User, "user", "", "user `NAME` of HTTP Basic: AWS or ACCOUNT/ROLE with --token, otherwise a user of htpasswd, whose password is not checked")
	flags.StringVar(&p.AccessKey, "access-key", "", "`ID` of an access key of a user; its secret is not checked")
	flags.StringVar(&p.Header, "header", "", "`VALUE` of the header that the registry's trusted proxy sets")
	flags.StringVar(&p.Registry, "registry", "", "`NAME` of the registry; required if the directory has several")
	flags.Func("time", "the time of the request, as `RFC3339`; the default is now, or the time in the CheckRequest", c.setTime)
}

func (c *whoamiCommand) setTime(value string) (err error) {
	c.credential.Time, err = time.Parse(time.RFC3339, value)
	return err
}

// whoami prints the caller that a credential identifies. It is a negative result if no
// caller is authenticated.
func whoami(in *invocation) error {
	c := new(whoamiCommand)
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
	ctx, cancel := context.WithTimeout(context.Background(), whoamiTimeout)
	defer cancel()
	authenticating := in.begin("authenticating") // which may fetch the keys of an issuer
	result, err := c.authenticate(ctx, in, snapshot)
	authenticating.end()
	if err != nil {
		return err
	}
	text := result.String()
	if c.format == "text" {
		text = result.Text()
	}
	if _, err := io.WriteString(in.stdout, text); err != nil {
		return err
	}
	if !result.HasCaller() {
		return errNegative
	}
	return nil
}

// check rejects flags that exclude each other.
func (c *whoamiCommand) check() error {
	if c.policies == "" {
		return inputError{diag.Problemf("--policies is missing").WithRemedy("give the policy directory")}
	}
	var given []string
	for _, credential := range []struct{ flag, value string }{
		{"--check-request", c.checkRequest}, {"--token", c.token}, {"--certificate", c.certificate}, {"--user", c.credential.User}, {"--access-key", c.credential.AccessKey}, {"--header", c.credential.Header},
	} {
		if credential.value != "" {
			given = append(given, credential.flag)
		}
	}
	all := strings.Join(given, " and ")
	switch {
	case len(given) == 0:
		return inputError{diag.Problemf("no credential is given").WithRemedy("add one of --check-request, --token, --certificate, --user, --access-key and --header")}
	case len(given) > 1 && all != "--token and --user":
		return inputError{diag.Problemf("%s exclude each other", all).WithRemedy("give one credential")}
	case c.checkRequest != "" && c.credential.Registry != "":
		return inputError{diag.Problemf("--registry cannot be combined with --check-request").WithRemedy("leave out --registry, because the request determines it")}
	}
	if key := c.credential.AccessKey; key != "" && !accesskey.IsID(key, accesskey.LongTerm) { // it may be a secret
		return inputError{diag.Problemf("--access-key is not the id of an access key of a user").WithRemedy("write AKIA and its 16 other characters")}
	}
	if err := c.checkUser(); err != nil {
		return inputError{diag.Wrap(diag.Position{}, "--user: ", err)}
	}
	return nil
}

// checkUser rejects user names that HTTP Basic cannot contain (RFC 7617), and those
// whose password is a token if no token is given.
func (c *whoamiCommand) checkUser() error {
	switch user := c.credential.User; {
	case strings.Contains(user, ":"):
		return diag.Problemf("the user name contains a colon").WithRemedy("write a role as ACCOUNT/ROLE")
	case c.token == "" && (user == "AWS" || strings.Contains(user, "/")):
		return diag.Problemf("this user's password is a token").WithRemedy("add --token")
	}
	return nil
}

// authenticate returns the caller that the credential or the CheckRequest identifies.
func (c *whoamiCommand) authenticate(ctx context.Context, in *invocation, s *policystore.Snapshot) (*simulate.Whoami, error) {
	now := time.Now().UTC().Truncate(time.Second)
	if c.checkRequest != "" {
		return c.authenticateRequest(ctx, in, s, now)
	}
	if c.credential.Time.IsZero() {
		c.credential.Time = now
	}
	if err := c.readCredential(in); err != nil {
		return nil, err
	}
	result, err := c.credential.Whoami(ctx, s)
	if err != nil {
		return nil, inputError{err}
	}
	return result, nil
}

// authenticateRequest returns the caller of a CheckRequest.
func (c *whoamiCommand) authenticateRequest(ctx context.Context, in *invocation, s *policystore.Snapshot, now time.Time) (*simulate.Whoami, error) {
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

// readCredential reads a token or certificate from its file. Its error does not contain
// the credential.
func (c *whoamiCommand) readCredential(in *invocation) error {
	switch p := &c.credential; {
	case c.token != "":
		source, text, err := readNamed(in, c.token)
		if err != nil {
			return err
		}
		p.Token = string(bytes.TrimSpace(text))
		if p.Token == "" {
			return inputError{diag.Problemf("%s: the file contains no token", source).WithRemedy("write one into it")}
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
