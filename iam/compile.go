package iam

import (
	"fmt"
	"slices"
	"strings"
)

// Compile reads a document of the given kind. Everything that can be wrong
// with a policy is found here, so that evaluation cannot fail: the error is a
// *SyntaxError that names source, line and column, the rule and the remedy.
// source is what messages call the document, such as its file name.
func Compile(kind Kind, source string, text []byte) (*Policy, error) {
	return CompileAt(kind, source, Position{Line: 1, Column: 1}, text)
}

// CompileAt is Compile for a document that is a part of source and begins at
// start: every position, of errors, findings and statements, is one of source.
func CompileAt(kind Kind, source string, start Position, text []byte) (*Policy, error) {
	c := compiler{
		policy: &Policy{Kind: kind, Source: source, Version: version2008, start: start, text: text},
		sids:   map[string]bool{},
	}
	if kind < IdentityPolicy || kind > TrustPolicy {
		return nil, c.errorAt(start, "%v; name one of the kinds of policy", kind)
	}
	document, err := parseJSON(source, start, text)
	if err != nil {
		return nil, err
	}
	if err := c.document(document); err != nil {
		return nil, err
	}
	if err := c.checkCost(); err != nil {
		return nil, err
	}
	c.checkSize(text)
	c.policy.conditionKeys = c.policy.mentionedKeys()
	return c.policy, nil
}

