package scaffold

import "strings"

// A view has the fields and methods that template files use.
type view struct{ *Options }

// With returns the repositories of a template.
func (v view) With(t Template) (names []string) {
	for _, r := range v.Repositories {
		if r.Template == t {
			names = append(names, r.Name)
		}
	}
	return names
}

// ARNs returns the ARNs of the repositories of a template.
func (v view) ARNs(t Template) (arns []string) {
	for _, name := range v.With(t) {
		arns = append(arns, v.Repository(name))
	}
	return arns
}

// Repository returns the ARN of a repository.
func (v view) Repository(name string) string {
	return "arn:" + v.Partition + ":ecr:" + v.Region + ":" + v.Account + ":repository/" + name
}

// OtherRepository returns the name of a repository that is not in the options.
func (v view) OtherRepository() string {
	name := "other"
	for range v.Repositories {
		for _, r := range v.Repositories {
			if r.Name == name {
				name += "-other"
			}
		}
	}
	return name
}

// User returns the ARN of a user of the registry's account.
func (v view) User(name string) string { return v.iam(v.Account, "user/"+name) }

// UserARNs returns the ARNs of the users.
func (v view) UserARNs() (arns []string) {
	for _, name := range v.Users {
		arns = append(arns, v.User(name))
	}
	return arns
}

// Role returns the ARN of the CI role.
func (v view) Role() string { return v.iam(v.Account, "role/ci") }

// OtherGitHub returns another repository on GitHub than the configured one: another name
// or, if the subject has IDs, the same name with another ID.
func (v view) OtherGitHub() string {
	if v.HasGitHubIDs() {
		return v.GitHub + "0"
	}
	return v.GitHub + "-evil"
}

// HasGitHubIDs reports whether the subject of the repository's tokens is immutable, with
// the IDs of owner and repository.
func (v view) HasGitHubIDs() bool { return strings.Contains(v.GitHub, "@") }

// GitHubNames returns the repository on GitHub without IDs: OWNER/REPOSITORY.
func (v view) GitHubNames() string { return gitHubID.ReplaceAllString(v.GitHub, "") }

// Publisher returns the ARN of a user of the other account.
func (v view) Publisher() string { return v.iam(v.OtherAccount, "user/publisher") }

// UsesOtherAccount reports whether the other account has access to a repository.
func (v view) UsesOtherAccount() bool {
	return len(v.With(CrossAccountPush))+len(v.With(PullAllAccounts)) > 0
}

func (v view) iam(account, resource string) string {
	return "arn:" + v.Partition + ":iam::" + account + ":" + resource
}
