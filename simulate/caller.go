package simulate

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"extauthz/iam"
)

// noAccount is the account of an unnamed principal if its account is unknown.
const noAccount = "000000000000"

// serviceName matches the name of a service principal (IAM User Guide, "AWS
// service principals").
var serviceName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)

// callerArn reads CallerArn.
func (in *inputReader) callerArn(name string) error {
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
			return in.reader.Wrap(at, name+": ", err)
		}
		in.caller = &caller
	}
	return nil
}

// owner is the account in ResourceOwner. The zero owner means that it is not given.
type owner struct {
	account, partition string // partition "" matches any
	at                 int
}

// resourceOwner reads ResourceOwner.
func (in *inputReader) resourceOwner(name string) error {
	text, at, err := in.reader.String(name)
	if err != nil {
		return err
	}
	in.owner.at = at
	if iam.IsAccount(text) {
		in.owner.account = text
		return nil
	}
	p, err := iam.ParsePrincipal(text)
	if err != nil || p.Kind != iam.RootUser {
		return in.reader.ErrorAt(at, fmt.Sprintf("%s %q is not an account", name, text), "write its twelve digits or its root ARN, such as arn:aws:iam::123456789012:root")
	}
	in.owner.account, in.owner.partition = p.Account, partitionOf(text)
	return nil
}

// partitionOf returns the partition in an ARN, "" for another text.
func partitionOf(text string) string {
	arn, err := iam.ParseARN(text)
	if err != nil {
		return ""
	}
	return arn.Partition
}

// account returns the account that owns a resource: that of ResourceOwner, or otherwise
// the one in the resource's ARN, or otherwise the caller's.
func (in *inputReader) account(resource string) string {
	inARN, caller := "", ""
	if arn, err := iam.ParseARN(resource); err == nil && iam.IsAccount(arn.Account) {
		inARN = arn.Account
	}
	if in.caller != nil {
		caller = in.caller.Account
	}
	return cmp.Or(in.owner.account, inARN, caller, noAccount)
}

// principal returns the caller or, without CallerArn, an unnamed principal of the
// resource's account.
func (in *inputReader) principal(resource string) *iam.Principal {
	if in.caller != nil {
		return in.caller
	}
	account := in.account(resource)
	partition := cmp.Or(partitionOf(resource), in.owner.partition, "aws")
	return &iam.Principal{Kind: iam.UnnamedPrincipal, ARN: "arn:" + partition + ":iam::" + account + ":root", Account: account}
}

// checkPartition rejects a ResourceOwner in another partition than the resource, because
// an account belongs to one partition.
func (in *inputReader) checkPartition(resource string) error {
	partition := partitionOf(resource)
	if partition == "" && in.caller != nil {
		partition = partitionOf(in.caller.ARN)
	}
	if in.owner.partition == "" || partition == "" || partition == in.owner.partition {
		return nil
	}
	return in.reader.ErrorAt(in.owner.at, fmt.Sprintf("ResourceOwner is in partition %q, but the request for %q in partition %q", in.owner.partition, resource, partition), "use one partition")
}

// withRole returns the caller with the ARN of its role from aws:PrincipalArn, because the
// ARN of a session lacks the path of the role. The ARN of another role is ignored.
func (in *inputReader) withRole() *iam.Principal {
	if in.caller == nil || in.caller.Kind != iam.AssumedRole {
		return in.caller
	}
	entry, _ := in.context.Lookup("aws:PrincipalArn")
	role, err := iam.ParseARN(entry.Value)
	session, err2 := iam.ParseARN(in.caller.ARN)
	if err != nil || err2 != nil || !isRoleOf(role, session) {
		return in.caller
	}
	caller := *in.caller
	caller.RoleARN = entry.Value
	return &caller
}

// isRoleOf reports whether role is the ARN of the role that session assumed. The names
// are compared without case, because two roles of an account differ by more than case.
func isRoleOf(role, session iam.ARN) bool {
	name := strings.Split(session.Resource, "/")[1]
	path, found := strings.CutPrefix(role.Resource, "role/")
	return found && role.Service == "iam" && role.Region == "" &&
		role.Account == session.Account && role.Partition == session.Partition &&
		isPath(path) && strings.EqualFold(iam.LastSegment(path), name)
}

// isPath reports whether s consists of characters of a role's path: visible ASCII,
// without wildcards.
func isPath(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '*' || s[i] == '?' {
			return false
		}
	}
	return true
}

// callerText describes the caller.
func callerText(p *iam.Principal, unnamed bool) string {
	switch {
	case unnamed:
		return fmt.Sprintf("an unnamed principal of account %s", p.Account)
	case p.Kind == iam.Anonymous:
		return "an anonymous caller"
	}
	return p.ARN
}
