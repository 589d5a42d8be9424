package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// byReference are the actions that a request can perform by tag or by digest. Writing
// by digest sets no tag.
var byReference = setOf("BatchGetImage", "BatchDeleteImage")

// digests finds conditions on the tag of an image that a request for its digest evades:
// in a Deny they are false for digests, in an Allow they are true for all digests.
func (l *linter) digests(d *document, s *statement) {
	reference := slices.IndexFunc(s.Conditions, func(c condition) bool { return strings.EqualFold(c.Key.Text, iam.KeyReference) })
	if reference < 0 || s.covered&byReference == 0 || hasVariable(s.Conditions[reference]) {
		return
	}
	at := d.at(s.Conditions[reference].Key.At)
	forDigests := isTrueForDigests(s)
	switch {
	case s.Statement.Effect == iam.Deny && !forDigests && !deniesDigests(d, s):
		l.report(at, "evaded-by-digest",
			messagef("this Deny applies to tags only: the same image can be requested by its digest"),
			messagef("also deny requests whose %q is \"digest\"", iam.KeyReferenceType))
	case s.Statement.Effect == iam.Allow && forDigests && s.Conditions[reference].Negated:
		l.report(at, "evaded-by-digest",
			messagef("this Allow excludes tags, but allows every digest, including those of the same images"),
			messagef("add a condition that %q is \"tag\"", iam.KeyReferenceType))
	}
}

// onReference returns the statement's conditions on the reference and its type.
func onReference(s *statement) (conditions []condition) {
	for _, c := range s.Conditions {
		if strings.EqualFold(c.Key.Text, iam.KeyReference) || strings.EqualFold(c.Key.Text, iam.KeyReferenceType) {
			conditions = append(conditions, c)
		}
	}
	return conditions
}

// isTrueForDigests reports whether the conditions on the reference are true for a
// digest that no policy is likely to contain.
func isTrueForDigests(s *statement) bool {
	return areTrue(onReference(s),
		iam.ContextEntry{Key: iam.KeyReference, Value: "sha256:" + strings.Repeat("0", 64)},
		iam.ContextEntry{Key: iam.KeyReferenceType, Value: "digest"})
}

// deniesDigests reports whether another Deny of the document covers the same actions by
// digest.
func deniesDigests(d *document, s *statement) bool {
	return slices.ContainsFunc(d.statements, func(other statement) bool {
		return other.Statement != s.Statement && other.Statement.Effect == iam.Deny &&
			other.covered.has(s.covered&byReference) && len(onReference(&other)) == len(other.Conditions) && isTrueForDigests(&other)
	})
}
