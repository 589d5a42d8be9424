package scaffold

import (
	"encoding/json"
	"strings"
)

// A placeholder is a name in double braces in a template file, and the values that replace it.
type placeholder struct {
	name   string
	values []string
}

// placeholders returns the placeholders of the template files. Repositories come before users, so
// that the blocks of a repository stay together.
func (o *Options) placeholders() []placeholder {
	var all []placeholder
	for _, t := range Templates() {
		names := o.with(t)
		all = append(all, placeholder{string(t) + " repository", names}, placeholder{string(t) + " ARNs", list(names, o.repositoryARN)})
	}
	return append(all,
		placeholder{"user", o.Users},
		placeholder{"user ARNs", list(o.Users, o.userARN)},
		placeholder{"user policies", one(o.userPolicies())},
		placeholder{"first user", o.Users[:1]},
		placeholder{"admin", onlyIf(o.uses(PullAndAdmin), o.Admin)},
		placeholder{"role", onlyIf(o.uses(PushPull), "ci")},
		placeholder{"publisher", onlyIf(o.uses(CrossAccountPush) || o.uses(PullAllAccounts), "publisher")}, // a user of the other account
		placeholder{"other repository", one(o.otherRepository())},
		placeholder{"host", one(o.Host)},
		placeholder{"account", one(o.Account)},
		placeholder{"other account", one(o.OtherAccount)},
		placeholder{"region", one(o.Region)},
		placeholder{"partition", one(o.Partition)},
		placeholder{"partition unless aws", onlyIf(o.Partition != "aws", o.Partition)},
		placeholder{"GitHub", one(o.GitHub)},
		placeholder{"other GitHub", one(o.otherGitHub())},
		placeholder{"GitHub without IDs", onlyIf(o.hasGitHubIDs(), gitHubID.ReplaceAllString(o.GitHub, ""))},
	)
}

func one(value string) []string { return []string{value} }

// onlyIf returns no values if the condition is false: the blocks with the placeholder are left out.
func onlyIf(condition bool, value string) []string {
	if !condition {
		return nil
	}
	return one(value)
}

// list returns the ARNs of the names as one value, a JSON array.
func list(names []string, arn func(name string) string) []string {
	arns := make([]string, len(names))
	for i, name := range names {
		arns[i] = arn(name)
	}
	text, _ := json.Marshal(arns) // strings always can be written
	return one(string(text))
}

// with returns the repositories of a template.
func (o *Options) with(t Template) (names []string) {
	for _, r := range o.Repositories {
		if r.Template == t {
			names = append(names, r.Name)
		}
	}
	return names
}

func (o *Options) uses(t Template) bool { return len(o.with(t)) > 0 }

func (o *Options) repositoryARN(name string) string {
	return "arn:" + o.Partition + ":ecr:" + o.Region + ":" + o.Account + ":repository/" + name
}

func (o *Options) userARN(name string) string {
	return "arn:" + o.Partition + ":iam::" + o.Account + ":user/" + name
}

// userPolicies returns the names of the policies that are attached to each user.
func (o *Options) userPolicies() string {
	names := "login"
	for _, t := range []Template{Contents, Tagged} {
		if o.uses(t) {
			names += ", " + string(t)
		}
	}
	return names
}

// otherRepository returns the name of a repository that is not in the options.
func (o *Options) otherRepository() string {
	name := "other"
	for range o.Repositories {
		for _, r := range o.Repositories {
			if r.Name == name {
				name += "-other"
			}
		}
	}
	return name
}

// otherGitHub returns another repository on GitHub than the configured one: another name
// or, if the subject has IDs, the same name with another ID.
func (o *Options) otherGitHub() string {
	if o.hasGitHubIDs() {
		return o.GitHub + "0"
	}
	return o.GitHub + "-evil"
}

// hasGitHubIDs reports whether the subject of the repository's tokens is immutable, with
// the IDs of owner and repository.
func (o *Options) hasGitHubIDs() bool { return strings.Contains(o.GitHub, "@") }
