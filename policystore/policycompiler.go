package policystore

import (
	"bytes"
	"hash/maphash"
	"sync"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
)

// A policyCompiler compiles and inspects policies of one load. What they have in common is
// compiled once. It must not be used by two goroutines at the same time.
type policyCompiler struct {
	kept     *persistent
	shared   *sharedPolicies
	elements iam.Elements
}

func newPolicyCompiler(p *persistent, shared *sharedPolicies) *policyCompiler {
	return &policyCompiler{kept: p, shared: shared}
}

// sharedPolicies are the policies of one load that have no findings, so that those with the same
// text share what they are compiled into. They are safe for concurrent use.
type sharedPolicies struct {
	seed maphash.Seed

	mu    sync.Mutex // guards what follows
	known map[sharedKey]sharedPolicy
}

func newSharedPolicies() *sharedPolicies {
	return &sharedPolicies{seed: maphash.MakeSeed(), known: map[sharedKey]sharedPolicy{}}
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

// key returns the key of a document.
func (s *sharedPolicies) key(kind iam.Kind, d awsexport.Document) sharedKey {
	return sharedKey{kind, d.Start, maphash.Bytes(s.seed, d.Text)}
}

// get returns the policy of a document whose text was compiled, or nil.
func (s *sharedPolicies) get(key sharedKey, d awsexport.Document) *iam.Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(key, d)
}

func (s *sharedPolicies) find(key sharedKey, d awsexport.Document) *iam.Policy {
	if same, found := s.known[key]; found && bytes.Equal(same.text, d.Text) {
		return same.policy.In(d.Source)
	}
	return nil
}

// put adds the policy of a document, and returns the one to use: if another goroutine compiled the
// same text meanwhile, that of both.
func (s *sharedPolicies) put(key sharedKey, d awsexport.Document, policy *iam.Policy) *iam.Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	if same := s.find(key, d); same != nil {
		return same
	}
	s.known[key] = sharedPolicy{d.Text, policy}
	return policy
}

// compile compiles and inspects a document. Documents with the same text and without findings
// share everything except their source, because many repositories have the same policy.
func (c *policyCompiler) compile(kind iam.Kind, d awsexport.Document) (*compiledPolicy, error) {
	key := c.shared.key(kind, d)
	if same := c.shared.get(key, d); same != nil {
		return &compiledPolicy{Policy: same}, nil
	}
	compiled, err := c.compileAlone(kind, d)
	if err == nil && compiled.about == nil {
		compiled.Policy = c.shared.put(key, d, compiled.Policy)
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
