package main

import (
	"flag"
	"io"
	"os"

	"extauthz/denialmessage"
	"extauthz/diag"
)

func decodeUsage() command {
	return command{
		name: "decode", summary: "print the reason for a denial in an encoded authorization message",
		usage:   []string{"--key FILE [MESSAGE]"},
		example: "--key key.txt --explain < output-of-the-client.txt",
		flags:   new(decodeCommand).declare, run: decode,
	}
}

// decodeCommand contains the flags of decode.
type decodeCommand struct {
	key    string // file
	format string
}

// declare adds the flags of decode. Parsing them sets c.
func (c *decodeCommand) declare(flags *flag.FlagSet) {
	flags.StringVar(&c.key, "key", "", "`FILE` with the secret key of a recipient, as age-keygen writes it, or - for standard input; required")
	declareFormat(flags, &c.format, "the message", "json", "text")
	declareShort(flags, "explain", &c.format, "text", "print text for people")
}

// decode prints what an encoded authorization message contains. The message is an argument, or the
// standard input.
func decode(in *invocation) error {
	c := new(decodeCommand)
	arguments, err := in.parse(c)
	if err != nil {
		return err
	}
	if err := c.check(arguments); err != nil {
		return inputError{err}
	}
	keys, err := c.readKeys(in)
	if err != nil {
		return err
	}
	message, err := readMessage(in, arguments)
	if err != nil {
		return err
	}
	m, err := denialmessage.Decode(message, keys)
	if err != nil {
		return inputError{err}
	}
	return c.print(in.stdout, m)
}

// check rejects a command line without a key, and one that reads standard input twice.
func (c *decodeCommand) check(arguments []string) error {
	switch {
	case c.key == "":
		return diag.Problemf("--key is missing").WithRemedy("give the file with the secret key of a recipient")
	case len(arguments) > 1:
		return diag.Problemf("unexpected argument %q", arguments[1]).WithRemedy("give one message")
	case c.key == "-" && isStandardInput(arguments):
		return diag.Problemf("the key and the message are both on standard input").WithRemedy("give one of them as a file or an argument")
	}
	return nil
}

func isStandardInput(arguments []string) bool { return len(arguments) == 0 || arguments[0] == "-" }

func (c *decodeCommand) readKeys(in *invocation) (denialmessage.Keys, error) {
	source, text, err := readNamed(in, c.key)
	if err != nil {
		return nil, err
	}
	keys, err := denialmessage.ParseKeys(source, text)
	if err != nil {
		return nil, inputError{err}
	}
	return keys, nil
}

// readMessage returns the message in the arguments or on standard input.
func readMessage(in *invocation, arguments []string) (string, error) {
	if !isStandardInput(arguments) {
		return arguments[0], nil
	}
	text, err := readInput("standard input", in.stdin)
	return string(text), err
}

func (c *decodeCommand) print(to io.Writer, m *denialmessage.Message) error {
	if c.format == "text" {
		_, err := io.WriteString(to, m.Explain())
		return err
	}
	text, err := m.JSON()
	if err == nil {
		_, err = to.Write(text)
	}
	return err
}

// readRecipients reads the public keys of those who may read messages.
func readRecipients(name string) (denialmessage.Recipients, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return denialmessage.ParseRecipients(name, text)
}

// readMessageKeys reads the secret keys with which the sidecar itself reads messages.
func readMessageKeys(name string) (denialmessage.Keys, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return denialmessage.ParseKeys(name, text)
}

// decodeMessage returns the JSON of a message, as extauthz decode prints it.
func (s *sidecar) decodeMessage(message string) ([]byte, error) {
	m, err := denialmessage.Decode(message, s.readers)
	if err != nil {
		return nil, err
	}
	return m.JSON()
}
