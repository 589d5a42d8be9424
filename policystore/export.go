package policystore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/strictjson"
)

// A document is the text of a policy, and where it stands in the directory.
type document struct {
	source diag.Source
	start  diag.Point // where in source the text begins
	text   []byte
}

// wholeFile is the document that a file consists of.
func wholeFile(file string, text []byte) document {
	return document{diag.File(file), diag.Point{Line: 1, Column: 1}, text}
}

// wholeFile is the document that a file of the content consists of.
func (c *compilation) wholeFile(file string) *document {
	d := wholeFile(file, c.Text(file))
	return &d
}

func (d *document) compile(kind iam.Kind) (*iam.Policy, error) {
	return iam.CompileAt(kind, d.source, d.start, d.text)
}

// quoted is a document that stands in a file as a string. Its places are lines and
// columns of the string's content, so that its source names the string's own
// place.
func quoted(r *strictjson.Reader, file, name string, at int, text string) document {
	source := diag.Source{File: file, Element: name, Start: r.Point(at)}
	return document{source, diag.Point{Line: 1, Column: 1}, []byte(text)}
}

// readDocument reads the next value, a policy inside the output of a command: an
// object, as the AWS CLI prints it, or a string that holds it URL-encoded, as the
// API gives it (IAM API Reference, GetAccountAuthorizationDetails).
func readDocument(r *strictjson.Reader, file, name string) (document, error) {
	at := r.Start()
	start := r.Point(at)
	value, err := r.Raw()
	if err != nil {
		return document{}, err
	}
	if len(value) > maxFileSize {
		return document{}, r.ErrorAt(at, fmt.Sprintf("%s is larger than %d MiB, and so not a policy that AWS accepts", name, maxFileSize>>20), "save the output again")
	}
	if value[0] != '"' {
		return document{diag.File(file), start, value}, nil
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return document{}, r.ErrorAt(at, fmt.Sprintf("%s: %v", name, err), "")
	}
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		if text, err = url.PathUnescape(text); err != nil {
			return document{}, r.ErrorAt(at, fmt.Sprintf("%s is neither an object nor URL-encoded: %v", name, err), "save the output again")
		}
	}
	return quoted(r, file, name, at, text), nil
}

// field is a string and its offset in the file.
type field struct {
	text string
	at   int
}

func (f *field) read(r *strictjson.Reader, name string) (err error) {
	f.text, f.at, err = r.String(name)
	return err
}

// readPlace reads a string that says what an output is about.
func (f *field) readPlace(r *strictjson.Reader, name string) error {
	err := f.read(r, name)
	if err == nil && f.text == "" {
		err = r.ErrorAt(f.at, fmt.Sprintf("%s is empty", name), "save the output as it is")
	}
	return err
}

// readOutput reads an object of an output. It refuses what is cut short, and two names
// that differ in case alone: of the two the wrong one could count.
func readOutput(r *strictjson.Reader, what string, read func(name string, at int) error) error {
	spelt := map[string]string{}
	return r.Object(what, func(name string, at int) error {
		folded := strings.ToLower(name)
		if earlier, twice := spelt[folded]; twice && earlier != name {
			return r.ErrorAt(at, fmt.Sprintf("%q stands beside %q, and AWS writes one of the two", name, earlier), "save the output as it is")
		}
		spelt[folded] = name
		if tellsOfMore(name) {
			return skipWhole(r, name, at)
		}
		return read(name, at)
	})
}

// skipWhole reads a member of an output that is a list or several, and refuses an
// output that is cut short: what is missing may hold a Deny.
func skipWhole(r *strictjson.Reader, name string, at int) error {
	value, err := r.Raw()
	if err != nil || !tellsOfMore(name) || string(value) == "null" || string(value) == "false" {
		return err
	}
	return r.ErrorAt(at, fmt.Sprintf("%s says that the list is cut short", name), "save it again, without --max-items and --no-paginate")
}

// tellsOfMore tells whether a member of that name says that there is more than the
// output has. IAM and ECR write them in different case.
func tellsOfMore(name string) bool {
	switch strings.ToLower(name) {
	case "istruncated", "marker", "nexttoken":
		return true
	}
	return false
}

// skip reads a member that decides nothing here: AWS adds members to its outputs.
func skip(r *strictjson.Reader) error {
	return r.Skip()
}

// policyText is the member around which aws ecr get-repository-policy and
// get-registry-policy print what else they know.
const policyText = "policyText"

// openPolicy finds the document in the file of a resource-based policy, which is
// the document itself or the output of a command that holds it. What that says of
// the policy's place must agree with p.
func openPolicy(file string, text []byte, p place) (document, error) {
	if !bytes.Contains(text, []byte(policyText)) || !hasMember(text, policyText) {
		return wholeFile(file, text), nil
	}
	r, err := strictjson.NewFileReader(file, text)
	if err != nil {
		return document{}, err
	}
	var policy, account, repository field
	start := r.Start()
	err = readOutput(r, "the output", func(name string, at int) error {
		switch {
		case name == policyText:
			return policy.read(r, name)
		case strings.EqualFold(name, "registryId"):
			return account.readPlace(r, name)
		case strings.EqualFold(name, "repositoryName"):
			return repository.readPlace(r, name)
		}
		switch name {
		case "Version", "Id", "Statement":
			return r.ErrorAt(at, fmt.Sprintf("%s stands beside %s", name, policyText), "keep the policy alone, or the output as it is")
		}
		return skip(r)
	})
	if err == nil {
		err = p.check(r, start, account, repository)
	}
	return quoted(r, file, policyText, policy.at, policy.text), err
}

// hasMember tells whether text is an object with a member of that name.
func hasMember(text []byte, name string) (found bool) {
	r, err := strictjson.NewFileReader("", text)
	if err != nil {
		return false
	}
	_ = r.Object("", func(n string, _ int) error {
		found = found || n == name
		return skip(r)
	}) // whatever is wrong, who reads the text for good tells
	return found
}

// check compares what an output says of a policy's place with the place where it
// stands.
func (p place) check(r *strictjson.Reader, start int, account, repository field) error {
	switch {
	case account.text != "" && account.text != p.account:
		return r.ErrorAt(account.at, fmt.Sprintf("registryId %q is not account %q, in whose place this is", account.text, p.account), "move it")
	case repository.text == "" && p.repository != "":
		return r.ErrorAt(start, fmt.Sprintf("the output lacks repositoryName, as that of get-registry-policy does, whose place is %s", registryPolicyFile), "save the output of aws ecr get-repository-policy as it is")
	case repository.text != "" && p.repository == "":
		return r.ErrorAt(repository.at, fmt.Sprintf("this is the policy of repository %q, in the place of a registry's", repository.text), fmt.Sprintf("move it to %q", "repositories/"+repository.text+"/"+policyFile))
	case repository.text != "" && repository.text != p.repository:
		return r.ErrorAt(repository.at, fmt.Sprintf("repositoryName %q is not %q, in whose place this is", repository.text, p.repository), "move it")
	}
	return nil
}
