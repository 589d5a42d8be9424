package iam

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
)

// Compile parses and compiles the document of a file. See [Document.Compile].
func Compile(kind Kind, file string, text []byte) (*Policy, error) {
	return Parse(diag.File(file), diag.Point{Line: 1, Column: 1}, text).Compile(kind)
}

// Compile compiles the document as a kind of policy. Whatever is invalid in a policy is
// found here, so that evaluation cannot fail. The error consists of all faults that do not
// follow from others, each with its position in the source, the rule and the remedy;
// [diag.Of] returns them.
func (d *Document) Compile(kind Kind) (*Policy, error) { return d.CompileWith(kind, new(Elements)) }

// CompileWith is Compile for one of many policies, which shares elements with the others.
func (d *Document) CompileWith(kind Kind, elements *Elements) (*Policy, error) {
	if kind < IdentityPolicy || kind > TrustPolicy {
		return nil, diag.New(d.Source.At(d.Start), fmt.Sprintf("%s is not a kind of policy", kind), "use one of the Kind constants")
	}
	if d.faults != nil && d.root.kind != objectNode {
		return nil, d.faults
	}
	c := compiler{
		document: d,
		policy:   &Policy{d.Source, &Compiled{Kind: kind, Version: version2008}},
		sids:     map[string]bool{},
		elements: elements,
	}
	c.add(d.faults)
	c.readDocument(d.root)
	if c.broken == 0 {
		c.checkCost()
	}
	if err := c.faults.Err(); err != nil {
		return nil, err
	}
	c.addMentions()
	c.policy.indexStatements()
	return c.policy, nil
}

const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// compiler builds one policy from a document. Each part of the document adds its faults,
// and the compiler goes on with the next part.
type compiler struct {
	document *Document
	policy   *Policy
	faults   diag.Faults
	broken   int // how many parts have faults
	sids     map[string]bool
	elements *Elements
}

// add adds the faults of an error, if there are any.
func (c *compiler) add(err error) {
	if c.faults.Add(err) {
		c.broken++
	}
}

func (c *compiler) faultAt(at diag.Point, problem, remedy string) {
	c.add(diag.New(c.policy.Source.At(at), problem, remedy))
}

// wrapAt adds an error about a part of the document.
func (c *compiler) wrapAt(at diag.Point, prefix string, err error) {
	c.add(diag.Wrap(c.policy.Source.At(at), prefix, err))
}

// invalid returns the error about a text whose position the caller adds.
func invalid(text, problem, remedy string) error {
	return diag.New(diag.Position{}, fmt.Sprintf("%q %s", text, problem), remedy)
}

// variables reports whether ${...} is a policy variable in this document.
func (c *compiler) variables() bool { return c.policy.Version == version2012 }

// readDocument reads the top level (IAM User Guide, "Grammar of the IAM JSON policy
// language").
func (c *compiler) readDocument(n *node) {
	if n.kind != objectNode {
		c.faultAt(n.start, fmt.Sprintf("a policy document is an object, not %v", n.kind), "write {\"Version\": ..., \"Statement\": ...}")
		return
	}
	known := c.checkMembers(n, "Version", "Id", "Statement")
	c.version(n.member("Version"))
	c.id(n.member("Id"))
	switch m := n.member("Statement"); {
	case m != nil:
		c.statements(m)
	case known:
		c.faultAt(n.start, "the document has no Statement", "add one")
	}
}

// checkMembers refuses names other than those of the grammar, and reports whether all
// members are known. A misspelled element, or one that has a fault, is the one that
// restricts, or the one that is missing.
func (c *compiler) checkMembers(n *node, known ...string) bool {
	all := !n.lacks
	for i := range n.members {
		if m := &n.members[i]; !slices.Contains(known, m.name) {
			c.faultAt(m.at, fmt.Sprintf("unknown element %q", m.name), "use "+strings.Join(known, ", "))
			all = false
		}
	}
	return all
}

