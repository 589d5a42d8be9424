package differential

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// wholeMasks are about how policies and callers are put together.
func wholeMasks() []*mask {
	return []*mask{
		{
			name:   "version ignored",
			reason: "IAM User Guide, Version: policy variables are plain text before 2012-10-17; there they are replaced in every version",
			whole:  version2012,
		}, {
			name:   "root of another partition",
			reason: "an account's root ARN means the account in its partition; there the partition is not compared",
			whole:  rootOfThisPartition,
		}, {
			name:   "federating user by name",
			reason: "iam is told who federated; there it is the user with the session's name, without a path",
			whole:  federatedByName,
		}, {
			name:   "federated user without session policy",
			reason: "IAM User Guide, GetFederationToken: without a session policy identity policies grant nothing; there they grant all they say",
			whole:  federatedWithSession,
		}, {
			name:   "session policy over a direct grant",
			reason: "IAM User Guide, session policies: a resource-based policy that names the session or everyone is not limited by them; there it is",
			whole:  sessionOverGrants,
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

// federatedByName has the session made by the user of its own name.
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

// sessionOverGrants makes the session policies a level of service control
// policies too: those limit every grant.
func sessionOverGrants(k *Case) bool {
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