// mentionedKeys lists the condition keys of all statements.
func (p *Policy) mentionedKeys() []string {
	var keys []string
	for i := range p.Statements {
		for _, key := range p.Statements[i].keys {
			keys = append(keys, strings.ToLower(key))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// compiler builds one policy from its JSON.
type compiler struct {
	policy    *Policy
	sids      map[string]bool
	proposals int // see propose
}

func (c *compiler) errorAt(at Position, format string, args ...any) error {
	return &SyntaxError{c.policy.Source, at.Line, at.Column, fmt.Sprintf(format, args...)}
}

func (c *compiler) findingAt(at Position, code, format string, args ...any) {
	c.policy.findings = append(c.policy.findings, Finding{c.policy.Source, at, code, fmt.Sprintf(format, args...)})
}

// quoted begins a message with the input that it is about.
func quoted(input, message string) string { return fmt.Sprintf("%q %s", input, message) }

// variables reports whether ${...} is a policy variable in this document.
func (c *compiler) variables() bool { return c.policy.Version == version2012 }

// document reads the top level (IAM User Guide, "Grammar of the IAM JSON
// policy language").
func (c *compiler) document(n *node) error {
	if n.kind != objectNode {
		return c.errorAt(n.start, "a policy document is an object, not %v; write {\"Version\": ..., \"Statement\": ...}", n.kind)
	}
	if err := c.checkMembers(n, "Version", "Id", "Statement"); err != nil {
		return err
	}
	if err := c.version(n.member("Version")); err != nil {
		return err
	}
	if err := c.id(n.member("Id")); err != nil {
		return err
	}
	return c.statements(n)
}

// checkMembers refuses names other than those of the grammar. A misspelt
// element that was ignored could be the one that restricts.
func (c *compiler) checkMembers(n *node, known ...string) error {
	for i := range n.members {
		if m := &n.members[i]; !slices.Contains(known, m.name) {
			return c.errorAt(m.at, "unknown element %q; use %s", m.name, strings.Join(known, ", "))
		}
	}
	return nil
}

func (c *compiler) version(m *member) error {
	onlyCurrent := c.policy.Kind == ServiceControlPolicy || c.policy.Kind == ResourceControlPolicy
	if m != nil {
		if v := m.value; v.kind != stringNode || v.text != version2008 && v.text != version2012 {
			return c.errorAt(v.start, "%q is no version of the policy language; write %q", v.text, version2012)
		}
		c.policy.Version = m.value.text
	}
	if c.policy.Version == version2012 {
		return nil
	}
	at := c.policy.start
	if m != nil {
		at = m.value.start
	}
	if onlyCurrent {
		return c.errorAt(at, "a %v must have \"Version\": %q", c.policy.Kind, version2012)
	}
	if c.policy.Kind.attachesToIdentity() {
		c.findingAt(at, "old-version", "AWS takes no new policy of this kind (%v) in version %s; write \"Version\": %q", c.policy.Kind, version2008, version2012)
	}
	return nil
}

func (c *compiler) id(m *member) error {
	if m == nil {
		return nil
	}
	if m.value.kind != stringNode {
		return c.errorAt(m.value.start, "Id must be a string, not %v", m.value.kind)
	}
	c.policy.ID = m.value.text
	if !c.policy.Kind.hasPrincipal() {
		c.findingAt(m.at, "id-element", "Id belongs to resource-based policies; this is of another kind (%v)", c.policy.Kind)
	}
	return nil
}

func (c *compiler) statements(n *node) error {
	m := n.member("Statement")
	if m == nil {
		return c.errorAt(n.start, "the document has no Statement; add one")
	}
	list := m.value.list()
	if len(list) == 0 {
		return c.errorAt(m.value.start, "Statement is empty; write at least one statement")
	}
	c.policy.Statements = make([]Statement, len(list))
	for i := range list {
		if err := c.statement(&list[i], &c.policy.Statements[i]); err != nil {
			return err
		}
	}
	if c.policy.Kind == ResourceControlPolicy {
		return c.checkRCP(list)
	}
	return nil
}

// texts reads a string or a non-empty array of strings.
func (c *compiler) texts(name string, n *node) ([]node, error) {
	list := n.list()
	if len(list) == 0 {
		return nil, c.errorAt(n.start, "%s is empty; name at least one", name)
	}
	for i := range list {
		if list[i].kind != stringNode {
			return nil, c.errorAt(list[i].start, "%s must be a string or an array of strings, not %v", name, list[i].kind)
		}
	}
	return list, nil
}

// checkRCP holds a resource control policy to AWS Organizations' syntax: it
// only denies, and everyone. RCPFullAWSAccess, the one document that allows, is
// taken as it is.
func (c *compiler) checkRCP(statements []node) error {
	if c.isRCPFullAWSAccess(statements) {
		return nil
	}
	for i := range statements {
		n := &statements[i]
		if effect := n.member("Effect"); c.policy.Statements[i].Effect != Deny {
			return c.errorAt(effect.value.start, "a resource control policy only denies; write \"Effect\": \"Deny\"")
		}
		if action := n.member("NotAction"); action != nil {
			return c.errorAt(action.at, "a resource control policy has no NotAction; list the actions in Action")
		}
		if principal := n.member("NotPrincipal"); principal != nil {
			return c.errorAt(principal.at, "a resource control policy has no NotPrincipal; write \"Principal\": \"*\" and a condition")
		}
		if principal := n.member("Principal"); principal.value.text != "*" {
			return c.errorAt(principal.value.start, "the Principal of a resource control policy must be \"*\"; name principals in a condition")
		}
		for _, action := range n.member("Action").value.list() {
			if action.text == "*" {
				return c.errorAt(action.start, "a resource control policy may not name \"*\" as Action; name the service, as in \"ecr:*\"")
			}
		}
	}
	return nil
}

// isRCPFullAWSAccess recognises the policy that AWS attaches everywhere.
func (c *compiler) isRCPFullAWSAccess(statements []node) bool {
	if len(statements) != 1 || c.policy.Statements[0].Effect != Allow || statements[0].member("Condition") != nil {
		return false
	}
	for _, name := range [...]string{"Principal", "Action", "Resource"} {
		m := statements[0].member(name)
		if m == nil || len(m.value.list()) != 1 || m.value.list()[0].text != "*" {
			return false
		}
	}
	return true
}
