package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"extauthz/diag"
	"extauthz/signin/client"
)

func loginPasswordUsage() command {
	return command{
		name: "login-password", summary: "print a session token, a password for docker login -u AWS",
		usage: []string{
			"REGISTRY --token-file FILE",
			"REGISTRY --token-env NAME",
			"REGISTRY --github-audience AUDIENCE",
		},
		example: "registry.example.com --token-env TOKEN",
		flags:   new(loginPasswordCommand).declare, run: loginPassword,
	}
}

// signInFlags are the flags of the commands that sign in.
type signInFlags struct {
	url, service, role string
}

func (f *signInFlags) declare(flags *flag.FlagSet) {
	flags.StringVar(&f.url, "url", "", "`URL` of the token endpoint; by default https://REGISTRY/token")
	flags.StringVar(&f.service, "service", "", "`NAME` of the registry at the token endpoint, its tokenService; by default its host")
	flags.StringVar(&f.role, "role", "", "`ACCOUNT/ROLE` to assume with the token; by default the role or principal of its issuer")
}

// user returns the user name whose password is a token.
func (f *signInFlags) user() string {
	if f.role == "" {
		return "AWS"
	}
	return f.role
}

// loginPasswordCommand contains the flags of login-password.
type loginPasswordCommand struct {
	signInFlags
	tokenFile, tokenVariable, githubAudience string
}

// declare adds the flags of login-password. Parsing them sets c.
func (c *loginPasswordCommand) declare(flags *flag.FlagSet) {
	c.signInFlags.declare(flags)
	flags.StringVar(&c.tokenFile, "token-file", "", "`FILE` with the token to exchange; - means standard input")
	flags.StringVar(&c.tokenVariable, "token-env", "", "`NAME` of the environment variable with the token to exchange")
	flags.StringVar(&c.githubAudience, "github-audience", "", "`AUDIENCE` of a token that GitHub Actions issues for the job")
}

// loginPassword prints a session token, as a password for docker login.
func loginPassword(in *invocation) error {
	c := new(loginPasswordCommand)
	arguments, err := in.parse(c)
	switch {
	case err != nil:
		return err
	case len(arguments) != 1:
		return inputError{diag.Problemf("one registry is required, not %d", len(arguments)).WithRemedy("give its host, as in extauthz login-password registry.example.com --token-env TOKEN")}
	}
	ctx := context.Background()
	token, err := c.token(ctx, in)
	if err != nil {
		return inputError{err}
	}
	e := client.Exchange{URL: c.url, Service: c.service, User: c.user(), Password: token}
	if e.URL == "" {
		e.URL = "https://" + arguments[0] + "/token"
	}
	if e.Service == "" {
		e.Service = arguments[0]
	}
	signingIn := in.begin("signing in")
	session, err := e.Do(ctx)
	signingIn.end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(in.stdout, session.Text)
	return err
}

// maxTokenFile is the limit on a file with a token, in bytes.
const maxTokenFile = 64 << 10

// token returns the token to exchange, from the one source that the flags name. Its errors do
// not contain it.
func (c *loginPasswordCommand) token(ctx context.Context, in *invocation) (token string, err error) {
	sources := 0
	for _, source := range []string{c.tokenFile, c.tokenVariable, c.githubAudience} {
		if source != "" {
			sources++
		}
	}
	switch {
	case sources != 1:
		return "", diag.Problemf("%d sources of the token are given", sources).WithRemedy("give one of --token-file, --token-env and --github-audience")
	case c.githubAudience != "":
		return client.GitHubToken(ctx, variable(in.env, "ACTIONS_ID_TOKEN_REQUEST_URL"), variable(in.env, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"), c.githubAudience)
	case c.tokenVariable != "":
		token = variable(in.env, c.tokenVariable)
	default:
		if token, err = readToken(c.tokenFile, in.stdin); err != nil {
			return "", err
		}
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", diag.Problemf("the token is empty").WithRemedy("check the file or the variable")
	}
	return token, nil
}

// readToken reads a file, or standard input for "-".
func readToken(name string, stdin io.Reader) (string, error) {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, maxTokenFile))
	return string(text), err
}

// variable returns the value of an environment variable.
func variable(env []string, name string) string {
	for _, one := range env {
		if value, found := strings.CutPrefix(one, name+"="); found {
			return value
		}
	}
	return ""
}
