package policystore

import (
	"fmt"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/strictjson"
)

// An authorization is the output of aws iam get-account-authorization-details for
// one account, as it is printed (IAM API Reference, GetAccountAuthorizationDetails).
// What its entries refer to is found when all are read: users come before their
// groups, and both before managed policies.
type authorization struct {
	file, account string
	text          []byte          // for the places of what is found wrong later
	entities      []*entityDetail // users and roles
	groups        map[string]*entityDetail
	policies      map[string]*policyDetail // by ARN
}

// An authorizationReader reads an output.
type authorizationReader struct {
	*authorization
	*strictjson.Reader
}

// authorizationFile is the name of an account's output, in the account's folder.
const authorizationFile = "authorization-details.json"

// isAuthorization tells whether a file is an account's output by its path.
func isAuthorization(file string) bool {
	_, rest, ok := cutAccount(file)
	return ok && rest == authorizationFile
}

// loadAuthorizations reads the outputs of all accounts, ordered by account.
func loadAuthorizations(c *compilation) (all []*authorization, err error) {
	for _, path := range c.Paths {
		if !isAuthorization(path) {
			continue
		}
		account, _, _ := cutAccount(path)
		a, err := fromFile(c, path, "authorization", func(text []byte) (*authorization, error) {
			return readAuthorization(path, account, text)
		})
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// readAuthorization reads one output. All four lists must be there, as they are even
// where the command was told to leave out what would be in them.
func readAuthorization(file, account string, text []byte) (*authorization, error) {
	reader, err := strictjson.NewFileReader(file, text)
	if err != nil {
		return nil, err
	}
	r := authorizationReader{&authorization{
		file: file, account: account, text: text,
		groups: map[string]*entityDetail{}, policies: map[string]*policyDetail{},
	}, reader}
	lists := map[string]func(int) error{
		"UserDetailList":  func(int) error { return r.readEntity("User") },
		"GroupDetailList": func(int) error { return r.readEntity("Group") },
		"RoleDetailList":  func(int) error { return r.readEntity("Role") },
		"Policies":        func(int) error { return r.readPolicy() },
	}
	start := r.Start()
	err = readOutput(r.Reader, "the output", func(name string, at int) error {
		if read := lists[name]; read != nil {
			delete(lists, name)
			if !r.AtArray() {
				return r.ErrorAt(r.Start(), fmt.Sprintf("%s must be a list", name), "write [] if there is none, or save the output again")
			}
			return r.Array(name, read)
		}
		return skipWhole(reader, name, at)
	})
	for _, name := range []string{"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"} {
		if err == nil && lists[name] != nil {
			err = r.ErrorAt(start, fmt.Sprintf("%s is missing", name), "save the output of aws iam get-account-authorization-details as it is")
		}
	}
	return r.authorization, err
}

// errorAt places an error that is found when the output has been read.
func (a *authorization) errorAt(at int, problem, remedy string) error {
	return diag.New(a.position(at), problem, remedy)
}

// wrap is [strictjson.Reader.Wrap] for such an error.
func (a *authorization) wrap(at int, err error) error {
	return diag.Wrap(a.position(at), "", err)
}

func (a *authorization) position(at int) diag.Position {
	return strictjson.PositionIn(diag.File(a.file), diag.Point{Line: 1, Column: 1}, a.text, at)
}

// checkARN wants the ARN of a resource of IAM in an account.
func (r authorizationReader) checkARN(arn field, account, resource string) error {
	parsed, err := iam.ParseARN(arn.text)
	if err != nil {
		return r.Wrap(arn.at, "", err)
	}
	want := iam.ARN{Partition: parsed.Partition, Service: "iam", Account: account, Resource: resource}.String()
	switch {
	case parsed.Account != account:
		return r.ErrorAt(arn.at, fmt.Sprintf("Arn %q is not of account %q, whose output this is", arn.text, account), "move the file")
	case arn.text != want:
		return r.ErrorAt(arn.at, fmt.Sprintf("Arn %q is not %q, which path and name mean", arn.text, want), "save the output as it is")
	}
	return nil
}