// version reads the Version. If it is invalid, the rest of the document is read as the
// current version.
func (c *compiler) version(m *member) {
	at := c.document.Version.At
	if m != nil {
		if v := m.value; v.kind != stringNode || v.text != version2008 && v.text != version2012 {
			c.faultAt(at, fmt.Sprintf("%q is not a version of the policy language", v.text), fmt.Sprintf("write %q", version2012))
			c.policy.Version = version2012
			return
		}
		if m.value.text == version2012 {
			c.policy.Version = version2012 // the constant, which takes no memory in each policy
		}
	}
	kind := c.policy.Kind
	if c.policy.Version != version2012 && (kind == ServiceControlPolicy || kind == ResourceControlPolicy) {
		c.faultAt(at, fmt.Sprintf("a %v must have \"Version\": %q", kind, version2012), "")
		c.policy.Version = version2012
	}
}

func (c *compiler) id(m *member) {
	if m == nil {
		return
	}
	if m.value.kind != stringNode {
		c.faultAt(m.value.start, fmt.Sprintf("Id must be a string, not %v", m.value.kind), "")
		return
	}
	c.policy.ID = m.value.text
}

func (c *compiler) statements(m *member) {
	list := c.document.Statements
	if len(list) == 0 {
		if !m.value.lacks {
			c.faultAt(m.value.start, "Statement is empty", "write at least one statement")
		}
		return
	}
	c.policy.Statements = make([]Statement, len(list))
	isFaulty := make([]bool, len(list))
	for i := range list {
		before := c.broken
		c.statement(&list[i], &c.policy.Statements[i])
		isFaulty[i] = c.broken > before || list[i].node.lacks
	}
	if c.policy.Kind == ResourceControlPolicy && !c.isRCPFullAWSAccess(list) {
		for i := range list {
			if !isFaulty[i] {
				c.checkRCP(list[i].node, c.policy.Statements[i].Effect)
			}
		}
	}
}

// texts returns the strings of a string or a non-empty array of strings, and adds the
// faults of the other items.
func (c *compiler) texts(name string, n *node) []node {
	list := n.list()
	if len(list) == 0 && !n.lacks {
		c.faultAt(n.start, name+" is empty", "name at least one")
	}
	for i := range list {
		if list[i].kind != stringNode {
			c.faultAt(list[i].start, fmt.Sprintf("%s must be a string or an array of strings, not %v", name, list[i].kind), "")
			return nil
		}
	}
	return list
}

// checkRCP checks a statement by the syntax that AWS Organizations requires of resource
// control policies: it denies everyone. RCPFullAWSAccess is the one document that allows.
func (c *compiler) checkRCP(n *node, effect Effect) {
	if effect != Deny {
		c.faultAt(n.member("Effect").value.start, "a resource control policy only denies", "write \"Effect\": \"Deny\"")
		return
	}
	if m := n.member("NotPrincipal"); m != nil {
		c.faultAt(m.at, "a resource control policy has no NotPrincipal", "write \"Principal\": \"*\" and a condition")
	} else if m := n.member("Principal"); m.value.text != "*" {
		c.faultAt(m.value.start, "the Principal of a resource control policy must be \"*\"", "name principals in a condition")
	}
	if m := n.member("NotAction"); m != nil {
		c.faultAt(m.at, "a resource control policy has no NotAction", "list the actions in Action")
		return
	}
	for _, action := range n.member("Action").value.list() {
		if action.text == "*" {
			c.faultAt(action.start, "a resource control policy may not name \"*\" as Action", "name the service, as in \"ecr:*\"")
		}
	}
}

// isRCPFullAWSAccess reports whether the document is the policy that AWS attaches to
// every root, organizational unit and account.
func (c *compiler) isRCPFullAWSAccess(statements []StatementSyntax) bool {
	if len(statements) != 1 || c.policy.Statements[0].Effect != Allow || statements[0].node.member("Condition") != nil {
		return false
	}
	for _, name := range [...]string{"Principal", "Action", "Resource"} {
		m := statements[0].node.member(name)
		if m == nil || len(m.value.list()) != 1 || m.value.list()[0].text != "*" {
			return false
		}
	}
	return true
}
