package policystore

import (
	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/directory"
)

// A repositoryFile is the policy or the tags of a repository, with what follows from this file
// alone. It does not change after it was compiled. A directory has many of them, so a load
// compiles only those that are new since the last good content.
type repositoryFile struct {
	*directory.File
	policy [1]*iam.Policy // nil for tags, and for a policy with a fault
	about  *aboutPolicy   // of the policy
	tags   iam.Context    // nil for a policy, and for tags with a fault
}

// A locatedFile is such a file with the repository that it is about.
type locatedFile struct {
	*repositoryFile
	location
}

// contentFiles are the files of a content.
type contentFiles struct {
	others       []*directory.File // those that are not about a single repository
	repositories []*repositoryFile // those that are, in order

	changed []locatedFile     // those of repositories that are not in the last good content
	removed []*repositoryFile // those of the last good content that are not in this one
}

// sortFiles returns the files of a tree. last has those about repositories in the last good
// content, in order.
func sortFiles(t *directory.Tree, last []*repositoryFile) (all contentFiles) {
	all.repositories = make([]*repositoryFile, 0, len(last))
	for _, f := range t.Files {
		if len(last) > 0 && last[0].File == f {
			all.repositories, last = append(all.repositories, last[0]), last[1:]
			continue
		}
		for len(last) > 0 && last[0].Path <= f.Path {
			all.removed, last = append(all.removed, last[0]), last[1:]
		}
		if at, found := parseRepositoryFile(f.Path); found {
			now := &repositoryFile{File: f}
			all.repositories, all.changed = append(all.repositories, now), append(all.changed, locatedFile{now, at})
		} else {
			all.others = append(all.others, f)
		}
	}
	all.removed = append(all.removed, last...)
	return all
}

// compileRepositoryFile compiles the policy, or reads the tags, in a file.
func (c *compiler) compileRepositoryFile(f locatedFile) {
	if c.skips(f.Path) || c.report(c.memory) || c.report(c.meter.add(len(f.Text))) {
		return
	}
	if isPolicyFile(f.Path) {
		compiled, err := c.compileResourcePolicy(iam.RepositoryPolicy, f.Path, f.Text, f.location)
		if !c.report(err) {
			f.policy[0], f.about = compiled.Policy, compiled.about
		}
		return
	}
	list, err := awsexport.ReadTags(f.Path, f.Text)
	if !c.report(err) {
		f.tags = tagContext(list)
	}
}
