package differential

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// masks is the table of every known deviation, in the order in which they are
// applied. Each cites the sentence of AWS's documentation that it is based on and rewrites
// no more than that sentence is about. Where AWS does not define the behavior, the reason
// says so: iam then decides so that the uncertainty never helps the caller.
func masks() []*mask {
	table := wholeMasks()
	table = append(table, principalMasks()...)
	table = append(table, resourceMasks()...)
	table = append(table, conditionMasks()...)
	table = append(table, typedMasks()...)
	table = append(table, addressMasks()...)
	return append(table, variableMasks()...)
}

// wholeMasks are about how policies and callers are put together.
func wholeMasks() []*mask {
	return []*mask{
		{
			name:   "version ignored",
			reason: "IAM User Guide, Version: policy variables are plain text before 2012-10-17; there they are replaced in every version",
			source: `IAM User Guide, "IAM policy elements: Variables and tags": "If you don't include the Version element and set it to an appropriate version date, variables like ${aws:username} are treated as literal strings in the policy."`,
			whole:  version2012,
		}, {
			name:   "root of another partition",
			reason: "an account's root ARN means the account in its partition; there the partition is not compared",
			source: `AWS General Reference, "Amazon Resource Names (ARNs)": "A partition is a group of AWS Regions. Each AWS account is scoped to one partition."`,
			whole:  rootOfThisPartition,
		}, {
			name:   "federating user by name",
			reason: "iam is given the user who requested the session; there it is the user with the session's name, without a path",
			source: `AWS STS API Reference, "GetFederationToken": "The name of the federated user. The name is used as an identifier for the temporary security credentials (such as Bob)."`,
			whole:  federatedByName,
		}, {
			name:   "federated user without session policy",
			reason: "without a session policy identity policies grant nothing; there they grant all they say",
			source: `AWS STS API Reference, "GetFederationToken": "However, if you do not pass any session policies, then the resulting federated user session has no permissions."`,
			whole:  federatedWithSession,
		}, {
			name:   "session policy over a grant to the session",
			reason: "a resource-based policy that names the session is not limited by session policies; there it is",
			source: `IAM User Guide, "Policies and permissions in IAM": "A resource-based policy can specify the ARN of the session as a principal. [...] The resource-based policy permissions are not limited by the session policy."`,
			whole:  sessionOverItsGrant,
		}, {
			name:   "session policy over a grant to everyone",
			reason: "AWS does not say whether session policies limit such a grant; boundaries do not (measured, benkehoe/permissions-boundary-test), and in iam neither do; there they do",
			source: `IAM User Guide, "AWS JSON policy elements: Principal": "You can use a wildcard (*) to specify all principals in the Principal element of a resource-based policy or in condition keys that support principals."`,
			whole:  sessionOverGrantToAll,
		},
	}
}

// version2012 has every document in the version that the text is read in.
func version2012(k *Case) (applied bool) {
	k.documents(func(d *Document) {
		if d.Version == "2012-10-17" {
			return
		}
		d.Version = "2012-10-17"
		applied = applied || slices.ContainsFunc(d.Statements, mentionsVariable)
	})
	return applied
}

func mentionsVariable(s Statement) bool {
	texts := slices.Clone(s.Resources)
	for i := range s.Conditions {
		texts = append(texts, s.Conditions[i].Values...)
	}
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, "${") })
}

// rootOfThisPartition moves root ARNs to the caller's partition.
func rootOfThisPartition(k *Case) (applied bool) {
	if !k.hasIdentity() {
		return false
	}
	partition := partitionOf(k.Caller.ARN)
	k.statements(func(_ *Document, s *Statement) {
		if s.Principal == nil {
			return
		}
		entries := s.Principal.Entries["AWS"]
		for i, entry := range entries {
			if strings.HasSuffix(entry, ":root") && partitionOf(entry) != partition {
				entries[i] = "arn:" + partition + ":iam::" + accountOf(entry) + ":root"
				applied = true
			}
		}
	})
	return applied
}

// federatedByName makes the user with the session's name the one who federates.
func federatedByName(k *Case) bool {
	if k.Caller.Kind != iam.FederatedUser {
		return false
	}
	name := k.Caller.ARN[strings.LastIndexByte(k.Caller.ARN, '/')+1:]
	guess := "arn:" + partitionOf(k.Caller.ARN) + ":iam::" + accountOf(k.Caller.ARN) + ":user/" + name
	applied := k.Caller.UserARN != guess
	k.Caller.UserARN = guess
	return applied
}

// federatedWithSession gives the session a policy that allows everything.
func federatedWithSession(k *Case) bool {
	if k.Caller.Kind != iam.FederatedUser || len(k.Session) > 0 {
		return false
	}
	everything := Statement{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{"*"}}
	k.Session = []Document{{iam.SessionPolicy, "2012-10-17", []Statement{everything}}}
	return true
}

// sessionOverItsGrant is about grants that name the session.
func sessionOverItsGrant(k *Case) bool {
	return k.grants(func(p *Principal) bool { return slices.Contains(p.Entries["AWS"], k.Caller.ARN) }) && k.limitGrants()
}

// sessionOverGrantToAll is about grants to everyone.
func sessionOverGrantToAll(k *Case) bool {
	return k.grants(func(p *Principal) bool { return p.Everyone || slices.Contains(p.Entries["AWS"], "*") }) && k.limitGrants()
}

// grants reports whether an Allow of the resource-based policies names such a
// principal.
func (k *Case) grants(names func(*Principal) bool) bool {
	for _, d := range k.Resources {
		for i := range d.Statements {
			if s := &d.Statements[i]; s.Effect == iam.Allow && names(s.Principal) {
				return true
			}
		}
	}
	return false
}

// limitGrants makes the session policies a level of service control policies too:
// those limit every grant.
func (k *Case) limitGrants() bool {
	if len(k.Session) == 0 || !k.hasIdentity() {
		return false
	}
	level := cloneAll(k.Session)
	for i := range level {
		level[i].Kind, level[i].Version = iam.PermissionsBoundary, "2012-10-17"
	}
	k.endExemption()
	k.SCPs = append(k.SCPs, level)
	return true
}

// endExemption takes away the policies of an organization that do not bind a
// service-linked role or the management account, and then what exempts it.
func (k *Case) endExemption() {
	managed := k.isManaged(accountOf(k.Caller.ARN))
	if k.isServiceRole() || managed {
		k.SCPs = nil
	}
	if k.isServiceRole() || managed && k.isManaged(k.owner()) {
		k.RCPs = nil
	}
	if k.isServiceRole() {
		k.Caller.RoleARN = ""
	}
	if managed {
		k.ManagementAccount = ""
	}
}
