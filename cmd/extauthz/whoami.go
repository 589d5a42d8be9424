package main

import (
	"bytes"
	"context"
	"io"
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
		return inputErrorf("--policies %w", err)
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

// readNamed reads a file, or standard input for -.
func readNamed(in *invocation, name string) (source string, text []byte, err error) {
	source, from, err := openInput(in, []string{name})
	if err != nil {
		return source, nil, inputError{err}
	}
	defer from.Close()
	text, err = readInput(source, from)
	return source, text, err
}
