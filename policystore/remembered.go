package policystore

import (
	"bytes"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/directory"
)

// A memory is what the texts of one content were made into. Most changes are of
// one file among many: what the others are made into is taken from the memory of
// the last good content. Everything in it is immutable, and nothing in it depends
// on more than its text and its key.
type memory map[madeAs]made

// madeAs is what a text was made into something as.
type madeAs struct {
	as     string      // such as the kind of policy
	source diag.Source // where the text stands
	start  diag.Point  // and where in it the text begins
}

// made is a text, and what it was made into.
type made struct {
	text    []byte
	product any
}

// A compilation is one content on its way to a snapshot.
type compilation struct {
	*directory.Tree
	before memory // of the last good content
	now    memory // of this one: what it uses, and nothing else
	meter  loadMeter
}

// remember returns what the same text was made into before as the same, or makes
// it. Errors are not remembered.
func remember[T any](c *compilation, key madeAs, text []byte, make func() (T, error)) (T, error) {
	known, found := c.before[key]
	if !found || !bytes.Equal(known.text, text) {
		if err := c.meter.add(len(text)); err != nil {
			return *new(T), err
		}
		product, err := make()
		if err != nil {
			return product, err
		}
		known = made{text, product}
	}
	c.now[key] = known
	return known.product.(T), nil
}

// policy compiles a document.
func (c *compilation) policy(kind iam.Kind, d *document) (*iam.Policy, error) {
	return remember(c, madeAs{kind.String(), d.source, d.start}, d.text, func() (*iam.Policy, error) {
		return iam.CompileAt(kind, d.source, d.start, d.text)
	})
}

// fromFile makes a whole file into something.
func fromFile[T any](c *compilation, path, as string, make func(text []byte) (T, error)) (T, error) {
	text := c.Text(path)
	return remember(c, madeAs{as: as, source: diag.File(path)}, text, func() (T, error) { return make(text) })
}
