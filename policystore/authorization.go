package policystore

import (
	"extauthz/iam"
	"extauthz/strictjson"
)

// An authorization is the output of aws iam get-account-authorization-details for
// one account, as it is printed (IAM API Reference, GetAccountAuthorizationDetails).
// What its entries refer to is found when all are read: users come before their
// groups, and both before managed policies.
type authorization struct {
	file, account string
	reader        *strictjson.Reader // for the places of what is found wrong later
	entities      []*entityDetail    // users and roles
	groups        map[string]*entityDetail
	policies      map[string]*policyDetail // by ARN
}

// authorizationFile is the name of an account's output, in the account's folder.
const authorizationFile = "authorization-details.json"

// isAuthorization tells whether a file is an account's output by its path.
func isAuthorization(file string) bool {
	_, rest, ok := cutAccount(file)
	return ok && rest == authorizationFile
}

// loadAuthorizations reads the outputs of all accounts, ordered by account.
func loadAuthorizations(t tree) (all []*authorization, err error) {
	for _, file := range t.paths() {
		if !isAuthorization(file) {
			continue
		}
		account, _, _ := cutAccount(file)
		a, err := readAuthorization(file, account, t[file])
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
	r, err := strictjson.NewReader(file, 1, text)
	if err != nil {
		return nil, err
	}
	a := &authorization{
		file: file, account: account, reader: r,
		groups: map[string]*entityDetail{}, policies: map[string]*policyDetail{},
	}
	lists := map[string]func(int) error{
		"UserDetailList":  func(int) error { return a.readEntity("User") },
		"GroupDetailList": func(int) error { return a.readEntity("Group") },
		"RoleDetailList":  func(int) error { return a.readEntity("Role") },
		"Policies":        func(int) error { return a.readPolicy() },
	}
	start := r.Start()
	err = r.Object("the output", func(name string, at int) error {
		if read := lists[name]; read != nil {
			delete(lists, name)
			if !r.AtArray() {
				return r.ErrorAt(r.Start(), "%s must be a list; write [] if there is none, or save the output again", name)
			}
			return r.Array(name, read)
		}
		return skipWhole(r, name, at)
	})
	for _, name := range []string{"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"} {
		if err == nil && lists[name] != nil {
			err = r.ErrorAt(start, "%s is missing; save the output of aws iam get-account-authorization-details as it is", name)
		}
	}
	return a, err
}

// checkARN wants the ARN of a resource of IAM in an account.
func (a *authorization) checkARN(arn field, account, resource string) error {
	parsed, err := iam.ParseARN(arn.text)
	if err != nil {
		return a.reader.ErrorAt(arn.at, "%v", err)
	}
	want := iam.ARN{Partition: parsed.Partition, Service: "iam", Account: account, Resource: resource}.String()
	switch {
	case parsed.Account != account:
		return a.reader.ErrorAt(arn.at, "Arn %q is not of account %q, whose output this is; move the file", arn.text, account)
	case arn.text != want:
		return a.reader.ErrorAt(arn.at, "Arn %q is not %q, which path and name mean; save the output as it is", arn.text, want)
	}
	return nil
}
