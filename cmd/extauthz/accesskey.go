package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/accesskey"
	"extauthz/policystore"
)

func accessKeyUsage() command {
	return command{
		name: "access-key", summary: "create an access key of a user, for AWS's own clients",
		usage:   []string{"create --policies DIR --user ARN"},
		example: "create --policies policies --user arn:aws:iam::123456789012:user/alice",
		flags:   new(accessKeyCommand).declare, run: createAccessKey,
	}
}

// accessKeyCommand contains the flags of access-key.
type accessKeyCommand struct{ policies, user, format string }

// declare adds the flags of access-key. Parsing them sets c.
func (c *accessKeyCommand) declare(flags *flag.FlagSet) {
	flags.StringVar(&c.policies, "policies", "", "the policy directory `DIR`, whose file access-keys the key is added to")
	flags.StringVar(&c.user, "user", "", "the `ARN` of the user")
	declareFormat(flags, &c.format, "the key", "text", "json")
}

// createAccessKey adds a key to the file of access keys, and prints it.
func createAccessKey(in *invocation) error {
	c := new(accessKeyCommand)
	arguments, err := in.parse(c)
	switch {
	case err != nil:
		return err
	case len(arguments) != 1 || arguments[0] != "create":
		return inputError{diag.Problemf("the argument create is missing").WithRemedy("write extauthz access-key create")}
	case c.policies == "":
		return inputError{diag.Problemf("--policies is missing").WithRemedy("give the policy directory")}
	case c.user == "":
		return inputError{diag.Problemf("--user is missing").WithRemedy("give the ARN of a user")}
	}
	snapshot, err := loadDirectory(in, c.policies)
	if err != nil {
		return err
	}
	if err := c.checkUser(snapshot); err != nil {
		return inputError{err}
	}
	key := accesskey.New()
	if err := accesskey.Append(filepath.Join(c.policies, policystore.AccessKeysPath), key); err != nil {
		return inputError{err}
	}
	return c.print(in, key)
}

// checkUser checks that the user exists and may have another key.
func (c *accessKeyCommand) checkUser(s *policystore.Snapshot) error {
	caller, err := s.CallerNamed(c.user)
	switch {
	case err != nil:
		return diag.Wrap(diag.Position{}, "--user: ", err)
	case caller.Principal.Kind != iam.User:
		return diag.Problemf("--user %q is not an IAM user", c.user).WithRemedy("give a user, who can assume a role")
	case len(s.Callers.AccessKeysOf(c.user)) >= accesskey.MaxPerUser:
		return diag.Problemf("user %q has %d access keys, the maximum that IAM allows", c.user, accesskey.MaxPerUser).WithRemedy("remove one from principals.yaml and access-keys")
	}
	return nil
}

// print prints the key, whose secret is not printed again, and what principals.yaml needs.
func (c *accessKeyCommand) print(in *invocation, key accesskey.Key) error {
	var err error
	if c.format == "json" { // as aws iam create-access-key prints it
		err = printJSON(in.stdout, map[string]any{"AccessKey": map[string]string{
			"UserName": iam.LastSegment(c.user), "AccessKeyId": key.ID, "Status": "Active",
			"SecretAccessKey": key.Secret, "CreateDate": time.Now().UTC().Format(time.RFC3339),
		}})
	} else {
		_, err = fmt.Fprintf(in.stdout, "AccessKeyId: %s\nSecretAccessKey: %s\n", key.ID, key.Secret)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(in.stderr, "The secret is not shown again. Add the key to credentials in principals.yaml:\n\n- accessKey: %s\n  principal: %s\n", key.ID, c.user)
	return err
}
