package policystore

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/directory"
)

// A controlKind is a kind of control policy, with its name in AWS Organizations and the
// folder in organization/ that has the policies of this kind.
type controlKind struct {
	kind           iam.Kind
	folder, typeOf string
	full           fullAccessPolicy
}

// A fullAccessPolicy is the policy that AWS attaches to every root, unit and account when
// policies of its kind are enabled.
type fullAccessPolicy struct{ id, source, text string }

// The kinds of control policies (AWS Organizations API Reference, PolicySummary).
var (
	serviceControl = controlKind{iam.ServiceControlPolicy, "scp", "SERVICE_CONTROL_POLICY", fullAccessPolicy{
		"p-FullAWSAccess", "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	}}
	resourceControl = controlKind{iam.ResourceControlPolicy, "rcp", "RESOURCE_CONTROL_POLICY", fullAccessPolicy{
		"p-RCPFullAWSAccess", "arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`,
	}}
)

// A controlFile is one file of a folder of control policies, with its policy compiled. A
// list has no policy.
type controlFile struct {
	*awsexport.ControlFile
	path   string
	policy *compiledPolicy
}

// loadControlFile compiles a file of a folder of control policies, nil if it has a fault.
func (c *compiler) loadControlFile(file *directory.File, k *controlKind) *controlFile {
	if c.skips(file.Path) {
		return nil
	}
	read, err := cachedFile(c, file, "file of a "+k.kind.String(), func(text []byte) (*controlFile, error) {
		contents, err := awsexport.ReadControlFile(file.Path, text)
		if err != nil {
			return nil, err
		}
		f := &controlFile{ControlFile: contents, path: file.Path}
		if err := f.checkTypes(k); err != nil || f.isList() {
			return f, err
		}
		f.policy, err = c.policies.compile(k.kind, *f.Document)
		return f, err
	})
	if c.report(err) {
		return nil
	}
	if read.policy != nil {
		c.use(read.policy)
	}
	return read
}

// isList reports whether the file is the list of the policies of a root, unit or account.
func (f *controlFile) isList() bool { return f.Document == nil }

// checkTypes returns an error unless the policies are of the folder's kind.
func (f *controlFile) checkTypes(k *controlKind) error {
	if f.isList() && len(f.List) == 0 && k.kind == iam.ServiceControlPolicy {
		return faultAt(f.path, diag.Point{Line: 1, Column: 1}, "the list is empty, and every root, organizational unit and account has at least one service control policy", "save the output of aws organizations list-policies-for-target again")
	}
	var faults diag.Faults
	summaries := f.List
	if f.Policy != nil {
		summaries = []awsexport.PolicySummary{*f.Policy}
	}
	for _, s := range summaries {
		if s.Type.Text != k.typeOf {
			faults.Add(faultAt(f.path, s.Type.At, fmt.Sprintf("policy %q is a %s, and organization/%s has only policies of type %s", s.Name.Text, s.Type.Text, k.folder, k.typeOf), "move or remove it"))
		}
	}
	return faults.Err()
}

// id returns the id of the policy in an output of describe-policy, "" for other files.
func (f *controlFile) id() string {
	if f.Policy == nil {
		return ""
	}
	return f.Policy.ID.Text
}

// has reports whether the file has a policy with that id or name: an output by its id, a
// file that is only the document by its own name.
func (f *controlFile) has(id, name string) bool {
	if own := f.id(); own != "" {
		return own == id
	}
	stem := strings.TrimSuffix(path.Base(f.path), ".json")
	return stem == id || stem == name
}

// A controlFolder has the control policies of one kind that are attached to a root, a
// unit, an account or a level.
type controlFolder struct {
	kind     *controlKind
	name     string
	first    string         // the path of a file, for errors about the folder
	files    []*controlFile // in the order of their paths, without the list
	list     *controlFile   // nil if there is none
	policies []*iam.Policy  // that are attached
}

// loadControlFolders reads the folders of one kind, by name.
func (c *compiler) loadControlFolders(k *controlKind) map[string]*controlFolder {
	files := map[string][]*directory.File{}
	for _, f := range c.others {
		if m := controlPath.FindStringSubmatch(f.Path); m != nil && m[1] == k.folder {
			files[m[2]] = append(files[m[2]], f)
		}
	}
	all := map[string]*controlFolder{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all[name] = c.loadControlFolder(k, name, files[name])
	}
	c.report(checkSameTexts(all))
	return all
}

// loadControlFolder reads the files of a folder. If one has a fault, it is unknown which
// policies are attached.
func (c *compiler) loadControlFolder(k *controlKind, name string, files []*directory.File) *controlFolder {
	f := &controlFolder{kind: k, name: name, first: files[0].Path}
	isFaulty := false
	for _, one := range files {
		file := c.loadControlFile(one, k)
		if file == nil || c.report(f.add(file)) {
			isFaulty = true
		}
	}
	if !isFaulty {
		var err error
		f.policies, err = f.attached(c)
		c.report(err)
	}
	return f
}

// checkSameTexts returns an error if two folders have a policy with the same id and
// different texts: one of them is out of date, and may lack a Deny.
func checkSameTexts(folders map[string]*controlFolder) error {
	var faults diag.Faults
	known := map[string]*controlFile{} // by id
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		for _, file := range folders[name].files {
			id := file.id()
			other := known[id]
			switch {
			case id == "":
			case other == nil:
				known[id] = file
			case string(file.Document.Text) != string(other.Document.Text):
				faults.Add(fault(file.path, fmt.Sprintf("policy %q has another text in %s, so one of the two is out of date", id, other.path),
					fmt.Sprintf("save the output of aws organizations describe-policy --policy-id %s into both", id)))
			}
		}
	}
	return faults.Err()
}

// path returns the path of the folder.
func (f *controlFolder) path() string { return "organization/" + f.kind.folder + "/" + f.name }

func (f *controlFolder) add(file *controlFile) error {
	if file.isList() {
		if f.list != nil {
			return fault(file.path, fmt.Sprintf("a second list of the policies of %q, after %s", f.name, f.list.path), "keep one")
		}
		f.list = file
		return nil
	}
	for _, other := range f.files {
		if other.id() != "" && file.hasPolicyOf(other) || file.id() != "" && other.hasPolicyOf(file) {
			return fault(file.path, fmt.Sprintf("policy %q is in %s too", cmp.Or(file.id(), other.id()), other.path), "keep one")
		}
	}
	f.files = append(f.files, file)
	return nil
}

// hasPolicyOf reports whether the file has the same policy as an output of
// describe-policy.
func (f *controlFile) hasPolicyOf(output *controlFile) bool {
	return f.has(output.Policy.ID.Text, output.Policy.Name.Text)
}

// attached returns the attached policies: those of all files, which must be those of the
// list if there is one. The folder does not need a file for AWS's policy that allows
// everything.
func (f *controlFolder) attached(c *compiler) (policies []*iam.Policy, err error) {
	var faults diag.Faults
	for _, file := range f.files {
		policies = append(policies, file.policy.Policy)
		if f.list != nil && !f.list.lists(file) {
			faults.Add(fault(file.path, fmt.Sprintf("the policy is not in the list %s, so it is not attached to %q", f.list.path, f.name), "remove it, or save the list again"))
		}
	}
	if f.list == nil {
		return policies, nil
	}
	for _, entry := range f.list.List {
		id, files := entry.ID.Text, f.filesOf(entry)
		switch {
		case len(files) > 1:
			faults.Add(fault(files[1].path, fmt.Sprintf("policy %q is in %s too, by its name or its id in %s", id, files[0].path, f.list.path), "keep one"))
		case len(files) == 1:
		case id == f.kind.full.id:
			full, err := c.policy(f.kind.kind, awsexport.File(f.kind.full.source, []byte(f.kind.full.text)))
			if !c.report(err) {
				policies = append(policies, full)
			}
		default:
			faults.Add(faultAt(f.list.path, entry.Start, fmt.Sprintf("policy %q is attached to %q and is not in the directory", entry.Name.Text, f.name),
				fmt.Sprintf("save the output of aws organizations describe-policy --policy-id %s as %s/%s.json", id, f.path(), id)))
		}
	}
	return policies, faults.Err()
}

// filesOf returns the files that have the policy of a list's entry.
func (f *controlFolder) filesOf(entry awsexport.PolicySummary) (files []*controlFile) {
	for _, file := range f.files {
		if file.has(entry.ID.Text, entry.Name.Text) {
			files = append(files, file)
		}
	}
	return files
}

// lists reports whether the list has the policy of a file.
func (f *controlFile) lists(file *controlFile) bool {
	return slices.ContainsFunc(f.List, func(s awsexport.PolicySummary) bool { return file.has(s.ID.Text, s.Name.Text) })
}
