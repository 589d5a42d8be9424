package simulate

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"extauthz/iam"
)

// noAccount is the account of an unnamed principal where none is known.
const noAccount = "000000000000"

// serviceName is the form of a service principal's name (IAM User Guide, "AWS
// service principals").
var serviceName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)

// accountID is twelve digits.
var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// callerArn reads CallerArn.
func (in *input) callerArn(name string) error {
	text, at, err := in.reader.String(name)
	if err != nil {
		return err
	}
	switch {
	case text == "":
		in.caller = &iam.Principal{Kind: iam.Anonymous}
	case serviceName.MatchString(text):
		in.caller = &iam.Principal{Kind: iam.Service, ARN: text}
	default:
		caller, err := iam.ParsePrincipal(text)
		if err != nil {
			return in.reader.ErrorAt(at, fmt.Sprintf("%s: %v", name, err), "or the name of a service; or \"\" for an anonymous caller")
		}
		in.caller = &caller
	}
	return nil
}

// owner is the account that ResourceOwner names; the zero owner is none.
type owner struct {
	account, partition string // partition "": any
	at                 int
}

// resourceOwner reads ResourceOwner.
func (in *input) resourceOwner(name string) error {
	text, at, err := in.reader.String(name)
	if err != nil {
		return err
	}
	in.owner.at = at
	if accountID.MatchString(text) {
		in.owner.account = text
		return nil
	}
	p, err := iam.ParsePrincipal(text)
	if err != nil || p.Kind != iam.RootUser {
		return in.reader.ErrorAt(at, fmt.Sprintf("%s %q is no account", name, text), "write its twelve digits or its root ARN, such as arn:aws:iam::123456789012:root")
	}
	in.owner.account, in.owner.partition = p.Account, partitionOf(text)
	return nil
}

// partitionOf is the partition in an ARN, "" where text is none.
func partitionOf(text string) string {
	arn, err := iam.ParseARN(text)
	if err != nil {
		return ""
	}
	return arn.Partition
}

// account is the account that owns a resource: the one that ResourceOwner
// names, else the one in its ARN, else the caller's.
func (in *input) account(resource string) string {
	inARN, caller := "", ""
	if arn, err := iam.ParseARN(resource); err == nil && accountID.MatchString(arn.Account) {
		inARN = arn.Account
	}
	if in.caller != nil {
		caller = in.caller.Account
	}
	return cmp.Or(in.owner.account, inARN, caller, noAccount)
}

// principal is who asks for a resource: the caller or, without CallerArn, a
// principal of the resource's account that has no name of its own.
func (in *input) principal(resource string) *iam.Principal {
	if in.caller != nil {
		return in.caller
	}
	account := in.account(resource)
	partition := cmp.Or(partitionOf(resource), in.owner.partition, "aws")
	return &iam.Principal{Kind: iam.UnnamedPrincipal, ARN: "arn:" + partition + ":iam::" + account + ":root", Account: account}
}

// checkPartition refuses a ResourceOwner that cannot own the resource, because
// an account belongs to one partition.
func (in *input) checkPartition(resource string) error {
	partition := partitionOf(resource)
	if partition == "" && in.caller != nil {
		partition = partitionOf(in.caller.ARN)
	}
	if in.owner.partition == "" || partition == "" || partition == in.owner.partition {
		return nil
	}
	return in.reader.ErrorAt(in.owner.at, fmt.Sprintf("ResourceOwner is of partition %q, but the request for %q of partition %q", in.owner.partition, resource, partition), "let them agree")
}

// completeRole takes the ARN of a session's role from aws:PrincipalArn, where
// the context has it: the session's own ARN lacks the role's path. A value that
// names another role says nothing about this one.
func (in *input) completeRole() {
	if in.caller == nil || in.caller.Kind != iam.AssumedRole {
		return
	}
	entry, _ := in.context.Lookup("aws:PrincipalArn")
	role, err := iam.ParseARN(entry.Value)
	session, err2 := iam.ParseARN(in.caller.ARN)
	if err != nil || err2 != nil || !isRoleOf(role, session) {
		return
	}
	in.caller.RoleARN = entry.Value
}

// isRoleOf reports whether role is the ARN of the role that session assumed.
// The names of an account's roles differ by more than case.
func isRoleOf(role, session iam.ARN) bool {
	name := strings.Split(session.Resource, "/")[1]
	path, found := strings.CutPrefix(role.Resource, "role/")
	return found && role.Service == "iam" && role.Region == "" &&
		role.Account == session.Account && role.Partition == session.Partition &&
		isPath(path) && strings.EqualFold(path[strings.LastIndexByte(path, '/')+1:], name)
}

// isPath reports whether s has only what the path of a role may have: visible
// ASCII, and here no wildcard.
func isPath(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '*' || s[i] == '?' {
			return false
		}
	}
	return true
}

// callerText names the caller for a person.
func callerText(p *iam.Principal, unnamed bool) string {
	switch {
	case unnamed:
		return fmt.Sprintf("an unnamed principal of account %s", p.Account)
	case p.Kind == iam.Anonymous:
		return "an anonymous caller"
	}
	return p.ARN
}
