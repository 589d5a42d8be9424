package policystore

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"extauthz/iam"
)

// controlPath is the form of the path of a file about control policies: the kind,
// and the root, organizational unit, account or level that they are attached to.
var controlPath = regexp.MustCompile(`^organization/(scp|rcp)/([A-Za-z0-9+=,.@_-]{1,128})/[A-Za-z0-9+=,.@_-]{1,128}\.json$`)

// A controlFolder has the control policies of one kind that are attached to a root,
// a unit, an account or a level.
type controlFolder struct {
	kind     *controlKind
	name     string
	files    []*controlFile // in the order of their paths, without the list
	list     *controlFile   // nil if there is none
	policies []*iam.Policy  // what is attached
}

// loadControlFolders reads the folders of one kind, by name.
func loadControlFolders(c *compilation, k *controlKind) (map[string]*controlFolder, error) {
	all := map[string]*controlFolder{}
	for _, path := range c.Paths {
		m := controlPath.FindStringSubmatch(path)
		if m == nil || m[1] != k.folder {
			continue
		}
		file, err := readControlFile(c, path, k)
		if err != nil {
			return nil, err
		}
		if all[m[2]] == nil {
			all[m[2]] = &controlFolder{kind: k, name: m[2]}
		}
		if err := all[m[2]].add(file); err != nil {
			return nil, err
		}
	}
	for _, folder := range all {
		if err := folder.attach(c); err != nil {
			return nil, err
		}
	}
	return all, checkVersions(all)
}

// checkVersions returns an error if two folders have a policy with the same id and
// different texts: one of them is out of date, and what it lacks may be a Deny.
func checkVersions(folders map[string]*controlFolder) error {
	known := map[string]*controlFile{} // by id
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		for _, file := range folders[name].files {
			id := file.summary.id.text
			other := known[id]
			switch {
			case id == "":
			case other == nil:
				known[id] = file
			case file.content != other.content:
				return fmt.Errorf("%s: policy %q has another text in %s, so one of the two is out of date; save the output of aws organizations describe-policy --policy-id %[2]s into both", file.path, id, other.path)
			}
		}
	}
	return nil
}

// path is the path of the folder.
func (f *controlFolder) path() string { return "organization/" + f.kind.folder + "/" + f.name }

// first is the path of a file of the folder, for errors about its name.
func (f *controlFolder) first() string {
	if len(f.files) == 0 {
		return f.list.path
	}
	return f.files[0].path
}

func (f *controlFolder) add(file *controlFile) error {
	if file.policy == nil {
		if f.list != nil {
			return fmt.Errorf("%s: a second list of the policies of %q, after %s; keep one", file.path, f.name, f.list.path)
		}
		f.list = file
		return nil
	}
	for _, other := range f.files {
		if file.is(&other.summary) || other.is(&file.summary) {
			return fmt.Errorf("%s: policy %q is in %s too; keep one", file.path, cmp.Or(file.summary.id.text, other.summary.id.text), other.path)
		}
	}
	f.files = append(f.files, file)
	return nil
}

// attach finds the attached policies: those of all files, which must be those of the
// list if there is one. The folder needs no file for AWS's policy that allows
// everything.
func (f *controlFolder) attach(c *compilation) error {
	for _, file := range f.files {
		f.policies = append(f.policies, file.policy)
		if f.list != nil && !f.list.lists(file) {
			return fmt.Errorf("%s: the policy is not in the list %s, so it is not attached to %q; remove it, or save the list again", file.path, f.list.path, f.name)
		}
	}
	if f.list == nil {
		return nil
	}
	for i := range f.list.list {
		entry := &f.list.list[i]
		files := f.filesOf(entry)
		switch {
		case len(files) > 1:
			return fmt.Errorf("%s: policy %q is in %s too, by its name or its id in %s; keep one", files[1].path, entry.id.text, files[0].path, f.list.path)
		case len(files) == 1:
		case entry.id.text == f.kind.full.id:
			full, err := f.kind.fullAccess(c)
			if err != nil {
				return err
			}
			f.policies = append(f.policies, full)
		default:
			return fmt.Errorf("%s:%d:%d: policy %q is attached to %q and is not in the directory; save the output of aws organizations describe-policy --policy-id %s as %s/%s.json",
				f.list.path, entry.at.Line, entry.at.Column, entry.name.text, f.name, entry.id.text, f.path(), entry.id.text)
		}
	}
	return nil
}

// filesOf returns the files that have the policy of a list's entry.
func (f *controlFolder) filesOf(entry *policySummary) (files []*controlFile) {
	for _, file := range f.files {
		if file.is(entry) {
			files = append(files, file)
		}
	}
	return files
}

// lists reports whether the list has the policy of a file.
func (f *controlFile) lists(file *controlFile) bool {
	for i := range f.list {
		if file.is(&f.list[i]) {
			return true
		}
	}
	return false
}
