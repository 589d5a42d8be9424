package differential

import "extauthz/iam"

// principalMasks are about the root user and about NotPrincipal.
func principalMasks() []*mask {
	return []*mask{
		{
			name:   "root user",
			reason: "the root user has full access to its own account; there it is a principal that policies have to allow",
			source: `IAM User Guide, "AWS account root user": "When you first create an Amazon Web Services (AWS) account, you begin with a single sign-in identity that has complete access to all AWS services and resources in the account."`,
			whole:  rootWithoutAccess,
		}, {
			name:      "NotPrincipal that lists some of the caller's principals",
			reason:    "a Deny exempts the caller only if all principals of the request are listed; there one of them suffices",
			source:    `IAM User Guide, "AWS JSON policy elements: NotPrincipal": "Depending on the service that you include in your policy, AWS might validate the account first and then the user. If an assumed-role user (someone who is using a role) is being evaluated, AWS might validate the account first, then the role, and then the assumed-role user."`,
			statement: oneListed,
		},
	}
}

// rootWithoutAccess makes the root user of the resource's account a principal
// without a name and without access of its own.
func rootWithoutAccess(k *Case) bool {
	applied := k.Caller.Kind == iam.RootUser && k.owner() == accountOf(k.Caller.ARN)
	if applied {
		k.Caller.Kind = iam.UnnamedPrincipal
	}
	return applied
}

// oneListed takes away a Deny with NotPrincipal that lists one of the caller's
// principals, and does not exempt the caller for that. With a permissions boundary
// no entry exempts the caller there either.
func oneListed(r *statementReading) bool {
	bounded := len(r.k.Boundary) > 0 && r.k.hasIdentity()
	applied := r.NotPrincipal && !bounded && r.denies(false) && r.denies(true)
	if applied {
		r.appliesNowhere()
	}
	return applied
}
