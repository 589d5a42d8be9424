package policystore

import (
	"bytes"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/directory"
)

// A compileCache has what the texts of one content were compiled into, except those of files
// about single repositories. What did not change is taken from the cache of the last good content.
// All values are immutable, and depend only on their key and text.
type compileCache map[cacheKey]cacheEntry

// A cacheKey says what a text was compiled into, and where the text is.
type cacheKey struct {
	product string // such as the kind of policy
	source  diag.Source
	start   diag.Point
}

type cacheEntry struct {
	text    []byte
	product any
}

// cached returns what the same text was compiled into under the same key, in this load or
// before, or compiles it. Errors are not cached; with an error it returns what compile
// returns.
func cached[T any](c *compiler, key cacheKey, text []byte, compile func() (T, error)) (T, error) {
	if entry, found := c.compiled[key]; found && bytes.Equal(entry.text, text) {
		return entry.product.(T), nil
	}
	entry, found := c.last.compiled[key]
	if !found || !bytes.Equal(entry.text, text) {
		if err := c.meter.add(len(text)); err != nil {
			return *new(T), err
		}
		product, err := compile()
		if err != nil {
			return product, err
		}
		entry = cacheEntry{text, product}
	}
	c.compiled[key] = entry
	return entry.product.(T), nil
}

// cachedFile is cached for the text of a whole file.
func cachedFile[T any](c *compiler, f *directory.File, product string, compile func(text []byte) (T, error)) (T, error) {
	return cached(c, cacheKey{product: product, source: diag.File(f.Path)}, f.Text, func() (T, error) { return compile(f.Text) })
}

// A compiledPolicy is a policy with what is kept about its text, nil for nothing.
type compiledPolicy struct {
	*iam.Policy
	about *aboutPolicy
}

type aboutPolicy struct {
	document *iam.Document // nil unless the snapshot keeps documents
	findings diag.List     // of the store's inspection
}

// policy compiles a document.
func (c *compiler) policy(kind iam.Kind, d awsexport.Document) (*iam.Policy, error) {
	compiled, err := cached(c, policyKey(kind, d), d.Text, func() (*compiledPolicy, error) { return c.policies.compile(kind, d) })
	if err != nil {
		return nil, err
	}
	return c.use(compiled), nil
}

func policyKey(kind iam.Kind, d awsexport.Document) cacheKey {
	return cacheKey{kind.String(), d.Source, d.Start}
}

// policy returns the policy that a document was compiled into, nil if it was not compiled.
func (compiled compileCache) policy(kind iam.Kind, d awsexport.Document) *iam.Policy {
	if p, found := compiled[policyKey(kind, d)].product.(*compiledPolicy); found {
		return p.Policy
	}
	return nil
}

// use records that the content has a policy, and returns the policy.
func (c *compiler) use(p *compiledPolicy) *iam.Policy {
	if p.about != nil {
		c.about[p.Policy] = p.about
	}
	return p.Policy
}
