// Package scaffold makes a policy directory to start from: the examples of the
// Amazon ECR User Guide for accounts, repositories and users of one's own, a role
// for jobs of GitHub Actions, and policy tests that hold what each of them means.
//
// [Options.Files] renders the templates, and [Write] puts what came of it into a
// directory that is not there yet or is empty, whole or not at all. No password is
// made up: whoever is to log in needs a line in htpasswd, which the operator adds.
//
// Each repository follows one [Template], as in the guide's "Private repository
// policy examples" and "Identity-based policy examples":
//
//	push-pull           push and pull for named users, and for the CI role
//	contents            list and manage contents, by the users' own policies
//	pull-and-admin      pull for the users, everything for an administrator
//	cross-account-push  push by another account
//	pull-all-accounts   pull for all accounts that the policy lists: the guide's
//	                    is for every account there is
//	deny-pull           nobody pulls
//	tagged              pull by the tag of a repository
package scaffold
