package policystore

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/strictjson"
)

// A controlFile is one file about the policies of a root, unit or account: a policy
// document, the output of aws organizations describe-policy, or that of aws
// organizations list-policies-for-target.
type controlFile struct {
	path    string
	policy  *iam.Policy     // nil in a list
	summary policySummary   // of the policy, in an output of describe-policy
	content string          // the text of the policy, in such an output
	list    []policySummary // in an output of list-policies-for-target
	listAt  diag.Point      // of the list; zero if the file is a policy
}

// A policySummary says which policy an entry of an output is about (AWS
// Organizations API Reference, PolicySummary).
type policySummary struct {
	id, name field
	at       diag.Point
}

// controlKind is what AWS Organizations calls a kind of policy, by the folder in
// organization/ that has the policies of this kind.
type controlKind struct {
	kind           iam.Kind
	folder, typeOf string
	full           fullAccessPolicy
}

// A fullAccessPolicy is the policy that AWS attaches to every root, unit and account
// when policies of its kind are enabled.
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

// fullAccess compiles the policy of AWS that allows everything.
func (k *controlKind) fullAccess(c *compilation) (*iam.Policy, error) {
	d := wholeFile(k.full.source, []byte(k.full.text))
	return c.policy(k.kind, &d)
}

// readControlFile reads a file of a folder of control policies.
func readControlFile(c *compilation, file string, k *controlKind) (*controlFile, error) {
	return fromFile(c, file, "file of a "+k.kind.String(), func(text []byte) (*controlFile, error) {
		switch {
		case bytes.Contains(text, []byte(`"Policy"`)) && hasMember(text, "Policy"):
			return readDescribedPolicy(file, text, k)
		case bytes.Contains(text, []byte(`"Policies"`)) && hasMember(text, "Policies"):
			return readPolicyList(file, text, k)
		}
		d := wholeFile(file, text)
		policy, err := d.compile(k.kind)
		return &controlFile{path: file, policy: policy}, err
	})
}

// readDescribedPolicy reads the output of aws organizations describe-policy.
func readDescribedPolicy(file string, text []byte, k *controlKind) (*controlFile, error) {
	r, err := strictjson.NewFileReader(file, text)
	if err != nil {
		return nil, err
	}
	read, content := &controlFile{path: file}, field{}
	err = readOutput(r, "the output", func(name string, at int) error {
		switch name {
		case "Policy":
			return readDescribedMembers(r, k, read, &content)
		case "Version", "Id", "Statement", "Policies":
			return r.ErrorAt(at, fmt.Sprintf("%s is beside Policy", name), "keep the policy alone, or the output as it is")
		}
		return skip(r)
	})
	if err != nil {
		return nil, err
	}
	d := quoted(r, file, "Content", content.at, content.text)
	read.content = content.text
	read.policy, err = d.compile(k.kind)
	return read, err
}

func readDescribedMembers(r *strictjson.Reader, k *controlKind, read *controlFile, content *field) error {
	start := r.Start()
	err := readOutput(r, "Policy", func(name string, _ int) (err error) {
		switch name {
		case "PolicySummary":
			read.summary, err = readPolicySummary(r, name, k)
			return err
		case "Content":
			return content.read(r, name)
		}
		return skip(r)
	})
	if err != nil {
		return err
	}
	return checkRequired(r, start, "Policy", required{name: "Content", value: *content}, required{name: "PolicySummary", value: read.summary.id})
}

// readPolicyList reads the output of aws organizations list-policies-for-target.
func readPolicyList(file string, text []byte, k *controlKind) (*controlFile, error) {
	r, err := strictjson.NewFileReader(file, text)
	if err != nil {
		return nil, err
	}
	read := &controlFile{path: file}
	err = readOutput(r, "the output", func(name string, at int) error {
		switch name {
		case "Policies":
			read.listAt = r.Point(r.Start())
			return r.Array(name, func(int) error {
				summary, err := readPolicySummary(r, "an entry of Policies", k)
				read.list = append(read.list, summary)
				return err
			})
		case "Version", "Id", "Statement":
			return r.ErrorAt(at, fmt.Sprintf("%s is beside Policies", name), "keep the policy alone, or the output as it is")
		}
		return skip(r)
	})
	if err == nil && len(read.list) == 0 && k.kind == iam.ServiceControlPolicy {
		err = r.ErrorAt(0, "the list is empty, and every root, organizational unit and account has at least one service control policy", "save the output of aws organizations list-policies-for-target again")
	}
	return read, err
}

// controlPolicyID is the form of a policy's id. AWS's own ids have at least eight
// characters after the prefix (AWS Organizations API Reference, PolicySummary).
var controlPolicyID = regexp.MustCompile(`^p-[0-9A-Za-z_]{1,128}$`)

// readPolicySummary reads the summary of a policy, which must be of the folder's kind.
func readPolicySummary(r *strictjson.Reader, what string, k *controlKind) (s policySummary, err error) {
	start, kind := r.Start(), field{}
	s.at = r.Point(start)
	err = readOutput(r, what, func(name string, _ int) error {
		switch name {
		case "Id":
			return s.id.read(r, name)
		case "Name":
			return s.name.read(r, name)
		case "Type":
			return kind.read(r, name)
		}
		return skip(r)
	})
	if err == nil {
		err = checkRequired(r, start, what, required{name: "Name", value: s.name}, required{name: "Id", value: s.id}, required{name: "Type", value: kind})
	}
	if err == nil && !controlPolicyID.MatchString(s.id.text) {
		err = r.ErrorAt(s.id.at, fmt.Sprintf("Id %q is not the id of a policy, such as p-1a2b3c4d", s.id.text), "save the output as it is")
	}
	if err == nil && kind.text != k.typeOf {
		err = r.ErrorAt(kind.at, fmt.Sprintf("policy %q is a %s, and organization/%s has policies of type %s only", s.name.text, kind.text, k.folder, k.typeOf), "move or remove it")
	}
	return s, err
}

// is reports whether the file has the policy of a list's entry: by the id in an
// output, or by the name of a file that is the document alone.
func (f *controlFile) is(entry *policySummary) bool {
	if f.summary.id.text != "" {
		return f.summary.id.text == entry.id.text
	}
	name := strings.TrimSuffix(path.Base(f.path), ".json")
	return name == entry.id.text || name == entry.name.text
}
