package policystore

import (
	"bytes"
	"hash/maphash"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
)

// A policyCompiler compiles and inspects policies of one load. What they have in common is
// compiled once. It must not be used by two goroutines at the same time.
type policyCompiler struct {
	kept     *persistent
	seed     maphash.Seed
	shared   map[sharedKey]sharedPolicy
	elements iam.Elements
}

func newPolicyCompiler(p *persistent) *policyCompiler {
	return &policyCompiler{kept: p, seed: maphash.MakeSeed(), shared: map[sharedKey]sharedPolicy{}}
}

// A sharedKey identifies a document by its kind and text. Different texts may have the same
// key.
type sharedKey struct {
	kind  iam.Kind
	start diag.Point
	hash  uint64
}

// A sharedPolicy is a text that was compiled.
type sharedPolicy struct {
	text   []byte
	policy *iam.Policy
}

// compile compiles and inspects a document. Documents with the same text and without findings
// share everything except their source, because many repositories have the same policy.
func (c *policyCompiler) compile(kind iam.Kind, d awsexport.Document) (*compiledPolicy, error) {
	key := sharedKey{kind, d.Start, maphash.Bytes(c.seed, d.Text)}
	if same, found := c.shared[key]; found && bytes.Equal(same.text, d.Text) {
		return &compiledPolicy{Policy: same.policy.In(d.Source)}, nil
	}
	compiled, err := c.compileAlone(kind, d)
	if err == nil && compiled.about == nil {
		c.shared[key] = sharedPolicy{d.Text, compiled.Policy}
	}
	return compiled, err
}

// compileAlone compiles and inspects a document that was not compiled yet.
func (c *policyCompiler) compileAlone(kind iam.Kind, d awsexport.Document) (*compiledPolicy, error) {
	document := iam.ParseWith(d.Source, d.Start, d.Text, &c.elements)
	policy, err := document.CompileWith(kind, &c.elements)
	if err != nil {
		return nil, err
	}
	var about aboutPolicy
	if c.kept.keepsDocuments {
		about.document = document
	}
	if c.kept.inspect != nil {
		about.findings = c.kept.inspect(document, policy)
	}
	if about.document == nil && len(about.findings) == 0 {
		return &compiledPolicy{Policy: policy}, nil
	}
	return &compiledPolicy{Policy: policy, about: &about}, nil
}
