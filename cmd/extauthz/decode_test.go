package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The message and the key of package denialmessage's golden files.
const messages = "../../denialmessage/testdata/"

// TestDecode checks both forms of output and each place of the message and of the key.
func TestDecode(t *testing.T) {
	text, err := os.ReadFile(messages + "message.txt")
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(messages + "key.txt")
	if err != nil {
		t.Fatal(err)
	}
	message := strings.TrimSpace(string(text))
	for _, c := range []struct {
		name  string
		args  []string
		stdin string
		want  string // file
	}{
		{"argument", []string{"--key", messages + "key.txt", message}, "", "message.json"},
		{"standard input", []string{"--key", messages + "key.txt"}, message, "message.json"},
		{"dash", []string{"-", "--key", messages + "key.txt"}, message, "message.json"},
		{"key on standard input", []string{"--key", "-", message}, string(key), "message.json"},
		{"a client's output", []string{"--key", messages + "key.txt"}, "denied: no. Encoded authorization failure message: " + message + "\n", "message.json"},
		{"for people", []string{"--explain", message, "--key", messages + "key.txt"}, "", "message.explained.txt"},
	} {
		var out, errors bytes.Buffer
		code := run(append([]string{"decode"}, c.args...), nil, strings.NewReader(c.stdin), &out, &errors)
		want, err := os.ReadFile(messages + c.want)
		if err != nil {
			t.Fatal(err)
		}
		if code != exitDone || out.String() != string(want) || errors.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, want\n%s\ngot\n%s", c.name, code, errors.String(), want, out.String())
		}
	}
	var decoded struct {
		Allowed, ExplicitDeny       *bool
		MatchedStatements, Failures struct{ Items []json.RawMessage }
		Context                     struct {
			Principal        struct{ ID, Name, ARN string }
			Action, Resource string
			Conditions       struct {
				Items []struct {
					Key    string
					Values struct{ Items []struct{ Value string } }
				}
			}
		}
	}
	golden, err := os.ReadFile(messages + "message.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(golden, &decoded); err != nil {
		t.Fatal(err)
	}
	if decoded.Allowed == nil || decoded.ExplicitDeny == nil || decoded.MatchedStatements.Items == nil || decoded.Failures.Items == nil ||
		decoded.Context.Principal.ARN == "" || decoded.Context.Conditions.Items[0].Values.Items[0].Value == "" {
		t.Errorf("the JSON does not have AWS's form: %+v", decoded)
	}
}

// TestDecodeMistakes checks that each fault is one error with the exit code of wrong input.
func TestDecodeMistakes(t *testing.T) {
	text, err := os.ReadFile(messages + "message.txt")
	if err != nil {
		t.Fatal(err)
	}
	message := strings.TrimSpace(string(text))
	for _, c := range []struct{ line, want string }{
		{"decode", "--key is missing; give the file"},
		{"decode --key " + messages + "key.txt a b", `unexpected argument "b"; give one message`},
		{"decode --key -", "the key and the message are both on standard input; give one"},
		{"decode --key /nowhere " + message, "/nowhere"},
		{"decode --key " + messages + "message.txt " + message, "message.txt:1:1: the line is not a secret key of age; "},
		{"decode --key " + messages + "key.txt", "the text has no message; "},
		{"decode --key " + messages + "key.txt hello", "the text is not an encoded authorization message; "},
		{"decode --key " + messages + "key.txt " + message[:1000], "the message is truncated"},
		{"decode --key " + messages + "key.txt " + message[:1000] + "x" + message[1001:], "the message was altered; "},
		{"serve --policies " + quickstart + " --message-key " + messages + "key.txt", "--message-key is set without --signin-listen"},
		{"serve --policies " + quickstart + " --signin-listen 127.0.0.1:0 --session-keys keys --message-key /nowhere", "--message-key: open /nowhere"},
		{"serve --policies " + quickstart + " --signin-listen 127.0.0.1:0 --session-keys keys --message-key " + messages + "recipients.txt", messages + "recipients.txt:2:1: --message-key: the line is a public key"},
		{"serve --policies " + quickstart + " --signin-listen 127.0.0.1:0 --session-keys keys --message-key " + quickstart + "/key.txt", "is inside the policy directory"},
		{"serve --policies " + quickstart + " --message-recipients /nowhere", "--message-recipients: open /nowhere"},
		{"serve --policies " + quickstart + " --message-recipients " + messages + "key.txt", messages + "key.txt:3:1: --message-recipients: the line is a secret key"},
	} {
		code, out, errors := typed(t, c.line)
		if code != exitInput || out != "" || !strings.Contains(errors, c.want) || strings.Count(errors, "\n") != 1 || strings.Contains(errors, "AGE-SECRET-KEY-1") {
			t.Errorf("%.60s: exit code %d, output %q, error %q; want %q", c.line, code, out, errors, c.want)
		}
	}
}
