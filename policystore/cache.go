package policystore

import (
	"bytes"
	"cmp"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/awsexport"
)

// A compileCache has what the texts of one content were compiled into. Most changes are
// of one file among many: the others are taken from the cache of the last good content.
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
	entry, found := c.previous[key]
	if !found || !bytes.Equal(entry.text, text) {
		if err := cmp.Or(c.memory, c.meter.add(len(text))); err != nil {
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
func cachedFile[T any](c *compiler, path, product string, compile func(text []byte) (T, error)) (T, error) {
	text := c.Text(path)
	return cached(c, cacheKey{product: product, source: diag.File(path)}, text, func() (T, error) { return compile(text) })
}

// policy compiles a document.
func (c *compiler) policy(kind iam.Kind, d awsexport.Document) (*iam.Policy, error) {
	return cached(c, policyKey(kind, d), d.Text, func() (*iam.Policy, error) { return compileDocument(kind, d) })
}

func policyKey(kind iam.Kind, d awsexport.Document) cacheKey {
	return cacheKey{kind.String(), d.Source, d.Start}
}

// policy returns the policy that a document was compiled into, nil if it was not compiled.
func (compiled compileCache) policy(kind iam.Kind, d awsexport.Document) *iam.Policy {
	policy, _ := compiled[policyKey(kind, d)].product.(*iam.Policy)
	return policy
}

func compileDocument(kind iam.Kind, d awsexport.Document) (*iam.Policy, error) {
	return iam.CompileAt(kind, d.Source, d.Start, d.Text)
}
