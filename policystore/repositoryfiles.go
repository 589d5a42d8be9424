package policystore

import (
	"sync"
	"sync/atomic"

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
	tags   *iam.Context   // nil for a policy, and for tags with a fault
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

// compileRepositoryFiles compiles the files about repositories that changed, and reports their
// faults.
func (c *compiler) compileRepositoryFiles() {
	faults := make([]error, len(c.changed))
	var next atomic.Int64
	work := func() {
		policies := newPolicyCompiler(c.kept, c.policies.shared)
		for i := next.Add(1) - 1; i < int64(len(faults)); i = next.Add(1) - 1 {
			faults[i] = c.compileRepositoryFile(c.changed[i], policies)
		}
	}
	var others sync.WaitGroup
	for range min(c.processors(), len(faults)) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	for _, err := range faults {
		c.report(err)
	}
}

// maxCompilers limits how many processors compile. Each has elements of statements of its own, so
// that equal elements of different policies may be in memory as often.
const maxCompilers = 4

// processors returns how many processors compile: several before the first good content, when
// nothing can be decided yet, and then one, because decisions need the others.
func (c *compiler) processors() int {
	if len(c.last.tree.Files) > 0 {
		return 1
	}
	return min(max(c.kept.processors, 1), maxCompilers)
}

// compileRepositoryFile compiles the policy, or reads the tags, in a file. Several goroutines
// may use it at the same time, each with policies of its own.
func (c *compiler) compileRepositoryFile(f locatedFile, policies *policyCompiler) error {
	if c.unusable[f.Path] {
		return errFollows
	}
	if err := c.meter.add(len(f.Text)); err != nil {
		return err
	}
	if isPolicyFile(f.Path) {
		compiled, err := policies.compileResourcePolicy(iam.RepositoryPolicy, f.Path, f.Text, f.location)
		if err == nil {
			f.policy[0], f.about = compiled.Policy, compiled.about
		}
		return err
	}
	list, err := awsexport.ReadTags(f.Path, f.Text)
	if err == nil {
		f.tags = new(tagContext(list))
	}
	return err
}
