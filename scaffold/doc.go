// Package scaffold generates a new policy directory: the examples of the Amazon ECR User
// Guide for the operator's accounts, repositories and users, a role for jobs of GitHub
// Actions, and policy tests for each.
//
// [Options.Files] renders the template files. [Write] writes them to a directory that does
// not exist or is empty, either all of them or none. They contain no passwords: the
// operator adds a line to htpasswd for each user.
//
// Each repository has one [Template], as in the guide's "Private repository policy
// examples" and "Identity-based policy examples":
//
//	push-pull           named users and the CI role push and pull
//	contents            users list, pull and push, allowed by their own policies
//	pull-and-admin      users pull, and an administrator may do everything
//	cross-account-push  another account pushes
//	pull-all-accounts   all accounts in the policy pull; in the guide, every account does
//	deny-pull           pulls are denied
//	tagged              users pull from repositories with a tag
package scaffold
